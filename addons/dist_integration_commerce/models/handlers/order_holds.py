from odoo import models


class OrderSubmitHandler(models.AbstractModel):
    """An order uses up the holds it names, before it reserves what they have set aside."""

    _inherit = "dist.handler.order.submit"

    def _settle(self, submissions):
        used = self.env["dist.availability.hold"].union(*map(self._use_holds, submissions))
        # Odoo reserves in the order in which it is given the orders
        result = super()._settle(
            sorted(submissions, key=lambda submission: not submission.payload.get("holds"))
        )
        # more may have been set aside than was ordered
        used.line_ids._reserve_waiting()
        return result

    def _use_holds(self, submission):
        """:return: dist.availability.hold that the order has used up"""
        holds = used = self.env["dist.availability.hold"]
        for reference in submission.payload.get("holds", []):
            hold = holds._find(submission.message.system_id, reference)
            if hold and hold._get_present_state() == "held":
                hold._end("ordered", order=submission.order)
                used |= hold
        return used
