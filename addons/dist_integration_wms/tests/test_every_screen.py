from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.screens import ScreensMixin

from .common import CarrierMixin, WmsHttpCase

MODULE = "dist_integration_wms"


@tagged("post_install", "-at_install")
class TestEveryScreen(ScreensMixin, CarrierMixin, WmsHttpCase):
    """What a day in the warehouse leaves, looked at by people who have one right only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = cls._make_screen_users(
            worker="base.group_partner_manager,stock.group_stock_user",
            supervisor="stock.group_stock_manager",
            overriding="base.group_partner_manager,dist_integration_wms.group_dist_release_override",
            buyer="purchase.group_purchase_user",
            seller="sales_team.group_sale_salesman_all_leads",
        )

    def setUp(self):
        super().setUp()
        self._set_up_carrier()
        self.waiting = self._sell((self.tape, 3))
        self.shipped = self._sell((self.tape, 4))
        response, _message = self._ship(self.shipped, (self.tape, 4))
        self._assert_ok(response)
        self.receipt = self._buy((self.tape, 5))
        self.wrong, _message = self._ship(self.waiting, (self.glove, 400))
        self._make_answers()
        self._make_codes()
        self.env.flush_all()

    def _make_codes(self):
        """Codes and ids of records that not everybody may read."""
        records = (self.tape, self.stock, self.courier, self.tape.uom_id, self.supplier)
        for record in records:
            self._map_code(record._name, record.display_name, record)
            self.env["dist.binding"]._bind(self.system, record, f"ID-{record.id}")

    def _make_answers(self):
        company = {"company_id": self.env.company.id, "system_id": self.system.id}
        self.env["dist.product.substitution"].create(
            {"product_id": self.tape.id, "substitute_id": self._make_product("TAPE-2").id}
        )
        self.env["dist.release.request"].create(
            {
                "picking_id": self.waiting.id,
                "release_ref": "R-1",
                "kind": "hold",
                "reason": "Wait",
                "user_id": self.env.uid,
                "asked_at": "2026-01-01 08:00:00",
                **company,
            }
        )
        self.env["dist.release.wave"]._make(self.warehouse, self._sell((self.tape, 1)))
        for change in (-3, -60):
            body = {
                "adjustment": f"A{change}",
                "reason": "count",
                "lines": [{"sku": "TAPE", "change": str(change)}],
            }
            self._post("/stock/adjustments", body)
        self.env["dist.shipment.milestone"].create(
            {
                "external_id": "M-1",
                "status": "delivered",
                "occurred_at": "2026-01-01 08:00:00",
                "digest": "x",
                "picking_ids": self.shipped.ids,
                **company,
            }
        )

    def test_every_screen(self):
        """W1 to W7: each opens for whoever sees its menu, with filters, forms and buttons."""
        self._check_reachable(MODULE, self.users)
        opened = self._check_menus(MODULE, self.users)
        self._check_all_opened(MODULE, opened)

    def test_queue(self):
        """X1, M10: so do the screens of the framework, for whom the warehouse's documents may be closed."""
        self._check_menus("dist_integration_base", self.users)

    def test_documents(self):
        """G1, M10, W1: documents and their buttons, for those with and without a right to see messages."""
        readers = {name: self.users[name] for name in ("worker", "supervisor", "overriding")}
        for document in (self.waiting, self.shipped, self.receipt, self.warehouse, self.tape):
            self._check_form(document, readers)
        self._check_form(self.receipt.purchase_id, {"buyer": self.users["buyer"]})
        self._check_form(self.shipped.sale_id, {"seller": self.users["seller"]})
