import json

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderItems(CommerceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # from 19.0 on it is archived until somebody wants it
        cls.dozen.active = True

    def held(self, body):
        """:return: reasons of a message that waits"""
        response = self.submit(body)
        self.assertEqual(response.status_code, 202, response.text)
        self.assertEqual(response.json_body["status"], "held")
        return response.json_body["reasons"]

    def test_unknown_sku_waits(self):
        """C3, M8: an unknown item stops its own order alone, with an exception that names it."""
        reasons = self.held(self.order(self.line("TEST-CORN"), self.line("NO-SUCH-ITEM")))
        self.assertTrue(reasons[0]["pointer"].startswith("/lines/1/item"))
        exception = self.env["dist.exception"].search([("external_code", "=", "NO-SUCH-ITEM")])
        self.assertEqual(exception.category, "mapping")
        self.submit_ok(self.order())

    def test_unknown_unit_waits_and_is_fixed(self):
        """C3, M8: once the unit is mapped the waiting order is taken, and the exception closes by itself."""
        body = self.order(self.line(unit="PAL"))
        reasons = self.held(body)
        self.assertEqual(reasons[0]["pointer"], "/lines/0/unit")
        exception = self.env["dist.exception"].search([("external_code", "=", "PAL")])
        self.assertEqual(exception.mapping_domain, "unit")
        self.assertEqual(exception.mapping_model, "uom.uom")
        self.map_code("unit", "PAL", self.dozen)
        exception.dist_message_ids.action_retry()
        self.env.invalidate_all()
        order = self.env["sale.order"].search([("dist_external_ref", "=", body["reference"])])
        self.assertEqual(order.state, "sale")
        self.assertEqual(exception.state, "resolved")

    def fix(self, code, record):
        """Say what an unknown code means, as a person does in the dialog.

        :return: dist.exception of the code
        """
        exception = self.env["dist.exception"].search(
            [("external_code", "=", code), ("state", "in", ("open", "in_progress"))]
        )
        action = exception.action_fix_mapping()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard.record_ref = record
        wizard.action_fix()
        self.env.invalidate_all()
        return exception

    def check_solved(self, exception, resolution="mapped"):
        self.assertEqual((exception.state, exception.resolution), ("resolved", resolution))
        self.assertEqual(exception.resolved_by_id, self.env.user)
        self.assertFalse(exception.activity_ids)

    def test_unknown_item_then_unknown_unit(self):
        """X1: an exception closes when its cause is gone, although the order then meets another one."""
        self.system.business_owner_id = self.env.user
        body = self.order(self.line("NEW-1", unit="PAL"))
        self.held(body)
        self.check_solved(self.fix("NEW-1", self.corn))
        self.check_solved(self.fix("PAL", self.dozen))
        order = self.env["sale.order"].search([("dist_external_ref", "=", body["reference"])])
        self.assertEqual(order.state, "sale")

    def test_unknown_item_then_wrong_price(self):
        """X1: an exception closes when its cause is gone, although the order it lets through is held for another."""
        self.system.business_owner_id = self.env.user
        body = self.order(self.line("NEW-1", unit_price="1"))
        self.held(body)
        item = self.fix("NEW-1", self.corn)
        self.check_solved(item)
        order = self.env["sale.order"].search([("dist_external_ref", "=", body["reference"])])
        self.assertEqual(order.dist_state, "held")
        price = self.exceptions_of(order)
        self.assertEqual((price.state, price.code), ("open", "price_mismatch"))

    def test_item_mapped_to_a_deleted_product(self):
        """M8, X1: an item whose product was deleted is mapped to another one; its orders go on."""
        gone = self.make_product("TEST-GONE", 0)
        row = self.map_code("product", "NEW-1", gone)
        gone.unlink()
        body = self.order(self.line("NEW-1"))
        self.held(body)
        self.check_solved(self.fix("NEW-1", self.corn))
        order = self.env["sale.order"].search([("dist_external_ref", "=", body["reference"])])
        self.assertEqual((order.state, order.order_line.product_id), ("sale", self.corn))
        self.assertEqual(row.res_id, self.corn.id)

    def find(self, *codes):
        """:return: dist.exception of unknown codes, in their order"""
        found = {
            exception.external_code: exception
            for exception in self.env["dist.exception"].search([("external_code", "in", codes)])
        }
        return [found[code] for code in codes]

    def test_several_unknown_codes(self):
        """C3, M8, X1: every unknown code is told with its place and has an exception; the last one lets it go on."""
        self.system.business_owner_id = self.env.user
        body = self.order(
            self.line("NEW-1"),
            self.line("TEST-CORN", unit="PAL"),
            self.line("NEW-2"),
            self.line("NEW-1"),
            shipping_method="PIGEON",
        )
        told = {(reason["pointer"], reason["code"]) for reason in self.held(body)}
        expected = {
            ("/lines/0/item", "unknown_product"),
            ("/lines/1/unit", "unknown_unit"),
            ("/lines/2/item", "unknown_product"),
            ("/lines/3/item", "unknown_product"),
            ("/shipping_method", "unknown_carrier"),
        }
        self.assertEqual(told, expected)
        exceptions = self.find("NEW-1", "NEW-2", "PIGEON", "PAL")
        message = exceptions[0].affected_message_ids
        for exception in exceptions:
            self.assertEqual((exception.state, exception.message_count), ("open", 1))
            self.assertEqual(exception.affected_message_ids, message)
            self.assertEqual((exception.impact_orders, exception.impact_lines), (1, 4))
            self.assertTrue(exception.can_fix_mapping and exception.can_retry)
            self.assertIn(exception.external_code, exception.detail)
        carrier = self.env["delivery.carrier"].create(
            {"name": "Pigeon", "product_id": self.make_product("TEST-PIGEON", 0).id}
        )
        means = {"NEW-1": self.corn, "NEW-2": self.gloves, "PIGEON": carrier, "PAL": self.dozen}
        # the first that was told is not the first to be solved
        for number, code in enumerate(("NEW-2", "PAL", "NEW-1", "PIGEON"), 1):
            self.check_solved(self.fix(code, means[code]))
            opened = [exception for exception in exceptions if exception.state == "open"]
            self.assertEqual(len(opened), 4 - number, "each is closed by its own answer")
        order = self.env["sale.order"].search([("dist_external_ref", "=", body["reference"])])
        self.assertEqual((order.state, order.carrier_id), ("sale", carrier))
        self.assertEqual(message.state, "done")

    def test_several_unknown_codes_given_up(self):
        """X1: with the order all exceptions about its codes are closed; those of other orders stay."""
        self.held(self.order(self.line("NEW-1"), self.line("NEW-2"), self.line("NEW-3")))
        self.held(self.order(self.line("NEW-3"), self.line("NEW-1")))
        first, second, third = self.find("NEW-1", "NEW-2", "NEW-3")
        self.assertEqual((first.message_count, second.message_count, third.message_count), (2, 1, 2))
        self.assertEqual((third.impact_orders, third.impact_lines), (2, 5))
        second.affected_message_ids.action_cancel("Not wanted any more")
        self.env.invalidate_all()
        self.assertEqual((first.state, second.state, third.state), ("open", "resolved", "open"))
        self.assertEqual((first.impact_orders, third.impact_orders), (1, 1))
        first._ignore("Nor this one")
        self.env.invalidate_all()
        self.assertEqual((first.state, third.state), ("ignored", "resolved"))

    def test_several_unknown_codes_corrected(self):
        """X1: a correction that names other items settles what was asked about the former ones."""
        body = self.order(self.line("NEW-1"), self.line("NEW-2"), self.line("NEW-3"))
        self.held(body)
        exceptions = self.find("NEW-1", "NEW-2", "NEW-3")
        body["lines"] = [self.line("TEST-CORN"), self.line("NEW-3")]
        message = exceptions[0].affected_message_ids
        correction = self.env["dist.message"].browse(message._resubmit(json.dumps(body)))
        self.env.invalidate_all()
        self.assertEqual([exception.state for exception in exceptions][2], "open")
        self.assertEqual(exceptions[2].affected_message_ids & correction, correction)
        self.fix("NEW-3", self.gloves)
        self.assertEqual({exception.state for exception in exceptions}, {"resolved"})
        self.assertEqual((message.state, correction.state), ("cancelled", "done"))

    def test_unit_that_does_not_count_the_item(self):
        """M8, X1: an unknown unit of pieces cannot be said to be a kilogram; where an item is counted so, it can."""
        self.held(self.order(self.line(unit="PAL")))
        with self.assertRaisesRegex(UserError, "TEST-CORN.* is counted in Units, not in kg: PAL cannot"):
            self.fix("PAL", self.env.ref("uom.product_uom_kgm"))
        with self.assertRaisesRegex(
            UserError, "a record of Product Unit of Measure|a record of Unit of Measure"
        ):
            self.fix("PAL", self.corn)
        self.assertFalse(self.env["dist.code.map"].search([("external_code", "=", "PAL")]))
        self.check_solved(self.fix("PAL", self.dozen))

    def test_left_exception_counts_what_stays(self):
        """X1: what an exception puts at risk goes down with a message that left it for another one."""
        self.held(self.order(self.line("NEW-1", unit="PAL", unit_price="5")))
        self.held(self.order(self.line("NEW-1", unit_price="7")))
        item = self.env["dist.exception"].search([("external_code", "=", "NEW-1")])
        self.assertEqual((item.impact_orders, item.impact_value), (2, 12.0))
        self.map_code("product", "NEW-1", self.corn)
        item.dist_message_ids.sorted("id")[0].action_retry()
        self.env.invalidate_all()
        self.assertEqual((item.state, item.message_count), ("open", 1))
        self.assertEqual((item.impact_orders, item.impact_value), (1, 7.0))

    def test_unit_of_another_kind(self):
        """C3: an item is not sold by a unit of another kind."""
        self.map_code("unit", "KG", self.env.ref("uom.product_uom_kgm"))
        _problem, errors = self.submit_refused(self.order(self.line(unit="KG")))
        self.assertEqual(errors, {"unit_mismatch": "/lines/0/unit"})

    def test_quantity_finer_than_the_unit(self):
        """C3: a quantity that the unit cannot express is refused, not rounded."""
        self.set_whole_units(self.units)
        _problem, errors = self.submit_refused(self.order(self.line(quantity="1.5", unit="EA")))
        self.assertEqual(errors, {"quantity_precision": "/lines/0/quantity"})

    def test_not_for_sale(self):
        """C3: an item that is not for sale is refused."""
        self.corn.sale_ok = False
        _problem, errors = self.submit_refused(self.order())
        self.assertEqual(errors, {"not_for_sale": "/lines/0/item"})

    def test_one_line_refused(self):
        """C3: what is wrong with one line leaves the others; the answer says which."""
        self.corn.sale_ok = False
        answer, order = self.submit_ok(self.order(self.line("TEST-CORN"), self.line("TEST-GLOVES", "2")))
        self.assertEqual(answer["status"], "accepted_in_part")
        self.assertEqual([line["status"] for line in answer["lines"]], ["refused", "accepted"])
        self.assertEqual(answer["lines"][0]["accepted_quantity"], "0")
        self.assertIsNone(answer["lines"][0]["unit_price"])
        self.assertEqual(order.order_line.product_id, self.gloves)
        self.assertEqual(order.dist_state, "accepted_in_part")

    def test_gtin(self):
        """C3: an item is named by its GTIN."""
        self.corn.barcode = "4006381333931"
        _answer, order = self.submit_ok(
            self.order({"line": "1", "item": {"gtin": "4006381333931"}, "quantity": "1"})
        )
        self.assertEqual(order.order_line.product_id, self.corn)

    def test_item_bound_to_the_system(self):
        """M8: the system's own item number leads to the product it was bound to."""
        self.bind(self.gloves, "SHOP-77")
        _answer, order = self.submit_ok(self.order(self.line("SHOP-77")))
        self.assertEqual(order.order_line.product_id, self.gloves)

    def test_binding_comes_before_the_item_number(self):
        """M8: the system's own meaning of a number wins over an item number that reads the same."""
        self.bind(self.gloves, "TEST-CORN")
        _answer, order = self.submit_ok(self.order(self.line("TEST-CORN")))
        self.assertEqual(order.order_line.product_id, self.gloves)

    def test_repeated_line_reference(self):
        """C3: two lines with one reference could not be told apart; the second is refused."""
        line = self.line()
        answer, order = self.submit_ok(self.order(line, {**line, "item": {"sku": "TEST-GLOVES"}}))
        self.assertEqual(answer["status"], "accepted_in_part")
        self.assertEqual(answer["lines"][1]["reasons"][0]["code"], "repeated_line")
        self.assertEqual(len(order.order_line), 1)

    def test_lines_without_reference(self):
        """C3: a line without a reference is known by its position."""
        first, second = self.line(), self.line("TEST-GLOVES")
        del first["line"], second["line"]
        answer, order = self.submit_ok(self.order(first, second))
        self.assertEqual([line["line"] for line in answer["lines"]], ["1", "2"])
        self.assertEqual(order.order_line.mapped("dist_line_ref"), ["1", "2"])

    def test_bad_bodies(self):
        """M4: what does not fit the schema is refused with a pointer to it, and no order."""
        for change, pointer in (
            ({"lines": []}, "/lines"),
            ({"lines": [self.line(quantity="0")]}, "/lines/0/quantity"),
            ({"lines": [self.line(quantity="-1")]}, "/lines/0/quantity"),
            ({"lines": [self.line(quantity=1)]}, "/lines/0/quantity"),
            ({"lines": [self.line(quantity="1e3")]}, "/lines/0/quantity"),
            ({"lines": [self.line(quantity="1,5")]}, "/lines/0/quantity"),
            ({"lines": [self.line(unit_price="-1")]}, "/lines/0/unit_price"),
            ({"lines": [{"quantity": "1"}]}, "/lines/0/item"),
            ({"lines": [{"item": {}, "quantity": "1"}]}, "/lines/0/item"),
            ({"reference": ""}, "/reference"),
            ({"reference": " X"}, "/reference"),
            ({"reference": "X" * 65}, "/reference"),
            ({"currency": "usd"}, "/currency"),
            ({"requested_date": "2031-02-30"}, "/requested_date"),
            ({"customer": {}}, "/customer"),
            ({"surprise": 1}, "/surprise"),
        ):
            with self.subTest(change=change):
                body = {**self.order(), **change}
                problem, errors = self.submit_refused(body)
                self.assertEqual(problem["code"], "invalid_message")
                self.assertTrue(
                    any(found.startswith(pointer) for found in errors.values()), f"{pointer} in {errors}"
                )
