from odoo.tests import tagged

from odoo.addons.dist_integration_wms.tests.common import WmsMixin

from .test_purchase_shipped import SSCC, ShippedCase


@tagged("post_install", "-at_install")
class TestAnnouncedElsewhere(WmsMixin, ShippedCase):
    """A supplier ships to a warehouse that another system runs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        vendor_system = cls.supplier
        cls._set_up_wms()
        cls.supplier = vendor_system
        cls.cream.default_code = "TEST-CREAM"

    def requested(self, picking):
        """:return: list of what the warehouse was told of a receipt, each time it was asked"""
        self._commit_events()
        return [
            message["data"]
            for message in self._get_messages(picking)
            if message["type"] == "receipt.requested"
        ]

    def _get_messages(self, picking):
        rows = self.env["dist.message"].search(
            [("direction", "=", "out"), ("res_model", "=", "stock.picking"), ("res_id", "=", picking.id)],
            order="id",
        )
        return [
            {"type": row.message_type_id.code, "data": row._get_mapped_envelope()["data"]} for row in rows
        ]

    def buy_for_warehouse(self, product=None):
        """:return: (purchase.order, its receipt, which the warehouse was asked for)"""
        line = (product or self.cream, 12, 3.25)
        order = self.buy(line, picking_type_id=self.warehouse.in_type_id.id)
        self._commit_events()
        picking = order.picking_ids
        self.assertEqual(picking.dist_release_state, "requested")
        return order, picking

    def test_the_warehouse_hears_what_is_on_its_way(self):
        """E2, W3: lots, SSCC and the day; the receipt stays whole, and is asked for under its number again."""
        order, picking = self.buy_for_warehouse()
        self.assertNotIn("announced", self.requested(picking)[0])
        picking.dist_release_state = "acknowledged"
        lines = self.items(("TEST-CREAM", 8, "L-1"), sscc=SSCC)
        shipment = self.notice(order, *lines)
        first, second = self.requested(picking)
        self.assertEqual(second["receipt"], first["receipt"])
        self.assertEqual(second["expected_date"][:10], "2031-05-12")
        (announced,) = second["announced"]
        self.assertEqual((announced["shipment"], announced["tracking"]), ("ASN-1", "1Z9"))
        (line,) = announced["lines"]
        self.assertEqual(line["line"], second["lines"][0]["line"])
        self.assertEqual(
            (line["quantity"], line["lot"], line["expiry"], line["sscc"]), ("8", "L-1", "2032-01-31", SSCC)
        )
        version = self.env["dist.message.type"]._get_by_code("receipt.requested")._get_default_version()
        self.assertEqual(version._get_validator().errors(second), [])
        self.assertEqual(shipment._get_answer()["receipts"], [picking.name])
        self.assertEqual((len(order.picking_ids), picking.move_ids.product_uom_qty), (1, 12))

    def test_taken_back(self):
        """E2: what the supplier cancels is taken back from the warehouse as well."""
        order, picking = self.buy_for_warehouse()
        self.notice(order, *self.items(("TEST-CREAM", 8, "L-1")))
        self.notice(order, *self.items(("TEST-CREAM", 4, "L-2")), number="ASN-2")
        self.assertEqual(
            [one["shipment"] for one in self.requested(picking)[-1]["announced"]], ["ASN-1", "ASN-2"]
        )
        self.assertEqual(self.ship(order, purpose="01").state, "done")
        self.assertEqual([one["shipment"] for one in self.requested(picking)[-1]["announced"]], ["ASN-2"])

    def test_too_late(self):
        """E2: what has come is not taken back."""
        order, _picking = self.buy_for_warehouse(self.corn)
        self.notice(order, *self.items(("TEST-CORN", 12)))
        self.receive(order)
        message = self.ship(order, purpose="01")
        self.assertEqual((message.state, message.exception_id.code), ("dead", "shipment_received"))
