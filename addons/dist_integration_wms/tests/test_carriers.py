import base64

import psycopg2

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..lib import proof
from .common import MILESTONE, CarrierMixin, WmsHttpCase

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16


def encode(data):
    return base64.b64encode(data).decode()


@tagged("post_install", "-at_install")
class TestCarriers(CarrierMixin, WmsHttpCase):
    """Milestones and proof of delivery."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_carrier()

    def setUp(self):
        super().setUp()
        self.picking = self._sell((self.tape, 4))

    def _report(self, status="in_transit", at="2026-03-03T08:00:00Z", key=None, **values):
        body = {"status": status, "occurred_at": at, **values}
        if not {"shipment", "tracking_number"} & set(values):
            body["shipment"] = self.picking.name
        return self._post(MILESTONE, body, key or self.tms_key)

    def _leave(self, **values):
        values.setdefault("tracking_numbers", ["1Z1"])
        self._assert_ok(self._ship(self.picking, (self.tape, 4), **values)[0])
        self._commit_events()

    def _prove(self, *documents, **values):
        return self._report(
            "delivered", proof={"signed_by": "M. Weber", "documents": list(documents)}, **values
        )

    # where it is

    def test_milestone(self):
        """W7: a milestone tells where a shipment is, on the delivery and in a list."""
        self._leave()
        response, message = self._report(
            "picked_up", location="Salem", estimated_delivery_at="2026-03-05T10:00:00Z", event="E-1"
        )
        self.assertEqual(
            self._assert_ok(response),
            {"status": "recorded", "shipments": [{"shipment": self.picking.name, "state": "picked_up"}]},
        )
        milestone = self.picking.dist_shipment_milestone_ids
        self.assertEqual((milestone.location, milestone.system_id), ("Salem", self.tms))
        self.assertEqual(str(self.picking.dist_estimated_at), "2026-03-05 10:00:00")
        self.assertEqual((message.res_model, message.res_id), ("stock.picking", self.picking.id))
        action = self.picking.action_view_dist_shipment_milestones()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), milestone)

    def test_out_of_order(self):
        """W7: the newest moment counts, whatever comes last; the history is kept."""
        self._leave()
        self._report("delivered", "2026-03-05T08:00:00Z")
        answer = self._assert_ok(self._report("picked_up", "2026-03-03T08:00:00+01:00")[0])
        self.assertEqual(answer["shipments"][0]["state"], "delivered")
        self._report("out_for_delivery", "2026-03-05T08:00:00Z")
        self.assertEqual(self.picking.dist_carrier_state, "delivered")
        history = self.picking.dist_shipment_milestone_ids._sorted_by_age().mapped("status")
        self.assertEqual(history, ["picked_up", "out_for_delivery", "delivered"])

    def test_repeated(self):
        """W7, M5: the same milestone again changes nothing; another one under its number is refused."""
        self._leave()
        first = self._report("picked_up", event="E-1")[0].json()
        self.assertEqual(self._assert_ok(self._report("picked_up", event="E-1")[0]), first)
        self._report("in_transit")
        self._report("in_transit")
        self.assertEqual(len(self.picking.dist_shipment_milestone_ids), 2)
        response, message = self._report("lost", event="E-1")
        self._assert_refused(response, 409, "milestone_differs")
        self.assertEqual(message.exception_id.state, "open")
        self.assertEqual(self.picking.dist_carrier_state, "in_transit")

    @mute_logger("odoo.sql_db")
    def test_once(self):
        """M5: the database itself keeps a milestone from being there twice."""
        self._report("picked_up", event="E-1")
        milestone = self.picking.dist_shipment_milestone_ids
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            milestone.copy()

    def test_bulk(self):
        """W7: many milestones in one call, each with its own answer."""
        self._leave()
        items = [
            {"shipment": self.picking.name, "status": "picked_up", "occurred_at": "2026-03-03T08:00:00Z"},
            {"shipment": "NSIDE/OUT/99999", "status": "picked_up", "occurred_at": "2026-03-03T08:00:00Z"},
        ]
        response = self._call("POST", f"{MILESTONE}/bulk", {"items": items}, self.tms_key)
        self.assertEqual([item["status"] for item in response.json()["items"]], [200, 404], response.text)
        self.assertEqual(self.picking.dist_carrier_state, "picked_up")

    # which delivery

    def test_before_tracking_number(self):
        """W7: a milestone that comes before its tracking number waits for it, and is found by itself."""
        answer = self._assert_ok(self._report("picked_up", tracking_number="1Z1")[0])
        self.assertEqual(answer, {"status": "waiting", "shipments": []})
        self.assertFalse(self.picking.dist_carrier_state)
        self._leave(tracking_numbers=["1Z0", "1Z1"])
        self.assertEqual(self.picking.dist_carrier_state, "picked_up")
        self.assertFalse(self.picking.dist_shipment_milestone_ids.is_waiting)
        self.assertEqual(self._get_codes(self.picking)[-2:], ["shipment.completed", "shipment.dispatched"])

    def test_number_within_another(self):
        """W7: a number that is part of another one means nothing."""
        self._leave(tracking_numbers=["1Z12"])
        self.assertEqual(self._report(tracking_number="1Z1")[0].json()["status"], "waiting")

    def test_parts(self):
        """W7: of a shipment that left in two parts the tracking number tells which one is meant."""
        self._assert_ok(self._ship(self.picking, (self.tape, 1), tracking_numbers=["1Z1"], complete=False)[0])
        rest = self.picking.backorder_ids
        self._assert_ok(self._ship(self.picking, (self.tape, 3), tracking_numbers=["1Z2"])[0])
        self._report("delivered", tracking_number="1Z2", shipment=self.picking.name)
        self.assertEqual((self.picking.dist_carrier_state, rest.dist_carrier_state), (False, "delivered"))
        self._report("picked_up")
        self.assertEqual(
            (self.picking.dist_carrier_state, rest.dist_carrier_state), ("picked_up", "delivered")
        )

    def test_one_number_for_two_deliveries(self):
        """W7: what travels together is reported together."""
        other = self._sell((self.tape, 2))
        self._leave()
        self._assert_ok(self._ship(other, (self.tape, 2), tracking_numbers=["1Z1"])[0])
        answer = self._assert_ok(self._report("delivered", tracking_number="1Z1")[0])
        self.assertEqual(len(answer["shipments"]), 2)
        self.assertEqual((self.picking | other).mapped("dist_carrier_state"), ["delivered"] * 2)

    def test_unknown(self):
        """W7, X1: a shipment that this carrier does not carry is refused in clear words, and stands in the queue."""
        response, message = self._report(shipment="NSIDE/OUT/99999")
        self.assertEqual(
            self._assert_refused(response, 404, "unknown_shipment")["errors"][0]["pointer"], "/shipment"
        )
        self.assertEqual(message.exception_id.state, "open")

    def test_other_carrier(self):
        """W7, G8: nobody reports on what another one carries; a carrier's own system goes before the warehouse's."""
        system, _client, key = self._make_tms("Courier system")
        self._assert_refused(self._report(key=key)[0], 404, "unknown_shipment")
        self.courier.dist_system_id = system
        self.picking = self._sell((self.tape, 1), carrier_id=self.courier.id)
        self._assert_refused(self._report()[0], 404, "unknown_shipment")
        self._assert_ok(self._report(key=key)[0])

    def test_other_company(self):
        """Multi-company: a carrier of another company knows none of these shipments; nobody there sees milestones."""
        self._report()
        other = self.env["res.company"].create({"name": "Other"})
        _system, _client, key = self._make_tms("Elsewhere", company_id=other.id)
        self._assert_refused(self._report(key=key)[0], 404, "unknown_shipment")
        self.assertEqual(self._report(key=key, tracking_number="1Z1")[0].json()["status"], "waiting")
        foreign = self.env["dist.shipment.milestone"].search([("company_id", "=", other.id)])
        self._check_seen_only_in(other, foreign)

    def test_rights(self):
        """G8: reporting needs its scope; people read milestones and change none."""
        self._assert_refused(self._report(key=self.key)[0], 403, "scope_missing")
        self._report()
        milestone = self.picking.dist_shipment_milestone_ids
        user = new_test_user(self.env, "milestone-reader", groups="stock.group_stock_user")
        self.assertEqual(milestone.with_user(user).status, "in_transit")
        with self.assertRaises(AccessError):
            milestone.with_user(user).write({"status": "delivered"})

    def test_bad_content(self):
        """M4: what does not fit is refused before anything happens."""
        for values, code in (
            ({"status": "teleported"}, "invalid_message"),
            ({"at": "yesterday"}, "invalid_message"),
            ({"at": "2026-02-30T08:00:00Z"}, "invalid_date"),
            ({"at": "0001-01-01T00:00:00Z"}, "date_far_off"),
            ({"estimated_delivery_at": "0001-01-01T00:00:00Z"}, "date_far_off"),
            ({"estimated_delivery_at": "9999-12-31T23:59:59Z"}, "date_far_off"),
            ({"shipment": ""}, "invalid_message"),
            ({"proof": {}}, "invalid_message"),
        ):
            with self.subTest(values=values):
                self._assert_refused(self._report(**values)[0], 422, code)
        self.assertFalse(self.picking.dist_shipment_milestone_ids)

    # dispatched

    def test_dispatched_after_both(self):
        """W7: a shipment is dispatched once warehouse and carrier have both confirmed, and that is said once."""
        self._report("announced", "2026-03-03T07:00:00Z")
        self._leave()
        self.assertNotIn("shipment.dispatched", self._get_codes(self.picking))
        self._report("picked_up", "2026-03-03T09:00:00Z")
        self._report("in_transit", "2026-03-03T12:00:00Z")
        data = self._get_data(self.picking, "shipment.dispatched")
        version = self.env["dist.message.type"]._get_by_code("shipment.dispatched")._get_default_version()
        self.assertEqual(version._get_validator().errors(data), [])
        self.assertEqual((data["taken_over_at"], data["tracking_numbers"]), ("2026-03-03T09:00:00Z", ["1Z1"]))

    def test_dispatched_carrier_first(self):
        """W7: the carrier may confirm before the warehouse; nothing is said until both have."""
        self._report("picked_up")
        self.assertNotIn("shipment.dispatched", self._get_codes(self.picking))
        self._leave()
        self.assertEqual(self._get_codes(self.picking).count("shipment.dispatched"), 1)

    # proof

    def test_proof(self):
        """W7: who took the goods, with a signature; kept as a file that warehouse people may open."""
        self._leave()
        document = {"name": "../sign", "media_type": "image/png", "content": encode(PNG)}
        self._assert_ok(self._prove(document)[0])
        milestone = self.picking.dist_shipment_milestone_ids
        self.assertEqual((milestone.signed_by, milestone.has_proof), ("M. Weber", True))
        user = new_test_user(self.env, "proof-reader", groups="stock.group_stock_user")
        attachment = milestone.proof_ids.with_user(user)
        self.assertEqual((attachment.name, attachment.raw), ("sign.png", PNG))
        stranger = new_test_user(self.env, "proof-stranger", groups="base.group_user")
        with self.assertRaises(AccessError):
            attachment.with_user(stranger).read(["raw"])

    def test_bad_proof(self):
        """W7: a file that is too large, or not what it is said to be, is refused; nothing is half done."""
        self._leave()
        for data, media_type, code in (
            (b"<svg onload='x()'/>", "image/png", "not_its_type"),
            (PNG, "application/pdf", "not_its_type"),
            (PNG + b"x" * proof.MAX_BYTES, "image/png", "too_large"),
            (PNG, "image/svg+xml", "invalid_message"),
        ):
            with self.subTest(code=code, media_type=media_type):
                response, _message = self._prove({"media_type": media_type, "content": encode(data)})
                self._assert_refused(response, 422, code)
        response, _message = self._prove({"media_type": "image/png", "content": "A" * 5 + "="})
        self._assert_refused(response, 422, "not_base64")
        self.assertFalse(self.picking.dist_shipment_milestone_ids)

    def test_masked(self):
        """G6: who signed, and the signature, are not shown on the screen of messages."""
        self._leave()
        _response, message = self._prove({"media_type": "image/png", "content": encode(PNG)})
        self.assertIn("delivered", message.payload_view)
        self.assertNotIn("M. Weber", message.payload_view)
        self.assertNotIn(encode(PNG), message.payload_view)

    def test_a_person_is_erased(self):
        """G6: who took the goods, the signature and what a carrier wrote are erased; what happened to the shipment
        stays.
        """
        self._leave()
        _response, message = self._prove(
            {"media_type": "image/png", "content": encode(PNG)}, note="Left with Bo", location="At M. Weber's"
        )
        self.picking.dist_hold_reason = "M. Weber asked for it"
        milestone = self.picking.dist_shipment_milestone_ids
        wizard = self.env["dist.personal.erase"].create({"identifiers": "M. Weber", "reason": "Request"})
        wizard.action_erase()
        self.env.invalidate_all()
        self.assertTrue(message.erased_at)
        self.assertEqual((milestone.signed_by, milestone.note), ("[erased]", "[erased]"))
        self.assertEqual((milestone.location, milestone.status), ("At [erased]'s", "delivered"))
        self.assertEqual(self.picking.dist_hold_reason, "[erased] asked for it")
        self.assertFalse(milestone.proof_ids)
        self.assertTrue(milestone.has_proof)
