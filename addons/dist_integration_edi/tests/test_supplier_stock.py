from odoo.tests import new_test_user, tagged

from .common import SupplierCase


@tagged("post_install", "-at_install")
class TestSupplierStock(SupplierCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agree(cls.mill, "in", "846")

    def report(self, *segments, number="INV-1", day="20310301"):
        """:return: dist.message of an 846"""
        lines = sum(segment.startswith("LIN") for segment in segments)
        document = [f"BIA*00*SI*{number}*{day}*1015", *segments, f"CTT*{lines}"]
        message = self.hear(document, code="846")
        self.assertEqual(message.state, "done", message.error)
        return message

    def stock(self, product=None):
        return self.env["dist.supplier.stock"].search([("product_id", "=", (product or self.corn).id)])

    def test_where_a_buyer_sees_it(self):
        """E2, E3: beside the supplier's price and on the order line, in the units of each."""
        self.report("LIN*1*VN*MILL-1", "DTM*018*20310401", "QTY*QA*10*DZ", "QTY*QO*24*EA")
        stock = self.stock()
        self.assertEqual((stock.available, stock.coming, str(stock.coming_on)), (120, 24, "2031-04-01"))
        self.assertEqual(
            (stock.partner_id, stock.uom_id, stock.external_id), (self.vendor, self.units, "INV-1")
        )
        self.assertEqual(str(stock.reported_at), "2031-03-01 10:15:00")
        seller = self.env["product.supplierinfo"].create(
            {"partner_id": self.vendor.id, "product_tmpl_id": self.corn.product_tmpl_id.id, "price": 1}
        )
        self.assertEqual(
            (seller.dist_supplier_available, seller.dist_supplier_reported_at), (120, stock.reported_at)
        )
        purchaser = new_test_user(self.env, "buyer", groups="purchase.group_purchase_user")
        order = self.buy((self.corn, 12, 3.25), (self.gloves, 1, 1), user=purchaser)
        self.assertEqual(order.order_line.mapped("dist_supplier_available"), [120, 0])

    def test_what_is_promised_to_others(self):
        """E2: without a quantity that is available, it is what is there less what is committed, never below none."""
        self.report("LIN*1*VN*MILL-1", "QTY*QH*50*EA", "QTY*QC*20*EA")
        self.assertEqual(self.stock().available, 30)
        self.report("LIN*1*VN*MILL-1", "QTY*QH*5*EA", "QTY*QC*20*EA", number="INV-2", day="20310302")
        self.assertEqual(self.stock().available, 0)

    def test_an_older_report(self):
        """M5: reports that come late or twice change nothing."""
        self.report("LIN*1*VN*MILL-1", "QTY*QA*50*EA", day="20310302")
        self.report("LIN*1*VN*MILL-1", "QTY*QA*70*EA", number="INV-0")
        self.assertEqual((self.stock().available, self.stock().external_id), (50, "INV-1"))

    def test_unknown_items(self):
        """X1: told once for the supplier, settled by the report in which nothing is unknown."""
        for number in ("INV-1", "INV-2"):
            self.report(
                "LIN*1*VN*MILL-1", "QTY*QA*5*EA", "LIN*2*VN*MILL-2", "QTY*QA*7*EA", "LIN*3*VN*MILL-1",
                "QTY*QA*7*ZZ", number=number,
            )  # fmt: skip
        exception = self.exceptions_of(self.mill)
        self.assertEqual((exception.code, exception.state), ("stock_unknown_items", "open"))
        self.assertIn("MILL-2", exception.detail)
        self.assertIn("ZZ", exception.detail)
        self.assertEqual(self.stock().available, 5)
        self.map_code("product", "MILL-2", self.gloves, system=self.supplier)
        self.report("LIN*1*VN*MILL-2", "QTY*QA*7*EA", number="INV-3")
        self.assertEqual((self.stock(self.gloves).available, exception.state), (7, "resolved"))

    def test_an_invrpt(self):
        """E3: the same by EDIFACT, over two places."""
        self.mill.active = False
        self.mill = self.make_mill(standard="EDIFACT", qualifier="14", own_qualifier="14", version="D01B")
        self.agree(self.mill, "in", "INVRPT")
        segments = ["BGM+35+STOCK-1+9", "DTM+137:20310308:102", "LIN+1++MILL-1:SA", "QTY+156:30:PCE", "LOC+18+A",
                    "QTY+156:12:PCE", "LOC+18+B", "QTY+61:7:PCE", "CNT+2:1"]  # fmt: skip
        raw = self.edifact(segments, code="INVRPT", version="D01B", control=next(self.numbers), sender="MILL")
        message = self.take(raw, key=self.mill_key, media_type="application/edifact").document_ids.message_id
        self.assertEqual(message.state, "done", message.error)
        self.assertEqual((self.stock().available, self.stock().coming), (42, 7))
