from odoo import models


class HoldHandler(models.AbstractModel):
    """What the messages about soft holds have in common."""

    _name = "dist.handler.hold"
    _inherit = "dist.handler"
    _description = "Handler of a message about holds"

    def _get_external_id(self, payload):
        return payload.get("hold")

    def _get_promise_lock_keys(self, product_ids):
        """Lock keys for what decides on the last pieces of products: of two buyers one gets a yes."""
        return [f"availability/{product_id}" for product_id in set(product_ids)]

    def _get_answer(self, hold):
        return {
            "status": hold._get_present_state(),
            "hold": hold.reference,
            "expires_at": hold.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
