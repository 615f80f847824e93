from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from .common import ACKNOWLEDGE, ANSWER, WmsHttpCase

PLACE = "Lindenstr. 5, 10969 Berlin, DE"
FORMER = f"Fieldmart Berlin, {PLACE}"


@tagged("post_install", "-at_install")
class TestChangedAddress(WmsHttpCase):
    """W1: the address of a contact is changed while a warehouse works on a delivery to it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._put(cls.tape, 100)
        cls._put(cls.glove, 100)
        groups = (
            "stock.group_stock_user",
            "base.group_partner_manager",
            "dist_integration_base.group_dist_user",
        )
        cls.worker = new_test_user(cls.env, "address-worker", groups=",".join(groups))

    def setUp(self):
        super().setUp()
        self.picking = self._sell((self.tape, 4), (self.glove, 2))

    def _move(self, street="Hafenweg 1", contact=None):
        """Change the address on the form, as a person does."""
        with Form((contact or self.customer).with_user(self.worker)) as form:
            form.street = street

    def _get_exceptions(self, picking=None, states=("open", "in_progress")):
        return self.env["dist.exception"].search(
            [
                ("code", "=", "address_changed"),
                ("res_id", "in", (picking or self.picking).ids),
                ("state", "in", states),
            ]
        )

    def _ask_change(self, picking=None, **values):
        """Ask in the form for what it proposes, and for other values.

        :return: dist.release.request
        """
        picking = (picking or self.picking).with_user(self.worker)
        action = picking.with_context(dist_kind="change").action_dist_ask()
        form = Form(self.env["dist.release.ask"].with_user(self.worker).with_context(**action["context"]))
        form.reason = "They have moved"
        for name, value in values.items():
            setattr(form, name, value)
        form.save().action_ask()
        self._commit_events()
        return picking.dist_request_ids[0]

    def _answer(self, request, status="accepted", **values):
        response, message = self._post(ANSWER, {"request": request.name, "status": status, **values})
        self._assert_ok(response)
        self._commit_events()
        return message

    def test_told(self):
        """W1, X1: who changes an address is told which delivery goes to the former one, with what to do about it."""
        self._move()
        exception = self._get_exceptions()
        self.assertEqual((exception.assignee_id, exception.severity), (self.worker, "high"))
        self.assertIn(FORMER, exception.detail)
        self.assertIn("Hafenweg 1", exception.detail)
        self.assertIn("Request change", exception.suggestion)
        self.assertEqual(exception.system_id, self.system)
        self.assertEqual(self.picking.dist_former_address, FORMER)
        self.assertIn(self.picking.name, self.customer.message_ids[0].body)
        self._move("Hafenweg 2")
        self.assertEqual(self._get_exceptions(), exception)
        self.assertIn("Hafenweg 2", exception.detail)
        self.assertEqual(self.picking.dist_former_address, FORMER)

    def test_set_back(self):
        """W1: an address that is set back leaves nothing to settle."""
        self._move()
        self._move("Lindenstr. 5")
        self.assertFalse(self._get_exceptions())
        self.assertFalse(self.picking.dist_former_address)

    def test_change_asked_for(self):
        """W1, X1: the form proposes the new address; asked for it is settled, agreed to it is known."""
        self._move()
        request = self._ask_change()
        self.assertFalse(self._get_exceptions())
        self.assertEqual(self.picking.dist_former_address, FORMER)
        data = self._get_data(self.picking, "shipment.change.requested")
        self.assertEqual((data["ship_to"]["street"], data["lines"]), ("Hafenweg 1", []))
        self._answer(request)
        self.assertEqual((self.picking.dist_former_address, self._get_exceptions().ids), (False, []))
        with self.assertRaisesRegex(UserError, "Nothing is changed"):
            self._ask_change()

    def test_change_refused(self):
        """W1, X1: refused, it still goes to the former address and shows that; the next question tells the new one."""
        self._move()
        message = self._answer(self._ask_change(), "refused", reason="label_printed")
        self.assertEqual(self.picking.dist_former_address, FORMER)
        message.exception_id.with_user(self.worker).action_ask_again()
        self._commit_events()
        self._answer(self.picking.dist_request_ids[0])
        self.assertFalse(self.picking.dist_former_address)

    def test_changed_while_it_is_asked(self):
        """W1: an address that is changed again before the answer: the warehouse agrees to one that is former now."""
        self._move()
        request = self._ask_change()
        self._move("Hafenweg 2")
        self.assertTrue(self._get_exceptions())
        self._answer(request)
        self.assertIn("Hafenweg 1", self.picking.dist_former_address)
        self.assertIn("Hafenweg 1", self._get_exceptions().detail)

    def test_set_back_while_it_is_asked(self):
        """W1: so it is when the address was set back before the warehouse agreed to the new one."""
        self._move()
        request = self._ask_change()
        self._move("Lindenstr. 5")
        self.assertFalse(self._get_exceptions())
        self._answer(request)
        self.assertIn("Hafenweg 1", self.picking.dist_former_address)
        self.assertEqual(self._get_exceptions().assignee_id, self.worker)

    def test_unlocked(self):
        """W1: a delivery that is locked again after an override tells the new address by itself."""
        self.picking._dist_unlock("By phone")
        self._move()
        self.assertTrue(self._get_exceptions())
        self.picking.action_dist_lock()
        self._commit_events()
        data = self._get_data(self.picking, "shipment.change.requested")
        self.assertEqual(data["ship_to"]["street"], "Hafenweg 1")
        self.assertFalse(self._get_exceptions())
        self._answer(self.picking.dist_request_ids)
        self.assertFalse(self.picking.dist_former_address)

    def test_shipped(self):
        """W1: once the delivery is done there is nothing to settle any more."""
        self._move()
        self._assert_ok(self._ship(self.picking, (self.tape, 4), (self.glove, 2))[0])
        self._commit_events()
        self.assertFalse(self._get_exceptions())
        self.assertFalse(self.picking.dist_former_address)

    def test_shipped_in_part(self):
        """W1: what is left of it goes to the former address as well."""
        self._move()
        self._assert_ok(self._ship(self.picking, (self.tape, 4), complete=False)[0])
        self._commit_events()
        rest = self.picking.backorder_ids
        self.assertFalse(self._get_exceptions())
        self.assertEqual(self._get_exceptions(rest).assignee_id, self.worker)
        self.assertEqual(rest.dist_former_address, FORMER)
        self._answer(self._ask_change(rest))
        self.assertFalse(self._get_exceptions(rest))

    def test_cancelled(self):
        """W1: nor when it is cancelled, by force or by the warehouse's consent."""
        other = self._sell((self.tape, 1))
        self._move()
        self.picking._dist_override_cancel("Fraud")
        self._commit_events()
        request = other._dist_ask("cancel", "They have moved")
        self._commit_events()
        self.assertTrue(self._get_exceptions(other))
        self._answer(request)
        self.assertFalse(self._get_exceptions(self.picking | other))

    def test_refused_shipment(self):
        """W1: what the warehouse refuses is told anew with the address as it is then."""
        self._move()
        self._post(ACKNOWLEDGE, {"shipment": self.picking.name, "status": "refused", "reason": "closed"})
        self.assertFalse(self._get_exceptions())
        self.assertFalse(self.picking.dist_former_address)

    def test_contact_of_a_company(self):
        """W1: a contact who has the address of his company moves with it."""
        contact = self.env["res.partner"].create({"name": "Ada", "parent_id": self.customer.id})
        order = self.picking.sale_id.copy({"partner_shipping_id": contact.id})
        order.action_confirm()
        self._commit_events()
        self._move()
        self.assertEqual(order.picking_ids.partner_id.street, "Hafenweg 1")
        self.assertEqual(order.picking_ids.dist_former_address, f"Ada, {PLACE}")
        self.assertTrue(self._get_exceptions(order.picking_ids))

    def test_not_concerned(self):
        """W1: neither what changes no address nor what is not with a warehouse is told of."""
        self.warehouse.dist_release_mode = "manual"
        waiting = self._sell((self.tape, 1))
        with Form(self.customer.with_user(self.worker)) as form:
            form.comment = "Rings twice"
        self.assertFalse(self._get_exceptions(self.picking | waiting))
        self.customer.with_user(self.worker).write({"street": "Lindenstr. 5"})
        self.assertFalse(self._get_exceptions(self.picking | waiting))
        self._move()
        self.assertEqual(self._get_exceptions(self.picking | waiting).res_id, self.picking.id)

    def test_recipient_changed(self):
        """W1: so it is with who receives, and how to reach them: the warehouse was told that as well."""
        self.customer.is_company = True
        contact = self.env["res.partner"].create(
            {"name": "Ada", "parent_id": self.customer.id, "type": "delivery"}
        )
        order = self.picking.sale_id.copy({"partner_shipping_id": contact.id})
        order.action_confirm()
        self._commit_events()
        picking = order.picking_ids
        changes = {
            "name": (contact, "Ada Lovelace"),
            "email": (contact, "ada@fieldmart.example"),
            "phone": (contact, "+49 30 5678"),
            "company": (self.customer, "Fieldmart Brandenburg"),
        }
        for name, (changed, value) in changes.items():
            with self.subTest(name):
                field = "name" if name == "company" else name
                former = changed[field]
                changed.with_user(self.worker).write({field: value})
                exception = self._get_exceptions(picking)
                self.assertIn(value, exception.detail.splitlines()[1])
                self.assertNotIn(value, picking.dist_former_address)
                changed.with_user(self.worker).write({field: former})
                self.assertFalse(self._get_exceptions(picking))

    def test_changed_by_a_program(self):
        """W1: what a shop changes is a matter for the owner of the warehouse's system."""
        owner = new_test_user(self.env, "address-owner", groups="dist_integration_base.group_dist_user")
        self.system.business_owner_id = owner
        self.customer.sudo().write({"phone": "+49 30 1234"})
        exception = self._get_exceptions()
        self.assertEqual(exception.assignee_id, owner)
        self.assertIn("+49 30 1234", exception.detail)

    def test_warehouse_takes_no_requests(self):
        """W1, X1: where no flow brings a change to the warehouse, a person calls it."""
        flows = self.env["dist.flow"].search([("system_id", "=", self.system.id)])
        flows.filtered(lambda flow: flow.message_type_id.code == "shipment.change.requested").action_retire()
        self._move()
        exception = self._get_exceptions()
        self.assertIn("call it", exception.suggestion)
        exception.with_user(self.worker).action_mark_handled()
        self.assertFalse(self._get_exceptions())

    def _merge(self, into):
        """Merge the customer into another contact, as a person does."""
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard.create(
            {
                "partner_ids": [Command.set((self.customer | into).ids)],
                "dst_partner_id": into.id,
                "state": "selection",
            }
        ).action_merge()
        self.assertFalse(self.customer.exists())

    def test_merged(self):
        """W1, M5: a contact that is merged into another leaves the delivery where the warehouse was told."""
        into = self.customer.copy({"name": "Fieldmart Hamburg", "street": "Hafenweg 1"})
        self._merge(into)
        self.assertEqual(self.picking.partner_id, into)
        self.assertIn("Lindenstr. 5", self.picking.dist_former_address)
        exception = self._get_exceptions()
        self.assertIn("Lindenstr. 5", exception.detail.splitlines()[0])
        self.assertIn("Hafenweg 1", exception.detail.splitlines()[1])
        self.assertIn(self.picking.name, "".join(into.message_ids.mapped("body")))
        self._move("Hafenweg 2", contact=into)
        self.assertIn("Lindenstr. 5", self.picking.dist_former_address)
        self._answer(self._ask_change())
        self.assertFalse(self._get_exceptions())

    def test_merged_into_the_same_address(self):
        """W1: a twin with the same address leaves nothing to settle."""
        self._merge(self.customer.copy({"name": self.customer.name}))
        self.assertEqual((self.picking.dist_former_address, self._get_exceptions().ids), (False, []))

    def test_told_anew(self):
        """W1: what is released anew is told, and known by, the address that it has then."""
        self._post(ACKNOWLEDGE, {"shipment": self.picking.name, "status": "refused", "reason": "closed"})
        self._move()
        self.picking.action_dist_release()
        self._commit_events()
        self.assertIn("Hafenweg 1", self.picking.dist_told_address)
        self._move("Hafenweg 2")
        self.assertIn("Hafenweg 1", self.picking.dist_former_address)

    def test_one_query(self):
        """W1: contacts to whom nothing is under way cost one query more."""
        stranger = self.env["res.partner"].create({"name": "Nobody", "street": "Elsewhere 1"})
        self.env.flush_all()
        self.assertEqual(stranger.commercial_partner_id, stranger)
        with self.assertQueryCount(1):
            self.assertEqual(stranger._dist_get_told_addresses(), {})
