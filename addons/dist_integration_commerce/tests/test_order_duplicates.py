from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderDuplicates(CommerceCase):
    def test_same_order_same_answer(self):
        """C3, M5: the same order under another idempotency key makes nothing new and is answered the same."""
        body = self.order()
        first, order = self.submit_ok(body, headers={"Idempotency-Key": "one"})
        second, same = self.submit_ok(body, headers={"Idempotency-Key": "two"})
        self.assertEqual(first, second)
        self.assertEqual(order, same)
        self.assertEqual(len(order.picking_ids), 1)
        self.assertEqual(
            self.env["sale.order"].search_count([("dist_external_ref", "=", body["reference"])]), 1
        )
        self.assertEqual(len(self.messages_of(order)), 2, "both messages lead to the order")

    def test_same_order_after_the_purge(self):
        """G6, M5: the order keeps no copy of a purged answer; submitted again it makes nothing, and says so."""
        body = self.order()
        _answer, order = self.submit_ok(body, headers={"Idempotency-Key": "one"})
        self.messages_of(order)._purge()
        self.assertFalse(order.dist_answer)
        problem, _errors = self.submit_refused(body, status=410, headers={"Idempotency-Key": "two"})
        self.assertEqual(problem["code"], "answer_purged")
        self.assertEqual(
            self.env["sale.order"].search_count([("dist_external_ref", "=", body["reference"])]), 1
        )
        self.assertFalse(self.exceptions_of(order))

    def test_a_person_is_erased(self):
        """G6: what an order keeps of its message is erased with it."""
        _answer, order = self.submit_ok(self.order(note="Ring Anna Berg, anna@berg.example"))
        wizard = self.env["dist.personal.erase"].create(
            {"identifiers": "anna@berg.example", "reason": "Request"}
        )
        wizard.action_erase()
        self.env.invalidate_all()
        self.assertEqual(wizard.message_ids, self.messages_of(order))
        self.assertEqual(order.dist_note, "[erased]")

    def test_same_order_members_in_other_sequence(self):
        """M5: the order of the members of an object does not make another order."""
        body = self.order()
        _answer, order = self.submit_ok(body)
        shuffled = dict(reversed(list(body.items())))
        _answer, same = self.submit_ok(shuffled, headers={"Idempotency-Key": "other"})
        self.assertEqual(order, same)

    def test_same_order_after_it_changed(self):
        """M5: what became of an order since does not change the answer to its submission."""
        body = self.order()
        first, order = self.submit_ok(body, headers={"Idempotency-Key": "one"})
        order._action_cancel()
        second, _order = self.submit_ok(body, headers={"Idempotency-Key": "two"})
        self.assertEqual(first, second)

    def test_other_content_is_refused(self):
        """C3: another order under a known reference is refused, and somebody is told once."""
        body = self.order()
        answer, order = self.submit_ok(body)
        other = {**body, "lines": [self.line(quantity="7")]}
        problem, errors = self.submit_refused(other, status=409)
        self.assertEqual(problem["code"], "duplicate_order")
        self.assertEqual(errors, {"duplicate_order": "/reference"})
        self.assertIn(answer["order"], problem["detail"])
        self.submit_refused({**body, "lines": [self.line(quantity="8")]}, status=409)
        exception = self.exceptions_of(order)
        self.assertEqual(exception.mapped("code"), ["duplicate_order"])
        self.assertEqual(exception.severity, "low")
        self.assertEqual(len(exception.dist_message_ids), 2)
        self.assertLessEqual(exception.dist_message_ids, self.messages_of(order), "they are about the order")
        exception.dist_message_ids._purge()
        self.assertTrue(order.dist_answer, "what was answered to its own message is another message's")

    def test_reference_belongs_to_its_system(self):
        """C3: two systems may use the same reference."""
        other_system, _client, other_key = self.make_shop("OTHER")
        self.make_channel(other_system)
        self.bind(self.customer, "C-1", system=other_system)
        body = self.order()
        _answer, order = self.submit_ok(body)
        _answer, other = self.submit_ok(body, key=other_key)
        self.assertNotEqual(order, other)

    def test_unique_constraint(self):
        """C3: the database itself keeps a reference unique in a channel."""
        _answer, order = self.submit_ok(self.order())
        values = {
            "partner_id": self.customer.id,
            "dist_channel_id": self.channel.id,
            "dist_external_ref": order.dist_external_ref,
        }
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.env["sale.order"].create(values)

    def test_copy_is_no_duplicate(self):
        """C3: an order copied by a person has nothing of the channel."""
        _answer, order = self.submit_ok(self.order())
        copied = order.copy()
        self.assertFalse(copied.dist_channel_id)
        self.assertFalse(copied.dist_external_ref)
        self.assertFalse(copied.dist_state)
        self.assertFalse(copied.order_line.dist_line_ref)

    def test_order_deleted_since(self):
        """C3: an order is deleted once the shop knows that it was cancelled; its reference can be used again."""
        self.customer.dist_blocked = True
        body = self.order()
        _answer, order = self.submit_ok(body, headers={"Idempotency-Key": "one"})
        with self.assertRaisesRegex(UserError, "Cancel first what a sales channel has ordered"):
            order.unlink()
        bindings = self.env["dist.binding"].search(
            [("res_model", "=", order._name), ("res_id", "=", order.id)]
        )
        with self.assertRaisesRegex(UserError, order.name):
            bindings.unlink()
        order._action_cancel()
        order.unlink()
        self.customer.dist_blocked = False
        answer, _order = self.submit_ok(body, headers={"Idempotency-Key": "two"})
        self.assertEqual(answer["status"], "accepted")
