from odoo import api, models


class SsccLabel(models.AbstractModel):
    """GS1 logistic labels of packages; a package that has no SSCC yet gets one."""

    _name = "report.dist_integration_edi.sscc_label"
    _description = "SSCC label"

    @api.model
    def _get_report_values(self, docids, data=None):
        return self._get_label_values(self.env["stock.quant.package"].browse(docids))

    @api.model
    def _get_label_values(self, packages):
        packages._dist_ensure_sscc()
        return {"labels": [package._dist_get_label() for package in packages]}
