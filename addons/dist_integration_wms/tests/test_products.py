from odoo.tests import tagged

from odoo.addons.dist_integration_base.lib.handling import MissingMapping

from .common import WmsCase


@tagged("post_install", "-at_install")
class TestProducts(WmsCase):
    """Which product an item stands for."""

    def setUp(self):
        super().setUp()
        self.handler = self.env["dist.handler"]
        self.message = self.env["dist.message"].new(
            {"system_id": self.system.id, "company_id": self.env.company.id}
        )

    def _find(self, **item):
        return self.handler._find_product(self.message, item, "/lines/0")

    def _assert_missing(self, text, **item):
        with self.assertRaises(MissingMapping) as caught:
            self._find(**item)
        error = caught.exception
        self.assertEqual(
            (error.domain, error.pointer, error.model), ("product", "/lines/0", "product.product")
        )
        self.assertIn(text, error.detail)
        return error

    def test_by_number(self):
        """M8: the internal reference."""
        self.assertEqual(self._find(sku="TAPE"), self.tape)

    def test_by_gtin(self):
        """M8: the barcode, however many zeros are written in front."""
        for gtin in ("7612345000015", "07612345000015"):
            self.assertEqual(self._find(gtin=gtin), self.tape)
            self.assertEqual(self._find(sku="THEIR-NUMBER", gtin=gtin), self.tape)
        short = self._make_product("SHORT", barcode="00012348")
        self.assertEqual(self._find(gtin="00000000012348"), short)

    def test_bound(self):
        """M8: what a person said comes before what the number looks like."""
        self._map_code("product", "TAPE", self.glove)
        self.assertEqual(self._find(sku="TAPE"), self.glove)
        self.env["dist.binding"]._bind(self.system, self.seal, "GLOVE")
        self.assertEqual(self._find(sku="GLOVE"), self.seal)
        other, _client, _key = self._make_system("Other")
        self.message.system_id = other
        self.assertEqual(self._find(sku="TAPE"), self.tape)

    def test_missing(self):
        """M8: an unknown item is a question to a person."""
        self.assertEqual(self._assert_missing("NO-SUCH", sku="NO-SUCH").external_code, "NO-SUCH")
        self._assert_missing("GTIN", sku="NO-SUCH", gtin="4006381333931")
        self.assertEqual(
            self._assert_missing("4006381333931", gtin="4006381333931").external_code, "4006381333931"
        )

    def test_ambiguous(self):
        """M8: two products with one number, or number and GTIN of different ones."""
        double = self._make_product("TAPE")
        self._assert_missing(double.display_name, sku="TAPE")
        self.assertEqual(self._find(sku="TAPE", gtin="7612345000015"), self.tape)
        self._assert_missing("could be", sku="GLOVE", gtin="7612345000015")

    def test_companies(self):
        """G8: products of another company are not there."""
        other = self.env["res.company"].create({"name": "Other"})
        self._make_product("THEIRS", company_id=other.id)
        self._assert_missing("THEIRS", sku="THEIRS")

    def test_many(self):
        """M8: many items take a handful of queries."""
        items = [({"sku": f"MANY-{number}"}, f"/lines/{number}") for number in range(50)]
        products = [self._make_product(item["sku"]) for item, _pointer in items]
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(10):
            found = self.handler._find_products(self.message, items)
        self.assertEqual(found, products)
