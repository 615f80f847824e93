from datetime import timedelta

from odoo import api, fields, models

from .dist_exception import DEFAULT_SERVICE_LEVEL_MINUTES, UNSOLVED

# of what went wrong again and again, the last is kept
DETAIL = 4000


class DistException(models.Model):
    """Exceptions of an endpoint itself: nothing could be fetched, or something that has no message."""

    _inherit = "dist.exception"

    @api.model
    def _open_for_endpoint(self, spec, endpoint):
        """Open an exception for an endpoint, unless the one of its fingerprint is open.

        :param spec: ExceptionSpec with a fingerprint
        :return: dist.exception
        """
        exception = self.sudo()._find_open(endpoint.company_id, spec.fingerprint)
        if exception:
            if spec.detail not in (exception.detail or ""):
                exception.detail = f"{exception.detail}\n{spec.detail}"[-DETAIL:]
            return exception
        exception = self.sudo().create(self._prepare_from_endpoint(spec, endpoint))
        exception._assign()
        return exception

    @api.model
    def _prepare_from_endpoint(self, spec, endpoint):
        return {
            **self._prepare_from_spec(spec),
            "fingerprint": spec.fingerprint,
            "company_id": endpoint.company_id.id,
            "system_id": endpoint.system_id.id,
            "endpoint_id": endpoint.id,
            "closes_with_messages": False,
            "due_at": fields.Datetime.now() + timedelta(minutes=DEFAULT_SERVICE_LEVEL_MINUTES),
        }

    @api.model
    def _close_for_endpoint(self, endpoint, code):
        """Close what is open about an endpoint because it works again."""
        self.sudo().search(
            [("endpoint_id", "=", endpoint.id), ("code", "=", code), ("state", "in", UNSOLVED)]
        )._close("handled")
