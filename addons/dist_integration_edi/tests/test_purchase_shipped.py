from odoo.tests import tagged

from .common import SupplierCase

SSCC = "106141411234567897"


class ShippedCase(SupplierCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agree(cls.mill, "out", "850")
        cls.agree(cls.mill, "in", "856")
        cls.cream = cls.make_product(
            "TEST-CREAM", 0, tracking="lot", use_expiration_date=True, supplier_taxes_id=False
        )

    def items(self, *lines, sscc=None):
        """:param lines: tuples of SKU, quantity and, where there is one, lot
        :return: list of segments, one package around all of them
        """
        segments = ["HL*3*2*P", f"MAN*GM*{sscc}"] if sscc else []
        parent = 3 if sscc else 2
        for number, (sku, quantity, *lot) in enumerate(lines, parent + 1):
            segments += [f"HL*{number}*{parent}*I", f"LIN**BP*{sku}", f"SN1**{quantity}*EA"]
            segments += [f"REF*LT*{one}" for one in lot] + (["DTM*036*20320131"] if lot else [])
        return segments

    def ship(self, order, *segments, number="ASN-1", purpose="00"):
        """:return: dist.message of an 856"""
        head = [f"BSN*{purpose}*{number}*20310505*1015*0001", "HL*1**S", "TD5**2*RDWY", "REF*CN*1Z9",
                "DTM*011*20310505", "DTM*017*20310512", "HL*2*1*O", f"PRF*{order.name}"]  # fmt: skip
        levels = sum(segment.startswith("HL") for segment in [*head, *segments])
        return self.hear([*head, *segments, f"CTT*{levels}"], code="856")

    def notice(self, *args, **options):
        """:return: dist.supplier.shipment that came of an 856"""
        message = self.ship(*args, **options)
        self.assertEqual(message.state, "done", message.error)
        return self.env["dist.supplier.shipment"].search([("message_id", "=", message.id)])

    def told(self, picking):
        """:return: list of (product, quantity, lot, package) of what a receipt expects"""
        return [
            (line.product_id, line.quantity, line.lot_name, line.result_package_id.name)
            for line in picking.move_line_ids.sorted("id")
        ]


@tagged("post_install", "-at_install")
class TestPurchaseShipped(ShippedCase):
    def test_a_receipt_expects_it(self):
        """E2: lots with their expiry, the package by its SSCC, tracking number and date are on the receipt."""
        order = self.buy((self.cream, 12, 3.25))
        picking = order.picking_ids
        lines = self.items(("TEST-CREAM", 8, "L-1"), ("TEST-CREAM", 4, "L-2"), sscc=SSCC)
        shipment = self.notice(order, *lines)
        self.assertEqual((shipment.state, shipment.picking_ids), ("expected", picking))
        self.assertEqual(order.picking_ids, picking)
        self.assertEqual(self.told(picking), [(self.cream, 8, "L-1", SSCC), (self.cream, 4, "L-2", SSCC)])
        self.assertEqual(str(picking.move_line_ids[0].expiration_date)[:10], "2032-01-31")
        self.assertEqual(
            (picking.carrier_tracking_ref, str(picking.scheduled_date)[:10]), ("1Z9", "2031-05-12")
        )
        self.assertFalse(self.exceptions_of(shipment))
        picking.move_ids.picked = True
        picking._action_done()
        self.assertEqual(order.order_line.qty_received, 12)
        lots = self.env["stock.lot"].search([("product_id", "=", self.cream.id)])
        self.assertEqual(set(lots.mapped("name")), {"L-1", "L-2"})
        package = self.env["stock.quant.package"].search([("name", "=", SSCC)])
        self.assertEqual(sum(package.quant_ids.mapped("quantity")), 12)

    def test_part_by_part(self):
        """E2: each shipment has a receipt of its own; the rest waits for the next notice."""
        order = self.buy((self.corn, 12, 3.25), (self.gloves, 5, 2.0))
        first = self.notice(order, *self.items(("TEST-CORN", 8)))
        self.assertEqual(self.told(first.picking_ids), [(self.corn, 8, False, False)])
        rest = order.picking_ids - first.picking_ids
        self.assertEqual(sorted(rest.move_ids.mapped("product_uom_qty")), [4, 5])
        self.assertEqual(rest.backorder_id, first.picking_ids)
        second = self.notice(order, *self.items(("TEST-CORN", 4), ("TEST-GLOVES", 5)), number="ASN-2")
        self.assertEqual(second.picking_ids, rest)
        self.assertEqual(len(order.picking_ids), 2)
        for picking in (rest, first.picking_ids):
            picking.move_ids.picked = True
            picking._action_done()
        self.assertEqual(order.order_line.mapped("qty_received"), [12, 5])

    def test_otherwise_than_ordered(self):
        """E2, X1: more than is open, and what was not ordered, are told; the rest is expected."""
        order = self.buy()
        shipment = self.notice(order, *self.items(("TEST-CORN", 14), ("TEST-GLOVES", 1)))
        self.assertEqual(sum(shipment.picking_ids.move_line_ids.mapped("quantity")), 14)
        exception = self.exceptions_of(shipment)
        self.assertEqual(exception.code, "ship_notice_differs")
        self.assertIn("2 Units more than is still to come", exception.detail)
        self.assertIn("was not ordered", exception.detail)
        self.assertEqual(exception.impact_orders, 1)

    def test_one_serial_number_for_several_pieces(self):
        """E2, X1: nobody knows whose it is: it is told, and the receipt expects the pieces without."""
        scanner = self.make_product("TEST-SCANNER", 0, tracking="serial", supplier_taxes_id=False)
        lines = self.items(("TEST-SCANNER", 3, "S-1"), ("TEST-SCANNER", 1, "S-4"))
        shipment = self.notice(self.buy((scanner, 4, 90)), *lines)
        expected = [(scanner, 1, serial, False) for serial in (False, False, False, "S-4")]
        self.assertEqual(self.told(shipment.picking_ids), expected)
        self.assertIn("the one serial number S-1", self.exceptions_of(shipment).detail)

    def test_bad_marks(self):
        """E2: a wrong check digit, and an SSCC that came before, are told; the goods are expected without."""
        first = self.notice(self.buy(), *self.items(("TEST-CORN", 12), sscc=SSCC))
        self.assertEqual(first.line_ids.sscc, SSCC)
        for number, mark, words in (
            ("ASN-2", SSCC, "came before"),
            ("ASN-3", SSCC[:-1] + "0", "check digit"),
        ):
            with self.subTest(words):
                shipment = self.notice(self.buy(), *self.items(("TEST-CORN", 12), sscc=mark), number=number)
                self.assertIn(words, self.exceptions_of(shipment).detail)
                self.assertEqual(self.told(shipment.picking_ids), [(self.corn, 12, False, False)])

    def test_replaced_and_cancelled(self):
        """E2: a replacement takes the place of what was announced; a cancellation takes it back."""
        order = self.buy()
        picking = order.picking_ids
        self.notice(order, *self.items(("TEST-CORN", 12), sscc=SSCC))
        parts = ("TEST-CORN", 7), ("TEST-CORN", 5)
        second = self.notice(order, *self.items(*parts, sscc=SSCC), purpose="05")
        self.assertEqual(second.picking_ids, picking)
        self.assertEqual(self.told(picking), [(self.corn, 7, False, SSCC), (self.corn, 5, False, SSCC)])
        for _time in range(2):
            self.assertEqual(self.ship(order, purpose="01").state, "done")
        self.assertEqual((second.state, second.picking_ids.ids), ("cancelled", []))
        self.assertEqual(self.told(picking), [(self.corn, 12, False, False)])
        self.assertFalse(picking.carrier_tracking_ref)
        self.assertEqual(self.ship(order, number="NONE", purpose="01").exception_id.code, "unknown_shipment")

    def test_too_late(self):
        """E2: what has come is neither replaced nor cancelled."""
        order = self.buy()
        shipment = self.notice(order, *self.items(("TEST-CORN", 12)))
        self.receive(order)
        message = self.ship(order, purpose="01")
        self.assertEqual((message.state, message.exception_id.code), ("dead", "shipment_received"))
        self.assertEqual(shipment.state, "expected")

    def test_repeated(self):
        """M5: the same notice has one effect; other content under its number is refused."""
        order = self.buy()
        shipment = self.notice(order, *self.items(("TEST-CORN", 8)))
        self.assertFalse(self.notice(order, *self.items(("TEST-CORN", 8))))
        self.assertEqual(len(order.picking_ids), 2)
        message = self.ship(order, *self.items(("TEST-CORN", 4)))
        self.assertEqual((message.state, message.exception_id.code), ("dead", "shipment_number_reused"))
        self.assertEqual(shipment.state, "expected")

    def test_without_an_order(self):
        """E2: goods of no order are expected by nobody."""
        head = [
            "BSN*00*ASN-1*20310505*1015*0001",
            "HL*1**S",
            "HL*2*1*I",
            "LIN**BP*TEST-CORN",
            "SN1**8*EA",
            "CTT*2",
        ]
        message = self.hear(head, code="856")
        self.assertEqual((message.state, message.exception_id.code), ("dead", "order_missing"))

    def test_a_warehouse_run_by_others(self):
        """W3: a receipt that was handed over stays whole; more than it expects is told."""
        order = self.buy()
        order.picking_ids.dist_release_state = "requested"
        shipment = self.notice(order, *self.items(("TEST-CORN", 8), sscc=SSCC))
        self.assertFalse(shipment.picking_ids)
        self.assertEqual((shipment.announced_picking_ids, shipment.receipt_names),
                         (order.picking_ids, order.picking_ids.name))  # fmt: skip
        self.assertFalse(self.exceptions_of(shipment))
        self.assertEqual(order.picking_ids.move_line_ids.mapped("quantity"), [12])
        second = self.notice(order, *self.items(("TEST-CORN", 6)), number="ASN-2")
        self.assertIn("2 Units more than is still to come", self.exceptions_of(second).detail)


@tagged("post_install", "-at_install")
class TestPurchaseShippedEdifact(ShippedCase):
    def test_a_desadv(self):
        """E2: the same by EDIFACT; the order stands on the line, days in transit tell when it comes."""
        self.mill.active = False
        self.mill = self.make_mill(standard="EDIFACT", qualifier="14", own_qualifier="14", transit_days=3)
        self.agree(self.mill, "out", "ORDERS")
        self.agree(self.mill, "in", "DESADV")
        order = self.buy((self.cream, 12, 3.25))
        segments = [
            "BGM+351+DES-1+9",
            "DTM+137:20310505:102",
            "DTM+11:20310505:102",
            "CPS+1",
            "PAC+1++201",
            "PCI+33E",
            f"GIN+BJ+{SSCC}",
            "LIN+1++TEST-CREAM:IN",
            "QTY+12:12:PCE",
            f"RFF+ON:{order.name}:1",
            "PCI+17",
            "DTM+361:20320131:102",
            "GIN+BX+L-9",
            "CNT+2:1",
        ]
        raw = self.edifact(segments, code="DESADV", control=next(self.numbers), sender="MILL")
        taken = self.take(raw, key=self.mill_key, media_type="application/edifact")
        message = taken.document_ids.message_id
        self.assertEqual(message.state, "done", message.error or taken.document_ids.problem)
        picking = order.picking_ids
        self.assertEqual(self.told(picking), [(self.cream, 12, "L-9", SSCC)])
        self.assertEqual(str(picking.scheduled_date)[:10], "2031-05-08")
