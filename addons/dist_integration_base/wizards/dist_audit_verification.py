from odoo import _, api, fields, models


class DistAuditVerification(models.TransientModel):
    """What following the audit trail has found."""

    _name = "dist.audit.verification"
    _description = "Verification of the audit trail"
    _inherit = ["dist.wizard.mixin"]

    is_whole = fields.Boolean(readonly=True)
    text = fields.Char(string="Result", readonly=True)
    count = fields.Integer(string="Entries that were followed", readonly=True)
    pending = fields.Integer(string="Not sealed yet", readonly=True)
    head = fields.Char(string="Hash of the last one", readonly=True)
    is_signed = fields.Boolean(string="End signed", readonly=True)
    entry_id = fields.Many2one("dist.audit.entry", string="First wrong entry", readonly=True)

    @api.model
    def _open(self):
        """Verify, and show the result."""
        self.env["dist.audit.entry"].check_access_rights("read")
        result = self.env["dist.audit.seal"]._verify()
        # the chain is one for all companies: its number is told, the entry itself only to whom it concerns
        entry = self.env["dist.audit.entry"].search([("id", "=", result["entry_id"])])
        wizard = self.create(
            {
                "is_whole": not result["code"],
                "text": result["text"],
                "count": result["count"],
                "pending": result["pending"],
                "head": result["head"],
                "is_signed": result["signed"],
                "entry_id": entry.id,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Audit trail verified"),
        }
