import json

from odoo.tests import tagged

from odoo.addons.dist_integration_wms.tests.common import WmsMixin

from ..lib.reading import read_document
from .common import EdiCase

KEPT = (
    "shipment.requested",
    "receipt.requested",
    "shipment.confirmed",
    "receipt.confirmed",
    "stock.adjusted",
)


@tagged("post_install", "-at_install")
class TestThirdParty(WmsMixin, EdiCase):
    """A warehouse run by a 3PL that speaks X12."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_wms()
        cls.system.flow_ids.filtered(lambda flow: flow.message_type_id.code not in KEPT).state = "retired"
        cls._make_flow(cls.system, "edi.interchange")
        cls.client.scope_ids |= cls.env.ref("dist_integration_edi.scope_edi_submit")
        cls.warehouse.partner_id.write({"street": "Dock 1", "city": "Hamburg"})
        cls._map_code("unit", "EA", cls.env.ref("uom.product_uom_unit"))
        cls.partner = cls.env["dist.edi.partner"].create(
            {
                "name": "Northside",
                "system_id": cls.system.id,
                "client_id": cls.client.id,
                "own_qualifier": "ZZ",
                "own_identifier": "SELLER",
                "qualifier": "ZZ",
                "identifier": "BUYER",
                "acknowledgement": "none",
                "is_test": False,
            }
        )
        for direction, code in (("out", "940"), ("out", "943"), ("in", "944"), ("in", "945"), ("in", "947")):
            cls.agree(cls.partner, direction, code)

    def setUp(self):
        super().setUp()
        self.receiver, endpoint = self.make_receiver(system=self.system)
        self.endpoint = self.system.endpoint_ids - endpoint
        self.endpoint.write({"url": self.receiver.url, "content": "edi", "lanes": 1})

    def get_sent(self, code):
        """:return: canonical document of the only one that the 3PL got of a kind, checked against its schema"""
        (transaction,) = self.get_transactions(code)
        reading = read_document(
            transaction, self.partner._get_agreed_document("out", code)._get_declaration()
        )
        self.assertFalse([issue.detail for issue in reading.issues if issue.severity == "error"])
        type_code = self.partner._get_agreed_document("out", code)._get_message_type_code()
        version = self.env["dist.message.type"]._get_by_code(type_code)._get_default_version()
        self.assertEqual(version._get_validator().errors(json.loads(json.dumps(reading.canonical))), [])
        return reading.canonical

    def get_transactions(self, code):
        """:return: list of lib.interchange.Transaction, all that the 3PL got of a kind"""
        self.deliver(self.endpoint)
        return [
            transaction
            for interchange in self.sent(self.receiver)
            for transaction in interchange.transactions
            if transaction.code == code
        ]

    def test_a_shipment(self):
        """E4: 940 out; the 945 confirms the delivery like a message over the API."""
        self._put(self.tape, 10)
        picking = self._sell((self.tape, 4))
        asked = self.get_sent("940")
        self.assertEqual(asked["shipment"], picking.name)
        self.assertEqual(asked["ship_to"]["city"], "Berlin")
        (line,) = asked["lines"]
        self.assertEqual((line["item"]["sku"], line["quantity"], line["unit"]), ("TAPE", "4", "EA"))
        segments = [
            f"W06*F*{picking.name}*20260302*N-1",
            f"LX*{line['line']}",
            "W12*CC*4*4**EA**VN*TAPE",
            "W03*4",
        ]
        document = self.take(self.x12(segments, code="945"), key=self.key).document_ids
        self.assertEqual((document.state, document.problem), ("accepted", False))
        self.assertEqual(document.message_id.state, "done", document.message_id.error)
        self.assertEqual((picking.state, picking.move_ids.quantity), ("done", 4.0))

    def test_lines_by_numbers_of_the_warehouse(self):
        """E4: LX01 may count the lines; which of ours is meant, N9 says, or the item."""
        self._put(self.tape, 10)
        for control, reference in enumerate((False, True), 1):
            picking = self._sell((self.tape, 4))
            echoed = [f"N9*LI*{picking.move_ids._dist_get_line_ref()}"] if reference else []
            segments = [
                f"W06*F*{picking.name}*20260302*N-{control}",
                "LX*1",
                "W12*CC*4*4**EA**VN*TAPE",
                *echoed,
                "W03*4",
            ]
            raw = self.x12(segments, code="945", control=control)
            message = self.take(raw, key=self.key).document_ids.message_id
            self.assertEqual((message.state, picking.state), ("done", "done"), message.error)

    def test_a_receipt(self):
        """E4: 943 out; the 944 confirms the receipt."""
        picking = self._buy((self.tape, 12))
        told = self.get_sent("943")
        self.assertEqual((told["receipt"], told["lines"][0]["quantity"]), (picking.name, "12"))
        segments = [f"W17*F*20260302*R-1*{picking.name}", "W07*12*EA**VN*TAPE", "W14*12"]
        document = self.take(self.x12(segments, code="944"), key=self.key).document_ids
        self.assertEqual((document.state, document.problem), ("accepted", False))
        self.assertEqual(document.message_id.state, "done", document.message_id.error)
        self.assertEqual((picking.state, self._on_hand(self.tape)), ("done", 12))

    def test_a_receipt_that_is_announced(self):
        """E4, W3: the second 943 of a receipt is a change, and says what the supplier has shipped of it."""
        picking = self._buy((self.tape, 12))
        self.get_transactions("943")
        order = picking.purchase_id
        vals = {
            "edi_partner_id": self.partner.id,
            "company_id": self.company.id,
            "partner_id": order.partner_id.id,
        }
        line = {
            "product_id": self.tape.id,
            "order_line_id": order.order_line.id,
            "uom_id": self.tape.uom_id.id,
        }
        shipment = self.env["dist.supplier.shipment"].create(
            {
                **vals,
                "external_id": "ASN-1",
                "digest": "-",
                "carrier": "DHL",
                "tracking": "1Z9",
                "shipped_at": "2031-05-10 08:00:00",
                "line_ids": [
                    (0, 0, {**line, "quantity": 5, "lot_name": "L-1", "expiry": "2032-01-31"}),
                    (0, 0, {**line, "quantity": 3, "lot_name": "L-2"}),
                ],
            }
        )
        picking._dist_announce(shipment)
        first, second = self.get_transactions("943")
        self.assertEqual([one.body[0].get(1) for one in (first, second)], ["F", "R"])
        self.assertEqual(first.body[0].get(2), second.body[0].get(2))
        said = [tuple(segment.get(number) for number in range(5)) for segment in second.body]
        for segment in (
            ("N9", "SI", "ASN-1", "", "20310510"),
            ("N9", "CN", "1Z9", "DHL", ""),
            ("N9", "LT", "L-1", "", "20320131"),
            ("N9", "LT", "L-2", "", ""),
            ("QTY", "39", "8", "", ""),
        ):
            self.assertIn(segment, said)

    def adjust(self, *lines, number="ADJ-1", control=7):
        """:return: dist.message of a 947"""
        segments = [f"W15*20260302*{number}", "N1*WH*Northside*9*0012345", *lines]
        document = self.take(self.x12(segments, code="947", control=control), key=self.key).document_ids
        self.assertEqual((document.state, document.problem), ("accepted", False))
        return document.message_id

    def test_an_adjustment(self):
        """E4, W4: a 947 changes the stock by line, once; its number is that of the adjustment."""
        self._put(self.tape, 10)
        self.warehouse.dist_adjustment_limit = 1000
        lines = "W19*01*-3*EA**VN*TAPE", "W19*CC*1*EA**VN*TAPE"
        for control in (7, 8):
            message = self.adjust(*lines, control=control)
            self.assertEqual(message.state, "done", message.error)
            self.assertEqual(self._on_hand(self.tape), 8)
        adjustment = self.env["dist.stock.adjustment"].search([("external_id", "=", "ADJ-1")])
        self.assertEqual(adjustment.line_ids.reason_id.mapped("code"), ["damaged", "count"])

    def test_an_adjustment_nobody_understands(self):
        """E4, X1: a reason and an item that are not known wait for a person, and nothing is changed."""
        self._put(self.tape, 10)
        for number, line, code in (
            ("ADJ-2", "W19*99*-3*EA**VN*TAPE", "stock_reason"),
            ("ADJ-3", "W19*01*-3*EA**VN*NOBODY", "product"),
        ):
            message = self.adjust(line, number=number, control=int(number[-1]))
            self.assertEqual((message.state, message.exception_id.category), ("error", "mapping"), code)
        self.assertEqual(self._on_hand(self.tape), 10)

    def test_a_warehouse_that_has_not_agreed(self):
        """E6: what is asked of a 3PL that does not take it waits for a person."""
        self.partner._get_agreed_document("out", "940").unlink()
        self._put(self.tape, 10)
        self._sell((self.tape, 4))
        self.deliver(self.endpoint)
        self.assertFalse(self.receiver.calls)
        self.assertIn("no trading partner", self.get_exceptions("no_trading_partner").detail)
