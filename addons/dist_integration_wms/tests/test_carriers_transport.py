from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import TRANSPORT, CarrierMixin, WmsHttpCase


@tagged("post_install", "-at_install")
class TestCarriersTransport(CarrierMixin, WmsHttpCase):
    """Transport is asked for, planned or refused."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_carrier()

    def setUp(self):
        super().setUp()
        self.picking = self._sell((self.tape, 4))

    def _answer(self, status="accepted", picking=None, key=None, **values):
        body = {"shipment": (picking or self.picking).name, "status": status, **values}
        return self._post(TRANSPORT, body, key or self.tms_key)

    def _check_schema(self, code):
        data = self._get_data(self.picking, code)
        version = self.env["dist.message.type"]._get_by_code(code)._get_default_version()
        self.assertEqual(version._get_validator().errors(data), [])
        return data

    def test_requested(self):
        """W7: a delivery that is ready is asked to be carried: from where to where, what it weighs and is worth."""
        self.assertEqual(self.picking.dist_transport_state, "requested")
        data = self._check_schema("transport.requested")
        self.assertEqual((data["ship_to"]["city"], data["value"]), ("Berlin", "40"))
        self.assertEqual([line["quantity"] for line in data["lines"]], ["4"])
        events = self._get_events(self.picking, "transport.requested")
        self.assertEqual(events.message_ids.endpoint_id.system_id, self.tms)

    def test_accepted(self):
        """W7: the answer names carrier, service, tracking, label and cost."""
        self._map_tms_code("UPS", self.courier)
        response, message = self._answer(
            transport_reference="T-1",
            carrier="UPS",
            service="Ground",
            tracking_numbers=["1Z1", "1Z2"],
            label="https://labels.example/T-1.pdf",
            cost={"amount": "12.40", "currency": self.env.company.currency_id.name},
            promised_delivery_at="2026-03-05T12:00:00Z",
        )
        expected = {"status": "recorded", "shipment": self.picking.name, "state": "accepted"}
        self.assertEqual(self._assert_ok(response), expected)
        self.assertEqual((message.res_model, message.res_id), ("stock.picking", self.picking.id))
        found = self.picking
        self.assertEqual((found.carrier_id, found.carrier_tracking_ref), (self.courier, "1Z1,1Z2"))
        self.assertEqual((found.dist_transport_service, found.dist_transport_ref), ("Ground", "T-1"))
        self.assertEqual(
            (found.dist_transport_cost, found.dist_label_ref), (12.4, "https://labels.example/T-1.pdf")
        )
        self.assertEqual(str(found.dist_promised_at), "2026-03-05 12:00:00")

    def _map_tms_code(self, code, record):
        self.env["dist.code.map"].create(
            {
                "system_id": self.tms.id,
                "domain": "carrier",
                "external_code": code,
                "res_model": record._name,
                "res_id": record.id,
            }
        )

    def test_unknown_carrier(self):
        """W7, M8: a carrier nobody has mapped waits for a person; then the answer is applied."""
        response, message = self._answer(carrier="UPS")
        self.assertEqual(response.status_code, 202, response.text)
        self.assertEqual(
            (message.exception_id.category, message.exception_id.code), ("mapping", "unknown_carrier")
        )
        self.assertEqual(self.picking.dist_transport_state, "requested")
        self._map_tms_code("UPS", self.courier)
        message.exception_id.action_retry()
        self.env["dist.message"]._process(message.ids)
        self.env.invalidate_all()
        self.assertEqual((self.picking.dist_transport_state, message.state), ("accepted", "done"))

    def test_unknown_currency(self):
        """W7: a cost in a currency that is not in use is refused; nothing of the answer is kept."""
        response, _message = self._answer(service="Ground", cost={"amount": "1", "currency": "XQQ"})
        self._assert_refused(response, 422, "unknown_currency")
        self.assertFalse(self.picking.dist_transport_service)

    def test_newest_answer(self):
        """W7: of two answers the newer one counts, whichever comes last; the same again changes nothing."""
        self._answer(service="Express", answered_at="2026-03-02T10:00:00Z")
        self._answer(service="Ground", answered_at="2026-03-02T09:00:00Z")
        self.assertEqual(self.picking.dist_transport_service, "Express")
        self._answer("refused", reason="full", answered_at="2026-03-02T08:00:00Z")
        self.assertEqual(self.picking.dist_transport_state, "accepted")
        self.assertFalse(self._get_open_exceptions(self.picking, "transport_refused"))
        self._answer(service="Overnight", answered_at="2026-03-02T11:00:00Z")
        self._answer(service="Overnight", answered_at="2026-03-02T11:00:00Z")
        self.assertEqual(self.picking.dist_transport_service, "Overnight")

    def test_moments_that_nobody_means(self):
        """M4, W7: an answer of the future, or a promise for a year that cannot be meant, is refused."""
        for name, moment, code in (
            ("answered_at", "2099-01-01T00:00:00Z", "in_future"),
            ("promised_delivery_at", "9999-12-31T23:59:59Z", "date_far_off"),
            ("promised_delivery_at", "0001-01-01T00:00:00Z", "date_far_off"),
        ):
            with self.subTest(name=name, moment=moment):
                response, _message = self._answer(**{name: moment})
                problem = self._assert_refused(response, 422, code)
                self.assertEqual(problem["errors"][0]["pointer"], f"/{name}")
        self.assertEqual(self.picking.dist_transport_state, "requested")

    def test_refused(self):
        """W7, X1: a refusal stands in the queue with its value until transport is asked for again and accepted."""
        response, message = self._answer("refused", reason="no_capacity", note="All trucks are full.")
        self.assertEqual(self._assert_ok(response)["state"], "refused")
        exception = message.exception_id
        self.assertEqual((exception.code, exception.impact_value), ("transport_refused", 40.0))
        self._answer("refused", reason="no_capacity", note="All trucks are full.")
        self.assertEqual(len(self._get_open_exceptions(self.picking, "transport_refused")), 1)
        user = new_test_user(self.env, "transport-worker", groups="stock.group_stock_user")
        self.picking.with_user(user).action_dist_request_transport()
        self._commit_events()
        self.assertFalse(self._get_open_exceptions(self.picking, "transport_refused"))
        self.assertEqual(self._get_codes(self.picking).count("transport.requested"), 2)
        self._answer("refused", reason="no_capacity", note="They are still full.")
        self.assertEqual(len(self._get_open_exceptions(self.picking, "transport_refused")), 1)
        self._answer(service="Ground")
        self.assertFalse(self._get_open_exceptions(self.picking, "transport_refused"))

    def test_refused_needs_reason(self):
        """M4: a refusal without a reason does not fit the schema."""
        self._assert_refused(self._answer("refused")[0], 422, "invalid_message")

    def test_refused_after_leaving(self):
        """W7: goods that have left cannot be refused; a person finds out who has them."""
        self._ship(self.picking, (self.tape, 4))
        response, message = self._answer("refused", reason="full")
        self._assert_refused(response, 409, "shipment_finished")
        self.assertEqual(message.exception_id.state, "open")

    def test_late_answer_is_not_that_of_the_rest(self):
        """W7: what is left has a number and an answer of its own."""
        self._ship(self.picking, (self.tape, 3))
        (rest,) = self.picking.backorder_ids
        self.assertNotEqual(rest.dist_release_ref, self.picking.dist_release_ref)
        before = rest.dist_transport_state
        self._assert_ok(self._answer(tracking_numbers=["TR1"])[0])
        self.assertEqual((self.picking.carrier_tracking_ref, rest.carrier_tracking_ref), ("TR1", False))
        self.assertEqual((self.picking.dist_transport_state, rest.dist_transport_state), ("accepted", before))

    def test_cancelled(self):
        """W7: the carrier hears that transport is not needed any more; its answer comes to nothing."""
        self.picking.action_cancel()
        self._commit_events()
        self._check_schema("transport.cancelled")
        self.assertEqual(self._answer(service="Ground")[0].json()["state"], "cancelled")
        self.assertFalse(self.picking.dist_transport_service)

    def test_cancelled_at_once(self):
        """M1: what is asked for and taken back in one transaction is not said at all."""
        order = self.picking.sale_id.copy()
        order.action_confirm()
        order.picking_ids.action_cancel()
        self._commit_events()
        self.assertEqual(self._get_codes(order.picking_ids), [])

    def test_not_requested(self):
        """W7: an answer to what nobody asked is refused."""
        self.warehouse.dist_transport_mode = "manual"
        picking = self._sell((self.tape, 1))
        self.assertEqual(picking.dist_transport_state, "not_requested")
        self._assert_refused(self._answer(picking=picking)[0], 409, "transport_not_requested")

    def test_by_hand(self):
        """W7: where a person asks, nothing is said before; twice is once."""
        self.warehouse.dist_transport_mode = "manual"
        picking = self._sell((self.tape, 1))
        picking.action_dist_request_transport()
        with self.assertRaises(UserError):
            picking.action_dist_request_transport()
        self._commit_events()
        self.assertEqual(self._get_codes(picking).count("transport.requested"), 1)
        reader = new_test_user(self.env, "transport-reader", groups="dist_integration_base.group_dist_user")
        with self.assertRaises(AccessError):
            picking.with_user(reader).action_dist_request_transport()

    def test_transport_first(self):
        """W7, W1: a warehouse may be told only once the carrier is known, and is told which one."""
        self.warehouse.dist_transport_first = True
        picking = self._sell((self.tape, 4))
        self.assertEqual((picking.dist_release_state, picking.dist_is_held_back), ("not_released", True))
        self.assertIn("transport", picking.dist_wait_reason)
        self._map_tms_code("UPS", self.courier)
        self._assert_ok(self._answer(picking=picking, carrier="UPS")[0])
        self.assertEqual(picking.dist_release_state, "requested")
        self.assertEqual(self._get_data(picking, "shipment.requested")["carrier"]["name"], "Courier")

    def test_other_company(self):
        """Multi-company: a carrier of another company answers to nothing here."""
        other = self.env["res.company"].create({"name": "Other"})
        _system, _client, key = self._make_tms("Elsewhere", company_id=other.id)
        self._assert_refused(self._answer(key=key)[0], 404, "unknown_shipment")
