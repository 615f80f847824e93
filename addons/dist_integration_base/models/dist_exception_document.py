from datetime import timedelta

from odoo import api, fields, models

from .dist_exception import DEFAULT_SERVICE_LEVEL_MINUTES, UNSOLVED


class DistException(models.Model):
    """Exceptions about documents, without a message behind them."""

    _inherit = "dist.exception"

    @api.model
    def _open_without_message(self, spec, company, system=None, assignee=None):
        """Open an exception about what no message tells, or bring the open one of the same fingerprint up to date.

        :param spec: ExceptionSpec with a fingerprint
        :return: dist.exception
        """
        fingerprint = self._get_document_fingerprint(spec.code, spec.fingerprint)
        exception = self.sudo()._find_open(company, fingerprint)
        values = self._prepare_document_values(spec)
        if exception:
            exception.write(values)
        else:
            exception = self.sudo().create(
                {
                    **values,
                    "category": spec.category,
                    "code": spec.code,
                    "fingerprint": fingerprint,
                    "closes_with_messages": False,
                    "company_id": company.id,
                    "system_id": system.id if system else False,
                    "due_at": fields.Datetime.now() + timedelta(minutes=DEFAULT_SERVICE_LEVEL_MINUTES),
                }
            )
            exception._assign_to(assignee)
        exception._update_impact(spec.impact)
        return exception

    @api.model
    def _get_document_fingerprint(self, code, fingerprint):
        return f"document/{code}/{fingerprint}"

    @api.model
    def _prepare_document_values(self, spec):
        record = spec.record
        return {
            "name": spec.summary[:200],
            "severity": spec.severity,
            "detail": spec.detail,
            "suggestion": spec.suggestion,
            "res_model": record._name if record else False,
            "res_id": record.id if record else False,
            "document_name": record.display_name if record else False,
        }

    def _assign_to(self, user):
        """Give the exception to a user; to the owner of the system when there is none who can be reached."""
        user = user and user._dist_get_reachable(self.company_id)
        if not user:
            self._assign()
            return
        self.assignee_id = user
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.name[:100],
            user_id=user.id,
            date_deadline=fields.Date.to_date(self.due_at),
        )

    @api.model
    def _close_without_message(self, codes, fingerprint):
        """Close what `_open_without_message` opened.

        :param codes: list of codes
        """
        names = [self._get_document_fingerprint(code, fingerprint) for code in codes]
        self.sudo().search([("fingerprint", "in", names), ("state", "in", UNSOLVED)])._close("handled")
