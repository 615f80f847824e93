from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.dist_integration_base.lib import gs1

SEQUENCE = "dist.sscc"


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "dist.audited.extension.mixin"]

    dist_gs1_prefix = fields.Char(
        string="GS1 company prefix",
        help="As GS1 gave it to the company: the first digits of the SSCC of its packages.",
    )

    @api.constrains("dist_gs1_prefix")
    def _check_dist_gs1_prefix(self):
        for company in self.filtered("dist_gs1_prefix"):
            try:
                gs1.build_sscc(0, company.dist_gs1_prefix, 0)
            except gs1.InvalidCodeError as error:
                raise ValidationError(
                    _("%s is no GS1 company prefix: it has 4 to 12 digits.", company.dist_gs1_prefix)
                ) from error

    def _dist_make_sscc(self):
        """Take the next serial shipping container code; none is ever given twice.

        :return: 18 digits
        :raises UserError: the company has no prefix, or has used up its numbers
        """
        self.ensure_one()
        if not self.dist_gs1_prefix:
            raise UserError(
                _("%s has no GS1 company prefix: an administrator enters it in the settings.", self.name)
            )
        serial = int(self.env["ir.sequence"].sudo().next_by_code(SEQUENCE))
        try:
            return gs1.build_sscc(0, self.dist_gs1_prefix, serial)
        except gs1.InvalidCodeError as error:
            raise UserError(
                _("The numbers below the GS1 company prefix %s are used up.", self.dist_gs1_prefix)
            ) from error
