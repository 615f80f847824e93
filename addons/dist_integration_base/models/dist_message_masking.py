import json
from dataclasses import replace

from odoo import fields, models

from ..lib.erasure import by_name
from ..lib.masking import collect, mask, redact, redact_quoted
from .dist_masked_mixin import CLEAR

EVERYTHING = "[]"
# what is nested too deeply is not read either
NO_JSON = (ValueError, RecursionError)


class DistMessage(models.Model):
    """Content is masked for everybody by the policy of its type; whoever may see it in clear asks for it, which is
    kept in the audit trail (G6).
    """

    _name = "dist.message"
    _inherit = ["dist.message", "dist.masked.mixin"]

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
            return collect(json.loads(self.sudo()._get_body_text() or "null"), self._place_paths(paths))
        except NO_JSON:
            return set()

    def _redact(self, text, payload=None, shown=None, clear_paths=(), hidden_values=()):
        """What everybody may read of a text about this message, such as an error or a partner's answer.

        :param payload: canonical payload, where it is not stored yet
        :param shown: a code that has to be read whatever it is: somebody is to say what it means
        :param clear_paths: sensitive paths whose values are not hidden
        :param hidden_values: texts that are hidden as well
        :return: text without the sensitive values
        """
        self.ensure_one()
        sensitive = self.message_type_id._get_sensitive_paths() if text else []
        paths = [path for path in sensitive if path not in clear_paths]
        if not paths:
            return text
        values = self._get_hidden_values(paths, payload).union(hidden_values) - {shown}
        text = redact(text, values, strict=True)
        if payload is None and not _is_json(source := self.sudo()._get_body_text()):
            text = redact_quoted(text, source)
        try:
            document = json.loads(text)
        except NO_JSON:
            return text
        # an answer has another shape than the message; what has the name of a sensitive value is taken for one
        return json.dumps(mask(document, by_name(paths)), ensure_ascii=False)

    def _get_hidden_values(self, paths, payload=None):
        """:return: set of texts, the values at sensitive paths of the content, and those of the same name that were
        answered
        """
        answer = self.sudo().answer
        values = self._get_sensitive_values(paths) if payload is None else collect(payload, paths)
        return values | (collect(json.loads(answer), by_name(paths)) if answer else set())

    def _redact_spec(self, spec, payload=None):
        """:return: ExceptionSpec that everybody may read"""
        if not self.message_type_id._get_sensitive_paths():
            return spec
        texts = {
            name: self._redact(
                getattr(spec, name), payload, spec.external_code, spec.clear_paths, spec.hidden_values
            )
            for name in ("summary", "detail", "suggestion")
        }
        return replace(spec, **texts)

    # what a person does

    def action_reveal(self):
        """Show the content in clear, once; who looked is kept."""
        return self._open_revealed("dist.message.reveal", "message_id")


def _is_json(text):
    try:
        json.loads(text)
    except NO_JSON:
        return False
    return True
