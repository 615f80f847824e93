from odoo import models


class OrderSubmitHandler(models.AbstractModel):
    """An order uses up the holds it names, before it reserves what they have set aside."""

    _inherit = "dist.handler.order.submit"

    def _settle(self, submissions):
        for submission in submissions:
            self._use_holds(submission)
        # Odoo reserves in the order in which it is given the orders
        return super()._settle(
            sorted(submissions, key=lambda submission: not submission.payload.get("holds"))
        )

    def _use_holds(self, submission):
        holds = self.env["dist.availability.hold"]
        for reference in submission.payload.get("holds", []):
            hold = holds._find(submission.message.system_id, reference)
            if hold and hold._get_present_state() == "held":
                hold._end("ordered", order=submission.order)
