from odoo import _, models
from odoo.exceptions import AccessError

CLEAR = "dist_integration_base.group_dist_clear"


class DistMaskedMixin(models.AbstractModel):
    """Records whose content is masked for everybody; whoever may see it in clear asks for it, which is kept (G6)."""

    _name = "dist.masked.mixin"
    _description = "Masked content"

    def _reveal(self, reason=None):
        """Keep that the user looks at the content in clear.

        :raises AccessError: the user may not
        """
        if not self.env.user.has_group(CLEAR):
            raise AccessError(_("You may not see the content of messages in clear."))
        self.check_access_rights("read")
        self.check_access_rule("read")
        self.env["dist.audit.entry"]._add_each("unmasked", self, reason=reason)

    def _open_revealed(self, model_name, field_name):
        """:return: action that shows the content in clear

        :param model_name: dialog that shows it, and keeps who looked when it is made
        :param field_name: its field for the record
        """
        self.ensure_one()
        dialog = self.env[model_name].create({field_name: self.id})
        return {
            "type": "ir.actions.act_window",
            "res_model": model_name,
            "res_id": dialog.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Content in clear"),
        }
