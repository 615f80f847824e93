from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import MILESTONE, CarrierMixin, WmsHttpCase


@tagged("post_install", "-at_install")
class TestCarriersLate(CarrierMixin, WmsHttpCase):
    """Late and lost shipments."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_carrier()

    def setUp(self):
        super().setUp()
        self.now = fields.Datetime.now().replace(microsecond=0)
        self.picking = self._sell((self.tape, 4))
        self.picking.dist_promised_at = self.now - timedelta(hours=1)
        self._ship(self.picking, (self.tape, 4), tracking_numbers=["1Z1"])
        self._commit_events()

    def _follow(self):
        self.env.flush_all()
        self.env["stock.warehouse"]._cron_follow_shipments()
        self.env.invalidate_all()

    def _report(self, status, ago=timedelta(0), **values):
        at = (self.now - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {"tracking_number": "1Z1", "status": status, "occurred_at": at, **values}
        return self._post(MILESTONE, body, self.tms_key)

    def _find(self, *codes):
        return self._get_open_exceptions(self.picking, *codes)

    def test_late(self):
        """W7, X1: past its promised delivery without news a shipment is late, with its value; a milestone closes it."""
        self._follow()
        self._follow()
        exception = self._find("shipment_late").ensure_one()
        self.assertEqual((exception.impact_value, exception.impact_orders), (40.0, 1))
        self.assertIn(self.picking.name, exception.name)
        self._assert_ok(self._report("in_transit")[0])
        exception.invalidate_recordset()
        self.assertEqual(exception.state, "resolved")
        self._follow()
        self.assertFalse(self._find("shipment_late"))

    def test_late_again(self):
        """W7: a carrier that falls silent again is asked again."""
        self._report("in_transit", timedelta(hours=30))
        self._follow()
        self.assertTrue(self._find("shipment_late"))

    def test_new_estimate(self):
        """W7: a shipment with a new day is not late before that."""
        expected = (self.now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._report("delayed", timedelta(hours=30), estimated_delivery_at=expected)
        self._follow()
        self.assertFalse(self._find("shipment_late"))

    def test_delivered_is_not_late(self):
        """W7: what has arrived is not late."""
        self._report("delivered", timedelta(days=20))
        self._follow()
        self.assertFalse(self._find("shipment_late", "shipment_lost"))

    def test_not_due(self):
        """W7: a shipment whose day has not come is not late."""
        self.picking.dist_news_due_at = self.now + timedelta(hours=1)
        self._follow()
        self.assertFalse(self._find("shipment_late"))

    def test_lost_in_silence(self):
        """W7: nothing heard for days: lost instead of late, until it turns up."""
        self._follow()
        self.assertTrue(self._find("shipment_late"))
        self.picking.date_done = self.now - timedelta(days=11)
        self._follow()
        self.assertFalse(self._find("shipment_late"))
        lost = self._find("shipment_lost").ensure_one()
        self.assertEqual((lost.severity, lost.impact_value), ("high", 40.0))
        self._report("in_transit")
        self.assertFalse(self._find("shipment_lost"))

    def test_lost_says_the_carrier(self):
        """W7: the carrier lost it: an exception with its value; found again, it closes; late news change nothing."""
        _response, message = self._report("lost", timedelta(hours=2))
        exception = message.exception_id
        self.assertEqual((exception.code, exception.impact_value), ("shipment_lost", 40.0))
        self._report("in_transit", timedelta(hours=5))
        self.assertTrue(self._find("shipment_lost"))
        self._report("in_transit", timedelta(hours=1))
        self.assertFalse(self._find("shipment_lost"))

    def test_old_bad_news(self):
        """W7: bad news that a newer milestone has overtaken opens nothing."""
        self._report("delivered", timedelta(hours=1))
        _response, message = self._report("lost", timedelta(hours=2))
        self.assertFalse(message.exception_id)

    def test_damaged_and_returned(self):
        """W7: damaged goods, and goods on their way back, are a matter for a person."""
        self._report("damaged", timedelta(hours=2))
        self.assertTrue(self._find("shipment_damaged"))
        self._report("returned", timedelta(hours=1))
        self.assertFalse(self._find("shipment_damaged"))
        self.assertTrue(self._find("shipment_returned"))

    def test_unmatched(self):
        """W7, X1: a tracking number that no delivery has after a day is a matter for a person; then it is found."""
        self._report("in_transit", tracking_number="1Z9")
        self._report("picked_up", timedelta(hours=9), tracking_number="1Z9")
        self._follow()
        exceptions = self.env["dist.exception"]
        self.assertFalse(exceptions.search([("code", "=", "milestone_unmatched")]))
        self.env.cr.execute(
            "UPDATE dist_shipment_milestone SET create_date = create_date - interval '25 hours' WHERE is_waiting"
        )
        self.env.invalidate_all()
        self._follow()
        exception = exceptions.search([("code", "=", "milestone_unmatched")]).ensure_one()
        self.picking.carrier_tracking_ref = "1Z9"
        self.assertEqual(self.picking.dist_carrier_state, "in_transit")
        self.assertEqual(exception.state, "resolved")
