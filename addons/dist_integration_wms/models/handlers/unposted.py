from typing import Any, NamedTuple

from odoo import models

from odoo.addons.dist_integration_base.lib.errors import IntegrationError
from odoo.addons.dist_integration_base.lib.handling import ApplyError


class Effect(NamedTuple):
    """What a message will do to the stock of a warehouse once it is booked.

    :param place: stock.location that the goods come to or leave, as far as it is known: that of their status
    :param quantity: in the product's unit, less than 0 when goods leave
    """

    warehouse: Any
    place: Any
    product: Any
    lot_name: str | None
    quantity: float


class DistHandler(models.AbstractModel):
    """What messages about stock that wait would change: a reconciliation takes it into account.

    Their handlers have `_find_applied`, `_get_moment_name`, `_find_unposted_target` and `_prepare_effects`.
    """

    _inherit = "dist.handler"

    def _get_unposted_effects(self, message, moment):
        """What a message that was not booked will change, as far as it says it happened before a moment.

        What cannot be read counts for nothing: its exception is in the queue. So does what was told under a number
        that was applied: it will not be booked any more.

        :param moment: datetime, UTC
        :return: list of Effect
        """
        try:
            payload = message._get_valid_payload()
            happened = self._read_happened(message, payload, self._get_moment_name())
            target = self._find_unposted_target(message, payload)
        except (IntegrationError, ApplyError):
            return []
        if not target or happened > moment or self._find_applied(message, payload):
            return []
        effects = []
        for index, line in enumerate(payload["lines"]):
            try:
                effects += self._prepare_effects(message, target, line, f"/lines/{index}")
            except (IntegrationError, ApplyError):
                continue
        return self._filter_unposted(message, payload, effects)

    def _filter_unposted(self, message, payload, effects):
        """:return: list of those effects of a message that nobody has told anew"""
        return effects
