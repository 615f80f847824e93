from odoo.tests import tagged

from .common import ACKNOWLEDGE, WmsHttpCase


@tagged("post_install", "-at_install")
class TestShipmentAcknowledged(WmsHttpCase):
    def setUp(self):
        super().setUp()
        self._put(self.tape, 10)
        self.picking = self._sell((self.tape, 4))

    def _acknowledge(self, status="accepted", picking=None, **values):
        body = {"shipment": (picking or self.picking).name, "status": status, **values}
        return self._post(ACKNOWLEDGE, body)

    def test_accepted(self):
        """W1: the warehouse accepts a shipment and says under which number it knows it."""
        response, message = self._acknowledge(
            warehouse_reference="N-1", acknowledged_at="2026-03-02T08:00:00Z"
        )
        self.assertEqual(
            self._assert_ok(response),
            {"status": "recorded", "shipment": self.picking.name, "state": "acknowledged"},
        )
        self.assertEqual(self.picking.dist_release_state, "acknowledged")
        self.assertEqual(self.env["dist.binding"]._find(self.system, "stock.picking", "N-1"), self.picking)
        self.assertEqual((message.res_model, message.res_id), ("stock.picking", self.picking.id))
        self.assertFalse(message.exception_id)

    def test_twice(self):
        """M5: the same acknowledgement again, under another key, changes nothing."""
        first = self._acknowledge(warehouse_reference="N-1")[0].json()
        response, _message = self._acknowledge(warehouse_reference="N-1", note="again")
        self.assertEqual(self._assert_ok(response), first)

    def test_refused(self):
        """W1, X1: a refusal stands in the queue until the delivery is released again, or cancelled."""
        response, message = self._acknowledge("refused", reason="address_incomplete", note="No street given.")
        self.assertEqual(self._assert_ok(response)["state"], "refused")
        exception = message.exception_id
        self.assertEqual(
            (exception.state, exception.category, exception.code), ("open", "business", "shipment_refused")
        )
        self.assertIn("address_incomplete", exception.name)
        self.assertEqual((exception.res_id, exception.impact_lines), (self.picking.id, 1))
        self._acknowledge("refused", reason="address_incomplete", note="Still no street.")
        self.assertEqual(self.env["dist.exception"].search_count([("code", "=", "shipment_refused")]), 1)
        self.picking.action_dist_release()
        self._commit_events()
        self.assertEqual((self.picking.dist_release_state, exception.state), ("requested", "resolved"))
        self.assertEqual(self._get_codes(self.picking), ["shipment.requested"] * 2)

    def test_changed_its_mind(self):
        """W1: a refused shipment that is accepted after all settles the exception."""
        _response, message = self._acknowledge("refused", reason="no_stock")
        self.assertEqual(self._acknowledge()[0].json()["state"], "acknowledged")
        message.exception_id.invalidate_recordset()
        self.assertEqual(message.exception_id.state, "resolved")

    def test_refused_needs_reason(self):
        """M4: a refusal without a reason does not fit the schema."""
        response, _message = self._acknowledge("refused")
        self._assert_refused(response, 422, "invalid_message")

    def test_cancelled_in_between(self):
        """W1: an acknowledgement that crosses a cancellation says so."""
        self.picking.action_cancel()
        self._commit_events()
        self.assertEqual(self._assert_ok(self._acknowledge()[0])["state"], "cancelled")
        response, message = self._acknowledge("refused", reason="cancelled")
        self.assertEqual(self._assert_ok(response)["state"], "cancelled")
        self.assertFalse(message.exception_id)
        self.assertEqual(self.picking.dist_release_state, "cancelled")

    def test_after_confirmation(self):
        """W1: an acknowledgement that comes late takes nothing back; a late refusal is a matter for a person."""
        self._ship(self.picking, (self.tape, 4))
        self._commit_events()
        self.assertEqual(self._assert_ok(self._acknowledge(note="late")[0])["state"], "done")
        response, message = self._acknowledge("refused", reason="no_stock")
        self._assert_refused(response, 409, "shipment_finished")
        self.assertEqual(message.exception_id.state, "open")

    def test_after_part(self):
        """W1, M5: what comes late about a finished shipment changes nothing of its backorder, which was requested under
        a number of its own."""
        self._ship(self.picking, (self.tape, 3), complete=True)
        self._commit_events()
        rest = self.picking.backorder_ids
        self.assertEqual((rest.dist_release_ref, rest.dist_release_state), (rest.name, "requested"))
        self.assertEqual(self._assert_ok(self._acknowledge()[0])["state"], "done")
        self.assertEqual(rest.dist_release_state, "requested")
        response, _message = self._acknowledge("refused", reason="no_stock")
        self._assert_refused(response, 409, "shipment_finished")
        self.assertEqual(rest.dist_release_state, "requested")
        self.assertEqual(self._assert_ok(self._acknowledge(picking=rest)[0])["state"], "acknowledged")

    def test_unknown(self):
        """W1: a shipment that nobody asked for is refused in clear words, and stands in the queue."""
        response, message = self._post(ACKNOWLEDGE, {"shipment": "NSIDE/OUT/99999", "status": "accepted"})
        problem = self._assert_refused(response, 404, "unknown_shipment")
        self.assertEqual(problem["errors"][0]["pointer"], "/shipment")
        self.assertIn("NSIDE/OUT/99999", message.exception_id.name)

    def test_reference_in_use(self):
        """M8: one number of the warehouse stands for one shipment."""
        other = self._sell((self.tape, 1))
        self._acknowledge(warehouse_reference="N-1")
        response, _message = self._acknowledge(picking=other, warehouse_reference="N-1")
        self._assert_refused(response, 422, "reference_in_use")
        response, _message = self._acknowledge(warehouse_reference="N-2")
        self._assert_refused(response, 422, "reference_in_use")
        self.assertEqual(other.dist_release_state, "requested")
