from odoo import models
from odoo.tools import SQL


class PartnerReconciliation(models.AbstractModel):
    """Compares the colour numbers of partners that have a reference."""

    _name = "dist.reconciliation.domain.partner"
    _inherit = "dist.reconciliation.domain"
    _description = "Partners (tests)"

    _is_posted = True

    def _get_scope_model(self):
        return "res.partner"

    def _get_line_model(self):
        return "res.partner"

    def _get_ours(self, run):
        scope = run.profile_id._get_scope()
        return SQL(
            "SELECT ref AS key, color::numeric AS amount, function AS class_code, id AS res_id FROM res_partner "
            "WHERE ref LIKE %s AND company_id = %s AND %s",
            "REC-%",
            run.company_id.id,
            SQL("id IN %s", scope) if scope else SQL("TRUE"),
        )

    def _get_in_flight(self, run):
        """Partners whose comment is "later" grew by one after the moment."""
        return SQL(
            "SELECT ref AS key, -1::numeric AS amount, function AS class_code, id AS res_id FROM res_partner "
            "WHERE ref LIKE %s AND company_id = %s AND comment LIKE %s AND write_date > %s",
            "REC-%",
            run.company_id.id,
            "%later%",
            run.moment,
        )

    def _post_variance(self, lines):
        partners = {}
        for line in lines:
            partner = self.env["res.partner"].browse(line.res_id)
            partner.color += int(line.variance)
            partners[line.id] = partner
        return partners
