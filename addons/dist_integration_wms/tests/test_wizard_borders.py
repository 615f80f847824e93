from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import WmsCase


@tagged("post_install", "-at_install")
class TestWizardBorders(WmsCase):
    """The dialogs of the warehouse tell nothing about, and do nothing with, transfers of another company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.beta = cls.env["res.company"].create({"name": "Beta"})
        cls.stranger = new_test_user(
            cls.env,
            login="wms-stranger",
            groups="stock.group_stock_manager,dist_integration_base.group_dist_manager",
            company_id=cls.beta.id,
            company_ids=[(6, 0, cls.beta.ids)],
        )
        cls.picking = cls.env["stock.picking"].create(
            {
                "picking_type_id": cls.warehouse.out_type_id.id,
                "location_id": cls.warehouse.lot_stock_id.id,
                "location_dest_id": cls.env.ref("stock.stock_location_customers").id,
            }
        )

    def test_stranger(self):
        """W1, X1: by RPC, nobody opens a dialog about a transfer or warehouse of another company."""
        for model_name, field_name, value in (
            ("dist.release.ask", "picking_ids", [(6, 0, self.picking.ids)]),
            ("dist.release.override", "picking_ids", [(6, 0, self.picking.ids)]),
            ("dist.release.wave.make", "warehouse_id", self.warehouse.id),
        ):
            wizards = self.env[model_name].with_user(self.stranger)
            vals = {field_name: value}
            with self.subTest(model=model_name):
                with self.assertRaises(AccessError):
                    wizards.create({**vals, **({"reason": "x"} if "reason" in wizards._fields else {})})
                with self.assertRaises(AccessError):
                    wizards.with_context(**{f"default_{field_name}": value}).default_get([field_name])
                with self.assertRaises(AccessError):
                    wizards.onchange(vals, [], {field_name: {}})

    def test_user_without_the_right(self):
        """X1: whoever may not read transfers gets no dialog about them."""
        user = new_test_user(self.env, login="wms-none", groups="dist_integration_base.group_dist_user")
        for model_name in ("dist.release.ask", "dist.release.override"):
            with self.subTest(model=model_name), self.assertRaises(AccessError):
                self.env[model_name].with_user(user).create(
                    {"picking_ids": [(6, 0, self.picking.ids)], "reason": "x"}
                )
        with self.assertRaises(AccessError):
            self.env["dist.release.wave.make"].with_user(user).create({"warehouse_id": self.warehouse.id})

    def test_cutoff_and_substitution_stay(self):
        """X1: a cut-off time is not moved to another company's warehouse, nor a substitution to that company."""
        own = self.env["stock.warehouse"].search([("company_id", "=", self.beta.id)], limit=1)
        cutoff = (
            self.env["dist.release.cutoff"]
            .with_user(self.stranger)
            .create({"warehouse_id": own.id, "hour": 10})
        )
        with self.assertRaises(AccessError):
            cutoff.warehouse_id = self.warehouse.id
        products = self.env["product.product"].create([{"name": "A"}, {"name": "B"}])
        substitution = (
            self.env["dist.product.substitution"]
            .with_user(self.stranger)
            .create({"product_id": products[0].id, "substitute_id": products[1].id})
        )
        with self.assertRaises(AccessError):
            substitution.company_id = self.env.company
