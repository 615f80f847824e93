from odoo import api, fields, models


class DistEdiAwaitedMixin(models.AbstractModel):
    """What a partner owes us by a moment: `state` is ``waiting`` as long as it does."""

    _name = "dist.edi.awaited.mixin"
    _description = "Awaited from a partner"

    due_at = fields.Datetime(string="Due", readonly=True)
    is_overdue = fields.Boolean(compute="_compute_is_overdue", search="_search_is_overdue")

    @api.depends("state", "due_at")
    def _compute_is_overdue(self):
        now = fields.Datetime.now()
        for awaited in self:
            awaited.is_overdue = bool(awaited.state == "waiting" and awaited.due_at and awaited.due_at < now)

    @api.model
    def _search_is_overdue(self, operator, value):
        wanted = bool(value) if operator in ("=", "!=") else True in value
        if operator in ("!=", "not in"):
            wanted = not wanted
        overdue = [("state", "=", "waiting"), ("due_at", "<", fields.Datetime.now())]
        return overdue if wanted else ["!", "&", *overdue]
