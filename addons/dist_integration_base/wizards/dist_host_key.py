from odoo import _, api, fields, models

from ..lib.transports.sftp import fingerprint


class DistHostKey(models.TransientModel):
    """The host key an SFTP server shows, compared and approved by a person."""

    _name = "dist.host.key"
    _description = "Approve a host key"
    _inherit = ["dist.wizard.mixin"]

    endpoint_id = fields.Many2one("dist.endpoint", required=True, readonly=True, ondelete="cascade")
    host_key = fields.Char(required=True, readonly=True)
    shown_fingerprint = fields.Char(compute="_compute_fingerprints", string="The server shows")
    approved_fingerprint = fields.Char(compute="_compute_fingerprints", string="Approved so far")

    @api.depends("host_key")
    def _compute_fingerprints(self):
        for wizard in self:
            wizard.shown_fingerprint = wizard.host_key and fingerprint(wizard.host_key)
            wizard.approved_fingerprint = wizard.endpoint_id.host_key_fingerprint

    @api.model
    def _show(self, endpoint, host_key):
        wizard = self.create({"endpoint_id": endpoint.id, "host_key": host_key})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Is this the partner's server?"),
        }

    def action_approve(self):
        self.ensure_one()
        self.endpoint_id.host_key = self.host_key
        return {"type": "ir.actions.act_window_close"}
