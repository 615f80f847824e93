from odoo import fields, models


class DistReconciliationTolerance(models.Model):
    """How far both sides may be apart, for one class of records or for all others."""

    _name = "dist.reconciliation.tolerance"
    _description = "Reconciliation tolerance"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _order = "profile_id, class_code"

    profile_id = fields.Many2one("dist.reconciliation.profile", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="profile_id.company_id", store=True)
    class_code = fields.Char(
        string="Class", help="Such as A, B or C. Empty: all that have no rule of their own."
    )
    limits_percent = fields.Boolean(string="Limit by %", default=True)
    percent = fields.Float(
        string="Up to (%)", help="Of what was expected. 0: no difference is allowed.", digits=(6, 3)
    )
    limits_absolute = fields.Boolean(string="Limit by amount")
    absolute = fields.Float(
        string="Up to (amount)",
        digits=(16, 3),
        help="In the unit of what is compared. With both limits, a variance keeps to both.",
    )

    _sql_constraints = [
        ("not_negative", "CHECK(percent >= 0 AND absolute >= 0)", "A tolerance is not negative."),
        (
            "is_limited",
            "CHECK(limits_percent OR limits_absolute)",
            "A tolerance limits per cent, amount or both.",
        ),
    ]

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS dist_reconciliation_tolerance_class_uniq "
            "ON dist_reconciliation_tolerance (profile_id, COALESCE(class_code, ''))"
        )

    def _get_absolute(self):
        """:return: greatest difference; None when it is not limited"""
        return self.absolute if self.limits_absolute else None

    def _get_percent(self):
        """:return: greatest per cent of what was expected; None when it is not limited"""
        return self.percent if self.limits_percent else None
