from odoo import _, api, models
from odoo.exceptions import UserError


class SsccLabelPicking(models.AbstractModel):
    """The labels of all packages of a delivery."""

    _name = "report.dist_integration_edi.sscc_label_picking"
    _inherit = "report.dist_integration_edi.sscc_label"
    _description = "SSCC labels of a delivery"

    @api.model
    def _get_report_values(self, docids, data=None):
        packages = self.env["stock.picking"].browse(docids).move_line_ids.result_package_id
        if not packages:
            raise UserError(_("Nothing is packed yet: put the goods in packages first."))
        return self._get_label_values(packages)
