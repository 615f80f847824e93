from odoo import _, api, fields, models


class DistSecretShow(models.TransientModel):
    """Shows a new key or secret once. The text travels in the action and is never stored."""

    _name = "dist.secret.show"
    _description = "New secret"
    _inherit = ["dist.wizard.mixin"]

    secret = fields.Char(compute="_compute_secret", string="Secret")
    note = fields.Char(readonly=True)

    @api.depends_context("dist_new_secret")
    def _compute_secret(self):
        self.secret = self.env.context.get("dist_new_secret")

    @api.model
    def _show(self, secret, note):
        wizard = self.create({"note": note})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Copy it now"),
            "context": {"dist_new_secret": secret},
        }
