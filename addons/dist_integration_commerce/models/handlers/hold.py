from odoo import models


class HoldHandler(models.AbstractModel):
    """What the messages about soft holds have in common."""

    _name = "dist.handler.hold"
    _inherit = "dist.handler"
    _description = "Handler of a message about holds"

    def _get_external_id(self, payload):
        return payload.get("hold")

    def _get_answer(self, hold):
        return {
            "status": hold._get_present_state(),
            "hold": hold.reference,
            "expires_at": hold.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _get_end_keys(self, company, product_ids):
        """Lock keys for what becomes of goods that are let go of: who asks for them waits, and who moves them.

        :param product_ids: iterable of ids
        """
        return [*self._get_share_keys(company, product_ids), *self._get_stock_lock_keys(product_ids)]
