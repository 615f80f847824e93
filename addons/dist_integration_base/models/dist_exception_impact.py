from odoo import _, api, models

# contents read for one exception; of what is beyond only the number counts
READ_AT_ONCE = 500


class DistException(models.Model):
    """What is at risk where there is no document yet: the contents of the messages tell."""

    _inherit = "dist.exception"

    def _get_impact(self):
        impact = super()._get_impact()
        if self._has_own_impact():
            return impact
        for content in self._get_content_impacts():
            impact = self._add_up(impact, content)
        return impact

    def _has_own_impact(self):
        """:return: True when the document of the exception itself says what is at risk"""
        self.ensure_one()
        if not self.res_model or not self.res_id:
            return False
        impact = self.env[self.res_model].sudo().browse(self.res_id).exists()._dist_get_impact()
        return bool(impact["orders"] or impact["lines"])

    def _get_content_impacts(self):
        """:return: list of impacts, of the messages that wait or failed without a document; or with that of the
        exception, which does not say what is at risk
        """
        messages = self.env["dist.message"].sudo()
        documents = [("res_id", "=", False)]
        if self.res_id:
            documents = [
                "|",
                *documents,
                "&",
                ("res_model", "=", self.res_model),
                ("res_id", "=", self.res_id),
            ]
        domain = [
            *self._get_message_domain(),
            ("direction", "=", "in"),
            *documents,
            ("state", "not in", ("done", "cancelled")),
        ]
        read = messages.search(domain, order="id", limit=READ_AT_ONCE)
        impacts = [message._get_content_impact() for message in read]
        if len(read) == READ_AT_ONCE:
            unread = messages.search([*domain, ("id", ">", read[-1].id)])
            impacts += [message._get_unread_impact() for message in unread]
        return impacts

    @api.model
    def _get_default_suggestion(self, spec):
        """:return: what to do where whoever found the trouble does not say"""
        if spec.category == "mapping":
            return _("Say what the code means with Fix mapping; the waiting messages go on by themselves.")
        return ""

    @api.model
    def _prepare_from_message(self, spec, message):
        vals = super()._prepare_from_message(spec, message)
        return {**vals, "suggestion": vals["suggestion"] or self._get_default_suggestion(spec)}
