import json
from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.dist_integration_wms.models.purchase_order import ACKNOWLEDGED

from .common import SupplierCase


@tagged("post_install", "-at_install")
class TestPurchaseAcknowledged(SupplierCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agree(cls.mill, "out", "850")
        cls.agree(cls.mill, "in", "855")

    def answer(self, order, *segments, status="AC", number="VN-1"):
        """:return: dist.supplier.acknowledgement that came of an 855"""
        document = [f"BAK*00*{status}*{order.name}*20260302****{number}", *segments]
        message = self.hear([*document, f"CTT*{sum(one.startswith('PO1') for one in segments)}"])
        self.assertEqual(message.state, "done", message.error)
        return self.env["dist.supplier.acknowledgement"].search([("message_id", "=", message.id)])

    def refused(self, *segments):
        """:return: dist.exception of an 855 that is not applied"""
        message = self.hear([*segments, f"CTT*{sum(one.startswith('PO1') for one in segments)}"])
        self.assertIn(message.state, ("dead", "error"))
        return message.exception_id

    def test_an_answer_of_an_earlier_day(self):
        """E2: what comes late does not undo the answer that was given since."""
        self.tolerate("quantity", absolute=5)
        order = self.buy()
        lines = ("PO1*1*{0}*EA*3.25**VP*MILL-1", "ACK*IA*{0}*EA")
        self.answer(order, *(line.format(10) for line in lines), number="VN-2*20260305")
        exception = self.refused(
            f"BAK*00*AC*{order.name}*20260302****VN-1*20260304", *(line.format(8) for line in lines)
        )
        self.assertEqual(exception.code, "older_answer")
        self.assertEqual(order.order_line.product_qty, 10)

    def test_an_answer_that_comes_again(self):
        """E2, M5: in another envelope, after another answer of the same day, it does not undo that one."""
        self.tolerate("quantity", absolute=5)
        order = self.buy()
        lines = ("PO1*1*{0}*EA*3.25**VP*MILL-1", "ACK*IA*{0}*EA")
        for quantity, number in ((10, "VN-1"), (8, "VN-2")):
            self.answer(order, *(line.format(quantity) for line in lines), number=number)
        again = [line.format(10) for line in lines]
        exception = self.refused(f"BAK*00*AC*{order.name}*20260302****VN-1", *again)
        self.assertEqual(exception.code, "repeated_answer")
        self.assertEqual(order.order_line.product_qty, 8)

    # in parts

    def receipts(self, order):
        """:return: list of (day, quantity) of the receipts that expect the goods of an order"""
        return sorted(
            (str(picking.scheduled_date)[:10], sum(picking.move_ids.mapped("product_uom_qty")))
            for picking in order.picking_ids.filtered(lambda picking: picking.state != "cancel")
        )

    def test_in_parts(self):
        """E2: each part is expected on its day, in a receipt of its own; the last one is the line's."""
        self.tolerate("date", absolute=10)
        order = self.buy()
        line = self.answer(
            order, "PO1*1*12*EA*3.25**VP*MILL-1", "ACK*IA*8*EA*067*20310514", "ACK*IB*4*EA*067*20310521"
        ).line_ids
        self.assertEqual((line.state, line.quantity, line.date), ("changed", 12, date(2031, 5, 21)))
        self.assertIn("8 Units on 2031-05-14, 4 Units on 2031-05-21", line.differences)
        self.assertEqual(self.receipts(order), [("2031-05-14", 8), ("2031-05-21", 4)])
        self.assertEqual(str(order.order_line.date_planned)[:10], "2031-05-21")
        for picking in order.picking_ids.sorted("scheduled_date"):
            picking.move_ids.picked = True
            picking._action_done()
        self.assertEqual(order.order_line.qty_received, 12)

    def test_a_schedule(self):
        """E2: the same told by SCH."""
        self.tolerate("date", absolute=10)
        order = self.buy()
        self.answer(
            order,
            "PO1*1*12*EA*3.25**VP*MILL-1",
            "ACK*AC*12*EA",
            "SCH*5*EA***002*20310513",
            "SCH*7*EA***002*20310520",
        )
        self.assertEqual(self.receipts(order), [("2031-05-13", 5), ("2031-05-20", 7)])

    def test_parts_that_wait(self):
        """E2: a part beyond the tolerance waits with the whole line; once accepted the receipts follow."""
        self.tolerate("date", absolute=3)
        order = self.buy()
        answer = self.answer(
            order, "PO1*1*12*EA*3.25**VP*MILL-1", "ACK*IA*8*EA*067*20310514", "ACK*IB*4*EA*067*20310521"
        )
        self.assertEqual((answer.state, self.receipts(order)), ("waiting", [("2031-05-14", 12)]))
        answer.action_accept()
        self.assertEqual(self.receipts(order), [("2031-05-14", 8), ("2031-05-21", 4)])

    def test_parts_told_anew(self):
        """E2: what comes on one day after all is expected on that day."""
        self.tolerate("date", absolute=10)
        order = self.buy((self.corn, 12, 3.25), (self.gloves, 5, 2.0))
        parts = ("ACK*IA*8*EA*067*20310514", "ACK*IB*4*EA*067*20310521")
        self.answer(order, "PO1*1*12*EA*3.25**VP*MILL-1", *parts)
        self.assertEqual(self.receipts(order), [("2031-05-14", 13), ("2031-05-21", 4)])
        self.answer(order, "PO1*1*12*EA*3.25**VP*MILL-1", "ACK*DR*12*EA*067*20310516", number="VN-2")
        days = {str(move.date)[:10] for move in order.order_line[0].move_ids}
        self.assertEqual(days, {"2031-05-16"})

    # as ordered, and within tolerance

    def test_as_ordered(self):
        """E2: the order is acknowledged, nothing changes, nobody is asked."""
        order = self.buy()
        answer = self.answer(
            order, "PO1*1*12*EA*3.25**BP*TEST-CORN", "ACK*IA*12*EA*067*20310514", status="AD"
        )
        self.assertEqual((answer.state, answer.line_ids.state), ("done", "unchanged"))
        self.assertEqual((answer.partner_id, answer.edi_partner_id), (self.vendor, self.mill))
        self.assertTrue(order[ACKNOWLEDGED])
        self.assertEqual(order.partner_ref, "VN-1")
        self.assertEqual(order.order_line.product_qty, 12)
        self.assertFalse(self.exceptions_of(answer))
        self.assertEqual(order.dist_acknowledgement_count, 1)

    def test_the_order_as_a_whole(self):
        """E2: accepted without lines stands for all of them."""
        order = self.buy((self.corn, 12, 3.25), (self.gloves, 5, 2.0))
        answer = self.answer(order, status="AD")
        self.assertEqual(answer.line_ids.mapped("state"), ["unchanged", "unchanged"])

    def test_a_line_is_left_out(self):
        """E2, M12: it is not answered, which everybody sees, and the order is not acknowledged until it is."""
        order = self.buy((self.corn, 12, 3.25), (self.gloves, 5, 2.0))
        answers, orders = self.env["dist.supplier.acknowledgement"], self.env["purchase.order"]
        unanswered = [("dist_acknowledgement_ids.line_ids.state", "=", "unanswered")]
        first = self.answer(order, "PO1*1*12*EA*3.25**BP*TEST-CORN", "ACK*IA*12*EA")
        self.assertEqual(
            (first.state, first.line_ids.mapped("state")), ("partial", ["unchanged", "unanswered"])
        )
        left = first.line_ids[1]
        self.assertEqual((left.order_line_id, left.ordered_quantity), (order.order_line[1], 5))
        self.assertFalse(order[ACKNOWLEDGED])
        self.assertEqual(orders.search(unanswered), order)
        sent = json.loads(first.message_id.answer)
        self.assertEqual([line["outcome"] for line in sent["lines"]], ["unchanged", "unanswered"])
        self.assertEqual(sent["status"], "applied")
        # the first line again, of the other nothing
        second = self.answer(order, "PO1*1*12*EA*4**BP*TEST-CORN", "ACK*IP*12*EA", number="VN-2")
        self.assertEqual((first.state, second.state), ("done", "waiting"))
        self.assertFalse(order[ACKNOWLEDGED])
        second.action_refuse()
        self.assertEqual((second.state, order.order_line.mapped("product_qty")), ("partial", [12, 5]))
        self.assertFalse(self.exceptions_of(second).filtered(lambda one: one.state == "open"))
        third = self.answer(order, "PO1*2*5*EA*2**BP*TEST-GLOVES", "ACK*IA*5*EA", number="VN-3")
        self.assertEqual((third.state, third.line_ids.state, second.state), ("done", "unchanged", "done"))
        self.assertTrue(order[ACKNOWLEDGED])
        self.assertFalse(orders.search(unanswered))
        self.assertFalse(answers.search([("order_id", "=", order.id), ("state", "!=", "done")]))

    def test_a_line_that_is_confirmed_otherwise(self):
        """E2, G8: a purchaser takes a line that was left out as ordered; that is kept in the audit trail."""
        order = self.buy((self.corn, 12, 3.25), (self.gloves, 5, 2.0))
        answer = self.answer(order, "PO1*1*12*EA*3.25**BP*TEST-CORN", "ACK*IA*12*EA")
        left = answer.line_ids[1]
        operator = new_test_user(self.env, "operator", groups="dist_integration_base.group_dist_operator")
        with self.assertRaises(AccessError):
            left.with_user(operator).action_confirm()
        purchaser = new_test_user(self.env, "purchaser", groups="purchase.group_purchase_user")
        left.with_user(purchaser).action_confirm()
        self.assertEqual((left.state, left.quantity, left.decided_by_id), ("accepted", 5, purchaser))
        self.assertEqual((answer.state, order.order_line.mapped("product_qty")), ("done", [12, 5]))
        self.assertTrue(order[ACKNOWLEDGED])
        self._assert_told(answer, "overridden", purchaser)
        with self.assertRaisesRegex(UserError, "settled in between"):
            left.with_user(purchaser).action_confirm()

    def test_only_exceptions_have_lines(self):
        """E2: an answer that says so (AE, RF) answers the lines it leaves out as well."""
        for status, outcome in (("AE", "unchanged"), ("RF", "waiting")):
            with self.subTest(status):
                order = self.buy((self.corn, 12, 3.25), (self.gloves, 5, 2.0))
                told = ("PO1*1*12*EA*3.25**BP*TEST-CORN", "ACK*IA*12*EA")
                answer = self.answer(order, *told, status=status)
                self.assertEqual(answer.line_ids.mapped("state"), ["unchanged", outcome])
                self.assertTrue(order[ACKNOWLEDGED])

    def test_within_tolerance(self):
        """E2: date, quantity and price that are near enough change the order and its receipt."""
        order = self.buy()
        self.tolerate("date", "more", absolute=5)
        self.tolerate("quantity", "less", limits_percent=True, percent=20, limits_absolute=False)
        self.tolerate("price", limits_percent=True, percent=2, absolute=0.05)
        answer = self.answer(order, "PO1*1*12*EA*3.3**VP*MILL-1", "ACK*IQ*10*EA*067*20310517")
        line = order.order_line
        self.assertEqual(answer.line_ids.state, "changed")
        self.assertEqual((line.product_qty, line.price_unit), (10, 3.3))
        self.assertEqual(str(line.date_planned), "2031-05-17 10:00:00")
        moves = line.move_ids.filtered(lambda move: move.state != "cancel")
        self.assertEqual(sum(moves.mapped("product_uom_qty")), 10)
        self.assertEqual((answer.line_ids.ordered_quantity, answer.line_ids.quantity), (12, 10))
        self.assertTrue(any("price ordered 3.25" in note for note in order.message_ids.mapped("body")))
        self.assertFalse(self.exceptions_of(answer))

    def test_a_price_finer_than_ours(self):
        """E2: it is compared as the supplier told it, not as it is rounded here."""
        order = self.buy((self.corn, 1000, 0.01))
        answer = self.answer(order, "PO1*1*1000*EA*0.0149**BP*TEST-CORN", "ACK*IP*1000*EA")
        self.assertEqual(answer.line_ids.state, "waiting")
        self.assertIn("price ordered 0.01, confirmed 0.0149", answer.line_ids.differences)

    def test_a_discounted_price(self):
        """E2: it has more decimals than prices have here, and is as ordered where the supplier tells it so."""
        order = self.buy((self.corn, 100, 9.99))
        order.order_line.discount = 10
        for control, price in enumerate(("8.991", "")):
            answer = self.answer(
                order, f"PO1*1*100*EA*{price}**BP*TEST-CORN", "ACK*IA*100*EA", number=f"VN-{control}"
            )
            self.assertEqual((answer.state, answer.line_ids.state), ("done", "unchanged"))

    def test_cancelled_by_the_supplier(self):
        """E2: an answer that says that it is cancelled is no acceptance, whatever its lines say."""
        order = self.buy()
        line = ("PO1*1*12*EA*3.25**BP*TEST-CORN", "ACK*IA*12*EA")
        self.assertEqual(self.answer(order, *line).state, "done")
        message = self.hear([f"BAK*01*AC*{order.name}*20260302****VN-1", *line, "CTT*1"])
        answer = self.env["dist.supplier.acknowledgement"].search([("message_id", "=", message.id)])
        self.assertEqual((answer.state, answer.status), ("waiting", "rejected"))
        self.assertEqual((answer.line_ids.refused_quantity, order.order_line.product_qty), (12, 12))
        answer.action_accept()
        self.assertEqual(order.state, "cancel")

    def test_a_line_is_deleted(self):
        """E2: by an 865, whether or not it also answers the line."""
        self.agree(self.mill, "in", "865")
        for answers in ((), ("ACK*IA*12*EA",), ("ACK*IR*12*EA",), ("ACK*ID*12*EA",)):
            order = self.buy((self.corn, 12, 3.25), (self.gloves, 5, 2.0))
            kept = ("POC*2*NC*5**EA*2**BP*TEST-GLOVES", "ACK*IA*5*EA")
            head = f"BCA*00*AC*{order.name}***20260302"
            message = self.hear(
                [head, "POC*1*DI*12**EA*3.25**BP*TEST-CORN", *answers, *kept, "CTT*2"], code="865"
            )
            self.assertEqual(message.state, "done", message.error)
            answer = self.env["dist.supplier.acknowledgement"].search([("message_id", "=", message.id)])
            self.assertEqual(answer.line_ids.mapped("state"), ["waiting", "unchanged"])
            self.assertEqual(answer.line_ids[0].refused_quantity, 12)
            answer.action_accept()
            self.assertEqual(order.order_line.mapped("product_qty"), [0, 5])

    def test_both_limits_hold(self):
        """E2: with per cent and amount, a price keeps to both."""
        self.tolerate("price", limits_percent=True, percent=10, absolute=0.05)
        for price, state in (("3.30", "changed"), ("3.35", "waiting")):
            with self.subTest(price):
                order = self.buy()
                answer = self.answer(order, f"PO1*1*12*EA*{price}**BP*TEST-CORN", "ACK*IP*12*EA")
                self.assertEqual(answer.line_ids.state, state)

    def test_the_nearest_rule_holds(self):
        """E2: of the item's category before its parents, of the direction before both."""
        parent = self.env["product.category"].create({"name": "Seeds"})
        child = self.env["product.category"].create({"name": "Maize", "parent_id": parent.id})
        self.corn.categ_id = child
        self.tolerate("price", absolute=5)
        self.tolerate("price", category_id=parent.id, absolute=0)
        self.tolerate("price", "less", category_id=parent.id, absolute=1)
        for price, state in (("3.50", "waiting"), ("2.50", "changed"), ("1.50", "waiting")):
            with self.subTest(price):
                answer = self.answer(self.buy(), f"PO1*1*12*EA*{price}**BP*TEST-CORN", "ACK*IP*12*EA")
                self.assertEqual(answer.line_ids.state, state)
        self.corn.categ_id = self.env["product.category"].create({"name": "Others"})
        answer = self.answer(self.buy(), "PO1*1*12*EA*3.50**BP*TEST-CORN", "ACK*IP*12*EA")
        self.assertEqual(answer.line_ids.state, "changed")

    # beyond tolerance

    def test_a_person_accepts(self):
        """E2, X1: old and new side by side; the order follows when a purchaser accepts it."""
        order = self.buy((self.corn, 12, 3.25), (self.gloves, 5, 2.0))
        answer = self.answer(
            order,
            "PO1*1*12*EA*4**BP*TEST-CORN",
            "ACK*IP*12*EA*067*20310601",
            "PO1*2*5*EA*2**BP*TEST-GLOVES",
            "ACK*IA*5*EA",
        )
        self.assertEqual(answer.state, "waiting")
        self.assertEqual(answer.line_ids.mapped("state"), ["waiting", "unchanged"])
        self.assertEqual(order.order_line[0].price_unit, 3.25)
        exception = self.exceptions_of(answer)
        self.assertIn("price ordered 3.25", exception.detail)
        self.assertIn("confirmed 4", exception.detail)
        self.assertIn("expected 2031-05-14, confirmed 2031-06-01", exception.detail)
        self.assertEqual((exception.impact_orders, exception.impact_lines), (1, 1))
        self.assertEqual(exception.impact_value, 39)
        purchaser = new_test_user(self.env, "purchaser", groups="purchase.group_purchase_user")
        answer.with_user(purchaser).action_accept()
        line = order.order_line[0]
        self.assertEqual((line.price_unit, line.date_planned.date()), (4, date(2031, 6, 1)))
        self.assertEqual((answer.state, answer.line_ids[0].state), ("done", "accepted"))
        self.assertEqual(answer.line_ids[0].decided_by_id, purchaser)
        self.assertEqual(exception.state, "resolved")
        self._assert_told(answer, "approved", purchaser)
        with self.assertRaisesRegex(UserError, "settled in between"):
            answer.line_ids[0].with_user(purchaser).action_accept()

    def test_a_person_refuses(self):
        """E2, X1: the order stays as it is, the exception closes."""
        order = self.buy()
        answer = self.answer(order, "PO1*1*12*EA*4**BP*TEST-CORN", "ACK*IP*12*EA")
        purchaser = new_test_user(self.env, "purchaser", groups="purchase.group_purchase_user")
        answer.line_ids.with_user(purchaser).action_refuse()
        self.assertEqual(order.order_line.price_unit, 3.25)
        self.assertEqual((answer.state, answer.line_ids.state), ("done", "refused"))
        self.assertEqual(self.exceptions_of(answer).state, "resolved")
        self._assert_told(answer, "rejected", purchaser)

    def test_a_part_is_refused(self):
        """E2: what does not come is taken off the order, by itself where that is agreed."""
        order = self.buy()
        told = ("PO1*1*12*EA*3.25**BP*TEST-CORN", "ACK*IA*9*EA", "ACK*R3*3*EA")
        answer = self.answer(order, *told)
        self.assertEqual((answer.line_ids.state, answer.line_ids.refused_quantity), ("waiting", 3))
        self.assertIn("refused 3", self.exceptions_of(answer).detail)
        answer.action_accept()
        line = order.order_line
        self.assertEqual((line.product_qty, line.price_unit), (9, 3.25))
        self.assertEqual(str(line.date_planned), "2031-05-14 10:00:00")
        self.tolerate("refusal")
        second = self.buy()
        self.assertEqual(self.answer(second, *told).line_ids.state, "changed")
        self.assertEqual(second.order_line.product_qty, 9)

    def test_the_whole_order_is_refused(self):
        """E2: it waits with high severity; accepted, the order is cancelled with its receipt."""
        order = self.buy()
        answer = self.answer(order, status="RD")
        exception = self.exceptions_of(answer)
        self.assertEqual((exception.severity, order.state), ("high", "purchase"))
        answer.action_accept()
        self.assertEqual(order.state, "cancel")
        self.assertEqual(set(order.picking_ids.mapped("state")), {"cancel"})

    def test_backordered(self):
        """E2: the last day counts; a part without a date waits whatever is tolerated."""
        self.tolerate("date", absolute=100)
        order = self.buy()
        line = "PO1*1*12*EA*3.25**BP*TEST-CORN"
        answer = self.answer(order, line, "ACK*IA*8*EA*067*20310514", "ACK*IB*4*EA*067*20310610")
        self.assertEqual((answer.line_ids.state, answer.line_ids.quantity), ("changed", 12))
        self.assertEqual(order.order_line.date_planned.date(), date(2031, 6, 10))
        answer = self.answer(self.buy(), line, "ACK*IA*8*EA*067*20310514", "ACK*IB*4*EA")
        self.assertEqual((answer.line_ids.state, answer.line_ids.is_undated), ("waiting", True))

    def test_several_answers_for_the_same_goods(self):
        """E2: an ACK for each change, every one with the whole quantity, does not double it."""
        self.tolerate("price", absolute=1)
        self.tolerate("date", absolute=10)
        order = self.buy()
        answer = self.answer(
            order, "PO1*1*12*EA*3.5**BP*TEST-CORN", "ACK*IP*12*EA", "ACK*DR*12*EA*067*20310520"
        )
        self.assertEqual((answer.line_ids.state, answer.line_ids.quantity), ("changed", 12))
        self.assertEqual(order.order_line.date_planned.date(), date(2031, 5, 20))

    def test_days_in_transit(self):
        """E2: a supplier that tells when goods leave."""
        self.mill.transit_days = 4
        answer = self.answer(self.buy(), "PO1*1*12*EA*3.25**BP*TEST-CORN", "ACK*IA*12*EA*068*20310510")
        self.assertEqual((answer.line_ids.state, answer.line_ids.date), ("unchanged", date(2031, 5, 14)))

    def test_substituted(self):
        """E2: an approved substitute becomes a line of the order, any other waits."""
        order = self.buy()
        told = ("PO1*1*12*EA*3.25**BP*TEST-CORN", "ACK*IA*8*EA", "ACK*IS*4*EA****BP*TEST-GLOVES")
        self.tolerate("substitution")
        answer = self.answer(order, *told)
        self.assertEqual((answer.line_ids.state, answer.line_ids.substitute_id), ("waiting", self.gloves))
        self.env["dist.product.substitution"].create(
            {"product_id": self.corn.id, "substitute_id": self.gloves.id}
        )
        second = self.buy()
        self.assertEqual(self.answer(second, *told).line_ids.state, "changed")
        self.assertEqual(second.order_line.mapped("product_id"), self.corn + self.gloves)
        self.assertEqual(second.order_line.mapped("product_qty"), [8, 4])
        self.assertEqual(second.order_line.mapped("dist_line_ref"), ["1", "2"])
        self.assertEqual(second.order_line[1].price_unit, 3.25)
        self.assertEqual(sum(second.order_line[1].move_ids.mapped("product_uom_qty")), 4)

    def test_in_the_supplier_unit(self):
        """E2: quantity and price of dozens are those of pieces."""
        order = self.buy()
        answer = self.answer(order, "PO1*1*1*DZ*39**BP*TEST-CORN", "ACK*IA*1*DZ")
        self.assertEqual((answer.line_ids.state, answer.line_ids.quantity), ("unchanged", 12))
        self.assertAlmostEqual(answer.line_ids.price, 3.25)

    def test_a_line_that_was_not_ordered(self):
        """E2: it always waits; accepted, it is ordered."""
        order = self.buy()
        answer = self.answer(
            order,
            "PO1*1*12*EA*3.25**BP*TEST-CORN",
            "ACK*IA*12*EA",
            "PO1*7*5*EA*2**BP*TEST-GLOVES",
            "ACK*IA*5*EA",
        )
        self.assertEqual(answer.line_ids.mapped("state"), ["unchanged", "waiting"])
        self.assertIn("was not ordered", self.exceptions_of(answer).detail)
        answer.action_accept()
        added = order.order_line[1]
        self.assertEqual((added.product_id, added.product_qty, added.price_unit), (self.gloves, 5, 2))

    def test_less_than_has_come(self):
        """E2: nobody takes off what was received, whatever is tolerated."""
        self.tolerate("quantity", absolute=100)
        order = self.buy()
        self.receive(order, 10)
        answer = self.answer(order, "PO1*1*6*EA*3.25**BP*TEST-CORN", "ACK*IQ*6*EA")
        self.assertEqual(answer.line_ids.state, "waiting")
        with self.assertRaisesRegex(UserError, "10 .* have come already"):
            answer.action_accept()

    # twice, late, wrong

    def test_repeated(self):
        """M5: the same answer in another interchange has no second effect."""
        self.tolerate("quantity", absolute=5)
        order = self.buy()
        told = ("PO1*1*10*EA*3.25**BP*TEST-CORN", "ACK*IQ*10*EA")
        self.answer(order, *told)
        order.order_line.product_qty = 11
        self.assertFalse(self.answer(order, *told))
        self.assertEqual((order.order_line.product_qty, order.dist_acknowledgement_count), (11, 1))

    def test_answered_anew(self):
        """E2: a later answer stands for what waited."""
        order = self.buy()
        first = self.answer(order, "PO1*1*12*EA*4**BP*TEST-CORN", "ACK*IP*12*EA")
        second = self.answer(order, "PO1*1*12*EA*3.25**BP*TEST-CORN", "ACK*IA*12*EA", number="VN-2")
        self.assertEqual((first.state, first.line_ids.state), ("done", "superseded"))
        self.assertEqual(self.exceptions_of(first).state, "resolved")
        self.assertEqual(second.line_ids.state, "unchanged")

    def test_only_received(self):
        """E2: an answer without details notes that the order arrived."""
        order = self.buy()
        answer = self.answer(order, status="NA")
        self.assertEqual((answer.state, answer.line_ids.ids), ("done", []))
        self.assertTrue(order[ACKNOWLEDGED])

    def test_what_cannot_be_applied(self):
        """E2, X1: each is named, and nothing of it changes the order."""
        order, cancelled = self.buy(), self.buy()
        cancelled.button_cancel()
        other = self.buy(partner_id=self.env["res.partner"].create({"name": "Other"}).id)
        line = ["PO1*1*12*EA*4**BP*TEST-CORN", "ACK*IP*12*EA"]
        cases = {
            "unknown_order": ["BAK*00*AC*NONE*20260302", *line],
            "order_not_open": [f"BAK*00*AC*{cancelled.name}*20260302", *line],
            "not_the_supplier": [f"BAK*00*AC*{other.name}*20260302", *line],
            "currency_differs": [f"BAK*00*AC*{order.name}*20260302", "CUR*SE*JPY", *line],
            "line_mismatch": [f"BAK*00*AC*{order.name}*20260302", "PO1*1*12*EA*4**BP*TEST-GLOVES"],
            "line_twice": [f"BAK*00*AC*{order.name}*20260302", *line, *line],
            "unknown_product": [f"BAK*00*AC*{order.name}*20260302", "PO1*9*1*EA*4**VP*M-9"],
            "unknown_unit": [f"BAK*00*AC*{order.name}*20260302", "PO1*1*1*CA*4**BP*TEST-CORN"],
        }
        for code, segments in cases.items():
            with self.subTest(code):
                self.assertEqual(self.refused(*segments).code, code)
        self.assertEqual(order.order_line.price_unit, 3.25)
        self.assertFalse(order.dist_acknowledgement_ids)

    def test_an_item_that_is_explained(self):
        """E6, M8: the supplier's price list explains its numbers; else a person does, and the answer goes on."""
        order = self.buy((self.gloves, 5, 2.0))
        self.gloves.seller_ids = [(0, 0, {"partner_id": self.vendor.id, "product_code": "G-1"})]
        answer = self.answer(order, "PO1*9*5*EA*2**VP*G-1", "ACK*IA*5*EA")
        self.assertEqual(answer.line_ids.order_line_id, order.order_line)
        message = self.hear([f"BAK*00*AC*{order.name}*20260302", "PO1*8*5*EA*2**VP*G-2", "CTT*1"])
        self.assertEqual((message.state, message.exception_id.external_code), ("error", "G-2"))
        self.map_code("product", "G-2", self.gloves, system=self.supplier)
        message.action_retry()
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        self.assertEqual((message.state, order.dist_acknowledgement_count), ("done", 2))

    def test_a_test_interchange(self):
        """E6: it never touches a live order."""
        order = self.buy()
        raw = self.x12(
            [f"BAK*00*RD*{order.name}*20260302"], code="855", control=900, sender="MILL", test=True
        )
        self.assertEqual(self.take(raw, key=self.mill_key).document_ids.state, "test")
        self.assertFalse(order.dist_acknowledgement_ids)

    # rights and configuration

    def test_rights(self):
        """G8: who may not change purchase orders decides nothing; nobody writes what was told."""
        answer = self.answer(self.buy(), "PO1*1*12*EA*4**BP*TEST-CORN", "ACK*IP*12*EA")
        operator = new_test_user(self.env, "operator", groups="dist_integration_base.group_dist_operator")
        for method in ("action_accept", "action_refuse"):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(answer.with_user(operator), method)()
        self.assertTrue(answer.with_user(operator).line_ids.read(["price"]))
        purchaser = new_test_user(self.env, "purchaser", groups="purchase.group_purchase_user")
        with self.assertRaises(AccessError):
            answer.line_ids.with_user(purchaser).write({"price": 1})

    def test_tolerances(self):
        """E2, G5: entered on the partner's form by a manager; what makes no sense is refused."""
        manager = new_test_user(self.env, "chief", groups="dist_integration_base.group_dist_manager")
        with Form(self.mill.with_user(manager)) as form:
            form.transit_days = 3
            with form.tolerance_ids.new() as rule:
                rule.subject = "date"
                rule.direction = "more"
                rule.absolute = 2
        rule = self.mill.tolerance_ids
        self.assertEqual((rule.subject, rule.document, rule.absolute), ("date", "acknowledgement", 2))
        self._assert_told(rule, "created", manager)
        with self.assertRaisesRegex(ValidationError, "by days"), self.env.cr.savepoint():
            rule.limits_percent = True
        with self.assertRaisesRegex(ValidationError, "no such difference"), self.env.cr.savepoint():
            rule.document = "invoice"


@tagged("post_install", "-at_install")
class TestPurchaseAcknowledgedEdifact(SupplierCase):
    def test_an_ordrsp(self):
        """E2: the same by EDIFACT: accepted, changed and refused lines."""
        self.mill.active = False
        self.mill = self.make_mill(
            standard="EDIFACT", qualifier="14", own_qualifier="14", acknowledgement="none"
        )
        self.agree(self.mill, "out", "ORDERS")
        self.agree(self.mill, "in", "ORDRSP")
        self.tolerate("date", absolute=5)
        order = self.buy((self.corn, 12, 3.25), (self.gloves, 5, 2.0))
        segments = [
            "BGM+231+RSP-1+4",
            "DTM+137:20260302:102",
            f"RFF+ON:{order.name}",
            "RFF+VN:VO-77",
            "LIN+1+3+TEST-CORN:IN",
            "QTY+21:12:PCE",
            "QTY+113:12:PCE",
            "DTM+67:20310516:102",
            "PRI+AAA:3.25",
            "LIN+2+7+TEST-GLOVES:IN",
            "QTY+21:5:PCE",
            "UNS+S",
            "CNT+2:2",
        ]
        raw = self.edifact(segments, code="ORDRSP", control=next(self.numbers), sender="MILL")
        taken = self.take(raw, key=self.mill_key, media_type="application/edifact")
        message = taken.document_ids.message_id
        self.assertEqual(message.state, "done", message.error or taken.document_ids.problem)
        answer = order.dist_acknowledgement_ids
        self.assertEqual((answer.external_id, order.partner_ref), ("RSP-1", "VO-77"))
        self.assertEqual(answer.line_ids.mapped("state"), ["changed", "waiting"])
        self.assertEqual(str(order.order_line[0].date_planned), "2031-05-16 10:00:00")
        self.assertEqual(answer.line_ids[1].refused_quantity, 5)
