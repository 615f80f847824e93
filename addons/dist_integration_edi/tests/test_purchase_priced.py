from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import SupplierCase

HEAD = ("CUR*SE*USD", "DTM*007*20310401")


class PricedCase(SupplierCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dollar = cls.env.ref("base.USD")
        cls.dollar.active = True
        cls.agree(cls.mill, "in", "832")
        cls.old = cls.price(cls.corn, 3.25, product_code="MILL-1", delay=9)
        cls.corn.name = "Corn"

    @classmethod
    def price(cls, product, price, **values):
        return cls.env["product.supplierinfo"].create(
            {
                "partner_id": cls.vendor.id,
                "product_tmpl_id": product.product_tmpl_id.id,
                "price": price,
                "currency_id": cls.dollar.id,
                **values,
            }
        )

    def tell(self, *segments, number="CAT-1", head=HEAD):
        """:return: dist.message of an 832"""
        lines = sum(segment.startswith("LIN") for segment in segments)
        return self.hear([f"BCT*PC*{number}", *head, *segments, f"CTT*{lines}"], code="832")

    def catalogue(self, *segments, **options):
        """:return: dist.supplier.catalogue that came of an 832"""
        message = self.tell(*segments, **options)
        self.assertEqual(message.state, "done", message.error)
        return self.env["dist.supplier.catalogue"].search([("message_id", "=", message.id)])

    def corn_for(self, price, *more):
        return ("LIN*1*VN*MILL-1", "PID*F****Corn", f"CTP**UCP*{price}**EA", *more)

    def prices(self, product=None):
        """:return: list of (first day, last day, smallest quantity, price) of a product with the supplier"""
        sellers = (product or self.corn).seller_ids.sorted(
            lambda seller: (str(seller.date_start or ""), seller.min_qty)
        )
        return [
            (str(seller.date_start or ""), str(seller.date_end or ""), seller.min_qty, seller.price)
            for seller in sellers
        ]


@tagged("post_install", "-at_install")
class TestPurchasePriced(PricedCase):
    def test_within_tolerance(self):
        """E2: the new price holds from its day on, the old one until then; what else was known of it is kept."""
        self.tolerate("price", document="catalogue", limits_percent=True, percent=5, limits_absolute=False)
        catalogue = self.catalogue(*self.corn_for("3.40"))
        self.assertEqual((catalogue.state, catalogue.line_ids.state), ("done", "changed"))
        self.assertEqual(self.prices(), [("", "2031-03-31", 0, 3.25), ("2031-04-01", "", 0, 3.4)])
        new = self.corn.seller_ids - self.old
        self.assertEqual((new.product_code, new.delay, new.currency_id), ("MILL-1", 9, self.dollar))
        self.assertFalse(self.exceptions_of(catalogue))
        for day, price in ((date(2031, 3, 31), 3.25), (date(2031, 4, 1), 3.4)):
            seller = self.corn._select_seller(partner_id=self.vendor, quantity=1, date=day)
            self.assertEqual(seller.price, price)

    def test_a_large_change_waits(self):
        """E2, X1: beyond the tolerance a person decides, before and now side by side."""
        self.tolerate("price", document="catalogue", limits_percent=True, percent=5, limits_absolute=False)
        catalogue = self.catalogue(*self.corn_for("6.50"))
        line = catalogue.line_ids
        self.assertEqual(
            (catalogue.state, line.state, line.old_price, line.price), ("waiting", "waiting", 3.25, 6.5)
        )
        self.assertEqual(line.change_percent, 100)
        self.assertEqual(self.prices(), [("", "", 0, 3.25)])
        exception = self.exceptions_of(catalogue)
        self.assertEqual((exception.code, exception.impact_lines), ("catalogue_differs", 1))
        self.assertIn("price before 3.25, now 6.5 USD", exception.detail)
        purchaser = new_test_user(self.env, "buyer", groups="purchase.group_purchase_user")
        with self.assertRaises(AccessError):
            catalogue.with_user(purchaser).action_accept()
        chief = new_test_user(self.env, "head-of-buying", groups="purchase.group_purchase_manager")
        catalogue.with_user(chief).action_accept()
        self.assertEqual((line.state, line.decided_by_id, catalogue.state), ("accepted", chief, "done"))
        self.assertEqual(self.prices(), [("", "2031-03-31", 0, 3.25), ("2031-04-01", "", 0, 6.5)])
        self.assertEqual(exception.state, "resolved")
        with self.assertRaises(UserError):
            line.with_user(chief).action_refuse()

    def test_prices_are_anothers(self):
        """G1, E2: prices that another system owns follow no catalogue: it waits for a person, or is refused."""
        self.tolerate("price", document="catalogue", limits_percent=True, percent=5, limits_absolute=False)
        row = self.env["dist.ownership"].search(
            [("group_id.full_code", "=", "vendor.prices"), ("company_id", "=", self.env.company.id)]
        )
        row.write({"owner": "odoo", "conflict_policy": "flag"})
        catalogue = self.catalogue(*self.corn_for("3.40"))
        self.assertEqual((catalogue.line_ids.state, self.prices()), ("waiting", [("", "", 0, 3.25)]))
        exception = self.env["dist.exception"].search([("category", "=", "ownership")])
        self.assertEqual((exception.res_model, exception.res_id), ("product.product", self.corn.id))
        row.conflict_policy = "refuse"
        message = self.tell(*self.corn_for("3.41"), number="CAT-2")
        self.assertEqual((message.state, message.error_code), ("dead", "owned_elsewhere"))
        self.assertEqual(self.prices(), [("", "", 0, 3.25)])

    def test_refused(self):
        """E2: a price that is not accepted changes nothing."""
        catalogue = self.catalogue(*self.corn_for("6.50"))
        catalogue.action_refuse()
        self.assertEqual((catalogue.line_ids.state, self.prices()), ("refused", [("", "", 0, 3.25)]))

    def test_unknown_items(self):
        """E2, X1: they do not keep the others from their effect; once explained they are looked for again."""
        self.tolerate("price", document="catalogue", absolute=1)
        catalogue = self.catalogue(
            *self.corn_for("3.40"), "LIN*2*VN*MILL-2", "PID*F****Gloves", "CTP**UCP*2**EA"
        )
        self.assertEqual(catalogue.line_ids.mapped("state"), ["changed", "unknown"])
        self.assertEqual(catalogue.state, "unknown")
        exception = self.exceptions_of(catalogue)
        self.assertEqual((exception.code, exception.category), ("catalogue_unknown_items", "mapping"))
        self.assertIn("MILL-2", exception.detail)
        self.map_code("product", "MILL-2", self.gloves, system=self.supplier)
        catalogue.action_look_again()
        self.assertEqual((catalogue.state, exception.state), ("done", "resolved"))
        self.assertEqual(self.prices(self.gloves), [("2031-04-01", "", 0, 2)])
        self.assertEqual(self.gloves.seller_ids.product_code, "MILL-2")

    def test_units_and_breaks(self):
        """E2: prices by the dozen become prices of the unit in which we buy; only the breaks that are told hold."""
        self.price(self.corn, 3, min_qty=100)
        self.tolerate("price", document="catalogue", absolute=1)
        self.catalogue(
            "LIN*1*VN*MILL-1",
            "CTP**UCP*39.60**DZ",
            "LIN*2*VN*MILL-1",
            "CTP**UCP*36*5*DZ",
        )
        self.assertEqual(
            self.prices(),
            [
                ("", "2031-03-31", 0, 3.25),
                ("", "2031-03-31", 100, 3),
                ("2031-04-01", "", 0, 3.3),
                ("2031-04-01", "", 60, 3),
            ],
        )

    def test_prices_of_an_item_share_their_fate(self):
        """E2: a break beyond the tolerance has all of the item's wait, and is accepted with them."""
        self.tolerate("price", document="catalogue", absolute=0.2)
        catalogue = self.catalogue(
            "LIN*1*VN*MILL-1", "CTP**UCP*3.3**EA", "LIN*2*VN*MILL-1", "CTP**UCP*1*100*EA"
        )
        self.assertEqual(set(catalogue.line_ids.mapped("state")), {"waiting"})
        catalogue.line_ids[0].action_accept()
        self.assertEqual(set(catalogue.line_ids.mapped("state")), {"accepted"})
        self.assertEqual(
            self.prices(),
            [("", "2031-03-31", 0, 3.25), ("2031-04-01", "", 0, 3.3), ("2031-04-01", "", 100, 1)],
        )

    def test_a_price_for_a_time(self):
        """E2: behind it the price before holds again."""
        self.tolerate("price", document="catalogue", absolute=1)
        self.catalogue(*self.corn_for("3", "DTM*007*20310501", "DTM*036*20310531"))
        self.assertEqual(
            self.prices(),
            [("", "2031-04-30", 0, 3.25), ("2031-05-01", "2031-05-31", 0, 3), ("2031-06-01", "", 0, 3.25)],
        )

    def test_other_currency(self):
        """E2: a price in another currency waits whatever its amount; one nobody uses is refused."""
        self.tolerate("price", document="catalogue", absolute=100)
        self.env.ref("base.EUR").active = True
        catalogue = self.catalogue(*self.corn_for("3.25"), head=("CUR*SE*EUR", HEAD[1]))
        self.assertEqual(catalogue.line_ids.state, "waiting")
        self.assertIn("other currency: 3.25 USD, now 3.25 EUR", catalogue.line_ids.differences)
        message = self.tell(*self.corn_for("3.25"), number="CAT-2", head=("CUR*SE*XTS", HEAD[1]))
        self.assertEqual((message.state, message.exception_id.code), ("dead", "unknown_currency"))

    def test_repeated_and_told_anew(self):
        """M5: the same catalogue has one effect; newer prices stand for older ones that wait."""
        first = self.catalogue(*self.corn_for("6.50"))
        self.assertFalse(self.catalogue(*self.corn_for("6.50")))
        second = self.catalogue(*self.corn_for("7.00"))
        self.assertEqual((first.state, first.line_ids.state), ("done", "superseded"))
        self.assertEqual(second.state, "waiting")
        self.assertEqual(self.exceptions_of(first).mapped("state"), ["resolved"])

    def test_finer_than_prices_are_kept(self):
        """E2: what would be lost in rounding is not taken silently."""
        self.env.ref("product.decimal_price").digits = 2
        line = self.catalogue(*self.corn_for("3.2549")).line_ids
        self.assertEqual(line.state, "waiting")
        self.assertIn("3.2549 is finer than prices are kept: 3.25", line.differences)

    def test_only_what_we_pay(self):
        """E2: a suggested retail price is none of ours."""
        catalogue = self.catalogue("LIN*1*VN*MILL-1", "CTP**MSR*9.99**EA", "CTP**UCP*3.25**EA")
        self.assertEqual(catalogue.line_ids.mapped("price"), [3.25])

    def test_ends_before_it_starts(self):
        """X1: a period that is none is refused as a whole."""
        message = self.tell(*self.corn_for("3", "DTM*007*20310501", "DTM*036*20310401"))
        self.assertEqual((message.state, message.exception_id.code), ("dead", "period_ends_first"))
        self.assertEqual(self.prices(), [("", "", 0, 3.25)])


@tagged("post_install", "-at_install")
class TestPurchasePricedEdifact(PricedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mill.active = False
        cls.mill = cls.make_mill(standard="EDIFACT", qualifier="14", own_qualifier="14", version="D01B")
        cls.agree(cls.mill, "in", "PRICAT")

    def pricat(self, *segments, purpose="9"):
        """:return: dist.message of a PRICAT"""
        document = [
            f"BGM+9+PC-1+{purpose}",
            "DTM+137:20310301:102",
            "DTM+194:20310401:102",
            "CUX+2:USD:9",
            *segments,
        ]
        raw = self.edifact(document, code="PRICAT", version="D01B", control=next(self.numbers), sender="MILL")
        taken = self.take(raw, key=self.mill_key, media_type="application/edifact")
        self.assertEqual(taken.document_ids.state, "accepted", taken.document_ids.problem)
        return taken.document_ids.message_id

    def test_a_pricat(self):
        """E2: the same by EDIFACT: a net price per 100, and an item that is sold no longer."""
        self.price(self.gloves, 2, product_code="MILL-2")
        self.tolerate("price", document="catalogue", absolute=1)
        message = self.pricat(
            "LIN+1+3+MILL-1:SA", "PRI+AAA:330:::100:PCE", "PRI+AAB:400:::100:PCE", "LIN+2+2+MILL-2:SA"
        )
        self.assertEqual(message.state, "done", message.error)
        catalogue = self.env["dist.supplier.catalogue"].search([("message_id", "=", message.id)])
        self.assertEqual(catalogue.line_ids.mapped("state"), ["changed", "waiting"])
        self.assertEqual(self.prices(), [("", "2031-03-31", 0, 3.25), ("2031-04-01", "", 0, 3.3)])
        self.assertEqual(catalogue.line_ids[1].differences, "is sold no longer")
        catalogue.action_accept()
        self.assertEqual(self.prices(self.gloves), [("", "2031-03-31", 0, 2)])

    def test_taken_back(self):
        """X1: a catalogue that is cancelled is for a person; the prices stay."""
        message = self.pricat("LIN+1++MILL-1:SA", "PRI+AAA:3.3", purpose="1")
        self.assertEqual((message.state, message.exception_id.code), ("dead", "catalogue_cancelled"))
        self.assertEqual(self.prices(), [("", "", 0, 3.25)])
