from odoo.tests import tagged

from ..lib.reading import read_document
from .common import SupplierCase


@tagged("post_install", "-at_install")
class TestReceivingAdvice(SupplierCase):
    """What a supplier hears of its goods."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mill.active = False
        cls.mill = cls.make_mill(standard="EDIFACT", qualifier="14", own_qualifier="14", version="D01B")
        cls.agree(cls.mill, "out", "ORDERS")
        cls.agree(cls.mill, "out", "RECADV")

    def setUp(self):
        super().setUp()
        self.receiver, self.endpoint = self.make_receiver("receiving.advice", system=self.supplier)

    def get_sent(self):
        """:return: list of canonical documents the supplier got, checked against their schema"""
        self.deliver(self.endpoint)
        agreement = self.mill._get_agreed_document("out", "RECADV")
        validator = (
            self.env["dist.message.type"]
            ._get_by_code("receiving.advice")
            ._get_default_version()
            ._get_validator()
        )
        found = []
        for interchange in self.sent(self.receiver):
            for transaction in interchange.transactions:
                reading = read_document(transaction, agreement._get_declaration())
                self.assertFalse([issue.detail for issue in reading.issues if issue.severity == "error"])
                self.assertEqual(validator.errors(reading.canonical), [])
                found.append(reading.canonical)
        return found

    def test_part_by_part(self):
        """E2: each receipt is told with the supplier's own numbers."""
        order = self.buy()
        first = self.receive(order, 8)
        second = self.receive(order, 4)
        found = self.get_sent()
        self.assertEqual([advice["number"] for advice in found], [first.name, second.name])
        self.assertEqual([advice["order"] for advice in found], [order.name] * 2)
        self.assertEqual([advice["lines"][0]["quantity"] for advice in found], ["8", "4"])
        (line,) = found[0]["lines"]
        self.assertEqual((line["line"], line["accepted"], line["unit"]), ("1", "8", "EA"))
        self.assertEqual(line["item"], {"buyer_sku": "TEST-CORN", "supplier_sku": "MILL-1"})

    def test_damaged_goods(self):
        """E2: what came broken is told apart."""
        order = self.buy()
        warehouse = order.picking_type_id.warehouse_id
        warehouse.dist_damaged_location_id = self.env["stock.location"].create(
            {"name": "Damaged", "location_id": warehouse.view_location_id.id}
        )
        picking = order.picking_ids
        move_line = picking.move_line_ids
        move_line.quantity = 10
        move_line.copy({"quantity": 2, "location_dest_id": warehouse.dist_damaged_location_id.id})
        picking.move_ids.picked = True
        picking._action_done()
        (advice,) = self.get_sent()
        told = [(line["quantity"], line["accepted"], line.get("damaged")) for line in advice["lines"]]
        self.assertEqual(told, [("10", "10", None), ("2", "0", "2")])

    def test_what_is_for_nobody(self):
        """E6: receipts of other suppliers, and deliveries, are not told."""
        other = self.env["res.partner"].create({"name": "Other"})
        self.receive(self.buy(partner_id=other.id))
        self.assertEqual(self.get_sent(), [])
