from collections import defaultdict
from decimal import Decimal

from odoo import _, models

from ...lib.submission import NOTE, format_decimal


class OrderChecks(models.AbstractModel):
    """What is available, where rules or holds decide."""

    _inherit = "dist.order.checks"

    def _check_availability(self, submissions):
        if not any(submission.channel._is_governed() for submission in submissions):
            return super()._check_availability(submissions)
        own_holds = [self._get_holds(submission).ids for submission in submissions]
        taken = defaultdict(Decimal)
        for submission, hold_ids in zip(submissions, own_holds, strict=True):
            lines = [line for line in submission.open_lines if self._needs_stock(line)]
            warehouse_id = submission.channel.warehouse_id.id
            promised = self.env["dist.availability.promise"]._get_promised(
                submission.channel, {line.product.id for line in lines}, [warehouse_id], hold_ids
            )
            held = self._get_held(submission, hold_ids)
            for line in lines:
                key = (line.product.id, warehouse_id)
                left = max(Decimal(0), max(promised[key], held[key]) - taken[key])
                if left < Decimal(format_decimal(self._to_product_unit(line, line.quantity))):
                    self._apply_shortage(submission, line, float(left))
                accepted = self._to_product_unit(line, line.accepted)
                taken[line.product.id, warehouse_id] += Decimal(format_decimal(accepted))

    def _get_held(self, submission, hold_ids):
        """What an order's own holds have set aside, as far as it is there: it comes before what was ordered later.

        :return: defaultdict, (product id, warehouse id) to Decimal in the product's unit
        """
        held, warehouse_id = defaultdict(Decimal), submission.channel.warehouse_id.id
        holds = self.env["dist.availability.hold"].sudo().browse(hold_ids)
        for line in holds.line_ids.filtered(lambda line: line.warehouse_id.id == warehouse_id):
            held[line.product_id.id, warehouse_id] += Decimal(format_decimal(line.quantity))
        product_ids = [product_id for product_id, _warehouse_id in held]
        stock = self.env["dist.availability"]._get_availability(product_ids, [warehouse_id])
        for key in held:
            held[key] = min(held[key], Decimal(format_decimal(stock[key].available)))
        return held

    def _get_holds(self, submission):
        """The holds that an order names, as far as they still count; the order is told of the others.

        :return: dist.availability.hold
        """
        holds = self.env["dist.availability.hold"].sudo()
        for index, reference in enumerate(submission.payload.get("holds", [])):
            hold = holds._find(submission.message.system_id, reference)
            if hold and hold._get_present_state() == "held":
                holds |= hold
                continue
            words = _("Hold %s is over; the goods were not set aside any more.", reference)
            if not hold:
                words = _("There is no hold %s.", reference)
            submission.add(NOTE, "hold_over" if hold else "unknown_hold", words, f"/holds/{index}")
        return holds
