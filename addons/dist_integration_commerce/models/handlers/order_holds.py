from odoo import models


class OrderSubmitHandler(models.AbstractModel):
    """An order uses up the holds it names."""

    _inherit = "dist.handler.order.submit"

    def _get_lock_keys(self, message, payload):
        keys = super()._get_lock_keys(message, payload)
        channels = self.env["dist.sales.channel"]._find_for(
            message.system_id, message.company_id, payload.get("channel")
        )
        if not any(channel._is_governed() for channel in channels):
            return keys
        products = self._find_known_products(message, [line["item"] for line in payload["lines"]])
        ids = [product.id for product in products if product]
        return keys + self.env["dist.handler.hold"]._get_promise_lock_keys(ids)

    def _take(self, submissions):
        result = super()._take(submissions)
        for submission in submissions:
            if submission.order:
                self._use_holds(submission)
        return result

    def _use_holds(self, submission):
        holds = self.env["dist.availability.hold"]
        for reference in submission.payload.get("holds", []):
            hold = holds._find(submission.message.system_id, reference)
            if hold and hold._get_present_state() == "held":
                hold._end("ordered", order=submission.order)
