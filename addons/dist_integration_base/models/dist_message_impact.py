import logging

from odoo import models

from ..lib.errors import IntegrationError
from ..tools import reading
from .transaction import is_connection_lost

_logger = logging.getLogger(__name__)


class DistMessage(models.Model):
    """What the content of a message puts at risk, before there is a document."""

    _inherit = "dist.message"

    def _get_content_impact(self):
        """What is at risk as the content tells; whatever the content is, this does not fail.

        :return: as of `_dist_get_impact`
        """
        self.ensure_one()
        # what waits to be written fails by itself, and is tried again as a whole
        self.env.flush_all()
        try:
            payload = self._read_content()
            with reading(self.env.cr):
                return self._get_impact_handler()._get_payload_impact(self, payload)
        except Exception as error:  # pylint: disable=broad-except
            if is_connection_lost(error):
                raise
            # to record the failure itself matters more than to say what it is worth
            _logger.warning("What message %s puts at risk is not known", self.uuid, exc_info=True)
            return self._get_unread_impact()

    def _get_unread_impact(self):
        return self._get_impact_handler()._get_payload_impact(self, None)

    def _get_impact_handler(self):
        name = f"dist.handler.{self.message_type_id.code}"
        handler = self.env[name if name in self.env else "dist.handler"]
        return handler.sudo().with_company(self.company_id)

    def _read_content(self):
        """:return: dict, decoded and mapped; None when it cannot be read"""
        try:
            document = self._map(self._decode())
        except IntegrationError:
            return None
        return document if isinstance(document, dict) else None
