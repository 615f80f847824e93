from odoo import fields, models


class DistAuditPending(models.Model):
    """Entries that are committed and not sealed yet; a moment after the commit it is empty again."""

    _name = "dist.audit.pending"
    _description = "Audit entry to be sealed"
    _log_access = False

    entry_id = fields.Many2one("dist.audit.entry", required=True, ondelete="restrict", index=True)
