from odoo import models

# types whose answer an order keeps
SUBMISSIONS = ("order.submit", "quotation.submit", "quotation.order")


class DistMessage(models.Model):
    _inherit = "dist.message"

    def _purge(self):
        """The order keeps what its channel was answered; that goes with the message's own answer."""
        result = super()._purge()
        # a refusal that was about an order was another answer than the order's own
        submitted = self.filtered(
            lambda message: message.message_type_id.code in SUBMISSIONS and message.state == "done"
        )
        orders = self.env["sale.order"].sudo()
        orders = orders.browse(
            [message.res_id for message in submitted if message.res_model == orders._name]
        ).exists()
        orders.filtered("dist_answer").dist_answer = False
        return result
