from odoo import fields, models

from .audit_protection import protect


class DistAuditHead(models.Model):
    """The end of the chain, noted beside it: the number of entries shows when the last ones are missing.

    Signed with the encryption key of the server's configuration, where there is one: who can only write to the
    database cannot note another end. The database lets it go forward only.
    """

    _name = "dist.audit.head"
    _description = "End of the audit trail"
    _log_access = False

    number = fields.Integer(required=True)
    hash = fields.Char(required=True)
    proof = fields.Char()

    def init(self):
        protect(self.env.cr, self._table)
