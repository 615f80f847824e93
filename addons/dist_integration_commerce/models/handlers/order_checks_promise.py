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
        taken, drawn = defaultdict(Decimal), defaultdict(Decimal)
        for submission, holds in self._claim_holds(submissions):
            warehouse = submission.channel.warehouse_id
            lines = [line for line in submission.open_lines if self._needs_stock(line)]
            promised = self.env["dist.availability.promise"]._get_promised(
                submission.channel, {line.product.id for line in lines}, warehouse.ids, holds.ids
            )
            held, own = self._get_held(warehouse, holds, drawn), defaultdict(Decimal)
            for line in lines:
                key = (line.product.id, warehouse.id)
                left = max(Decimal(0), max(promised[key] - taken[key], held[key]) - own[key])
                if left < Decimal(format_decimal(self._to_product_unit(line, line.quantity))):
                    self._apply_shortage(submission, line, float(left))
                own[key] += Decimal(format_decimal(self._to_product_unit(line, line.accepted)))
            for key, quantity in own.items():
                # what comes out of a hold is missing to the others already
                drawn[key] += min(quantity, held[key])
                taken[key] += max(Decimal(0), quantity - held[key])

    def _claim_holds(self, submissions):
        """Whoever has set goods aside comes first; of orders that name one hold the first has it.

        :return: list of (submission, dist.availability.hold)
        """
        claims, claimed = [], self.env["dist.availability.hold"].sudo()
        for submission in submissions:
            holds = self._get_holds(submission, claimed)
            claimed |= holds
            claims.append((submission, holds))
        return sorted(claims, key=lambda claim: not claim[1])

    def _get_held(self, warehouse, holds, drawn):
        """What an order's own holds have set aside, as far as it is there: it comes before what was ordered later.

        :param drawn: dict, (product id, warehouse id) to what others take out of their holds at the same time
        :return: defaultdict, (product id, warehouse id) to Decimal in the product's unit
        """
        held = defaultdict(Decimal)
        for line in holds.line_ids.filtered(lambda line: line.warehouse_id == warehouse):
            held[line.product_id.id, warehouse.id] += Decimal(format_decimal(line.quantity))
        product_ids = [product_id for product_id, _warehouse_id in held]
        stock = self.env["dist.availability"]._get_availability(product_ids, warehouse.ids)
        for key in held:
            there = Decimal(format_decimal(stock[key].available)) - drawn[key]
            held[key] = max(Decimal(0), min(held[key], there))
        return held

    def _get_holds(self, submission, claimed):
        """The holds that an order names, as far as they still count; the order is told of the others.

        :param claimed: dist.availability.hold that other orders of the same call use up
        :return: dist.availability.hold
        """
        holds = self.env["dist.availability.hold"].sudo()
        for index, reference in enumerate(submission.payload.get("holds", [])):
            hold = holds._find(submission.message.system_id, reference)
            if hold and hold not in claimed and hold._get_present_state() == "held":
                holds |= hold
                continue
            words = _("Hold %s is over; the goods were not set aside any more.", reference)
            if not hold:
                words = _("There is no hold %s.", reference)
            submission.add(NOTE, "hold_over" if hold else "unknown_hold", words, f"/holds/{index}")
        return holds
