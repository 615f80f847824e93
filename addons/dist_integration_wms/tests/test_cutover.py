from odoo.tests import tagged

from .common import WmsHttpCase


@tagged("post_install", "-at_install")
class TestCutover(WmsHttpCase):
    def test_confirmation_in_the_shadow(self):
        """G10, W2: a confirmation in the shadow moves nothing; what would be refused shows."""
        flow = self.env["dist.flow"].search(
            [("system_id", "=", self.system.id), ("message_type_id.code", "=", "shipment.confirmed")]
        )
        flow._set_stage("shadow", "test")
        self._put(self.tape, 100)
        picking = self._sell((self.tape, 4))
        response, message = self._ship(picking, (self.tape, 4))
        self.assertEqual((response.status_code, response.json()["status"]), (202, "shadow"))
        self.assertEqual((picking.state, self._on_hand(self.tape)), ("assigned", 100))
        self.assertFalse(picking.dist_confirmation_ids)
        comparisons = self.env["dist.cutover.comparison"]
        self.assertEqual(comparisons.search([("message_id", "=", message.id)]).state, "waiting")
        response, message = self._ship(picking, {"sku": "NOTHING", "quantity": "1"})
        self.assertEqual(comparisons.search([("message_id", "=", message.id)]).state, "failed")
        flow._set_stage("live", "test")
        response, _message = self._ship(picking, (self.tape, 4))
        self.assertEqual((response.status_code, picking.state), (200, "done"))
