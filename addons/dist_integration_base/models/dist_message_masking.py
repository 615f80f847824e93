import json

from odoo import _, fields, models
from odoo.exceptions import AccessError

from ..lib.erasure import by_name
from ..lib.masking import collect, mask, redact

CLEAR = "dist_integration_base.group_dist_clear"
EVERYTHING = "[]"


class DistMessage(models.Model):
    """Content is masked for everybody by the policy of its type; whoever may see it in clear asks for it, which is
    kept in the audit trail (G6).
    """

    _inherit = "dist.message"

    may_reveal = fields.Boolean(compute="_compute_may_reveal")

    def _compute_may_reveal(self):
        allowed = self.env.user.has_group(CLEAR)
        for message in self:
            message.may_reveal = (
                allowed and not message.purged_at and bool(message.message_type_id._get_sensitive_paths())
            )

    def _get_masked_paths(self):
        """:return: list of paths that are hidden in the content"""
        self.ensure_one()
        return self._place_paths(self.message_type_id._get_sensitive_paths())

    def _place_paths(self, paths):
        """Paths of the canonical message, as they are in the content of this one (`_get_body_text`).

        :return: list of paths; of everything, where a partner's own words are not mapped yet
        """
        source = self.sudo()
        if not paths:
            return []
        if source.direction == "out":
            return [f"data.{path}" for path in paths]
        if not source.payload and source.flow_id.mapping_id:
            return [EVERYTHING]
        return [f"items[].{path}" for path in paths] if source.child_ids else list(paths)

    def _get_sensitive_values(self, paths):
        """:param paths: of the canonical message
        :return: set of texts, the values there
        """
        self.ensure_one()
        try:
            document = json.loads(self.sudo()._get_body_text() or "null")
        except ValueError:
            return set()
        return collect(document, self._place_paths(paths))

    def _redact(self, text):
        """:return: a text about this message, such as a partner's answer, without its sensitive values"""
        self.ensure_one()
        paths = self.message_type_id._get_sensitive_paths()
        if not text or not paths:
            return text
        text = redact(text, self._get_sensitive_values(paths))
        try:
            document = json.loads(text)
        except ValueError:
            return text
        # an answer has another shape than the message; what has the name of a sensitive value is taken for one
        return json.dumps(mask(document, by_name(paths)), ensure_ascii=False)

    # what a person does

    def action_reveal(self):
        """Show the content in clear, once; who looked is kept."""
        self.ensure_one()
        wizard = self.env["dist.message.reveal"].create({"message_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "res_model": wizard._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Content in clear"),
        }

    def _reveal(self, reason=None):
        """Keep that the user looks at the content in clear.

        :raises AccessError: the user may not
        """
        if not self.env.user.has_group(CLEAR):
            raise AccessError(_("You may not see the content of messages in clear."))
        self.check_access_rights("read")
        self.check_access_rule("read")
        self.env["dist.audit.entry"]._add_each("unmasked", self, reason=reason)
