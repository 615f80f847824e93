from odoo import _, api, fields, models

from ..lib.cutoff import Cutoff

DAYS = {"all": frozenset(range(7)), "weekdays": frozenset(range(5)), "weekend": frozenset((5, 6))}


class DistReleaseCutoff(models.Model):
    """A time of day at which what is ready is handed to the warehouse."""

    _name = "dist.release.cutoff"
    _description = "Cut-off time of a warehouse"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _order = "warehouse_id, hour"

    warehouse_id = fields.Many2one("stock.warehouse", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="warehouse_id.company_id", store=True)
    hour = fields.Float(string="Time", required=True, help="On the clock of the warehouse.")
    days = fields.Selection(
        [("all", "Every day"), ("weekdays", "Monday to Friday"), ("weekend", "Saturday and Sunday")],
        required=True,
        default="weekdays",
    )

    _sql_constraints = [
        ("hour_range", "CHECK(hour >= 0 AND hour < 24)", "A time of day is between 00:00 and 23:59."),
        ("hour_uniq", "unique(warehouse_id, hour, days)", "The warehouse has this cut-off time already."),
    ]

    @api.depends("hour", "days")
    def _compute_display_name(self):
        labels = dict(self._fields["days"]._description_selection(self.env))
        for cutoff in self:
            minutes = round(cutoff.hour * 60)
            cutoff.display_name = _(
                "%(hours)02d:%(minutes)02d, %(days)s",
                hours=minutes // 60,
                minutes=minutes % 60,
                days=labels.get(cutoff.days, ""),
            )

    def _get_cutoffs(self):
        """:return: list of Cutoff"""
        return [Cutoff(cutoff.hour, DAYS[cutoff.days]) for cutoff in self]

    def _get_audited_parent(self):
        return self.warehouse_id
