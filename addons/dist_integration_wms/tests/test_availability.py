import random

from odoo.tests import tagged

from .common import WmsCase


@tagged("post_install", "-at_install")
class TestAvailability(WmsCase):
    """C5: the figures that channels promise from."""

    def _get(self, products, warehouses):
        return self.env["dist.availability"]._get_availability(products.ids, warehouses.ids)

    def _assert_as_odoo(self, products, warehouses):
        table = self._get(products, warehouses)
        for warehouse in warehouses:
            for product in products.with_context(warehouse=warehouse.id, warehouse_id=warehouse.id):
                figures = table[product.id, warehouse.id]
                odoo = product.qty_available, product.free_qty, product.incoming_qty
                for ours, theirs in zip(
                    (figures.on_hand, figures.available, figures.incoming), odoo, strict=True
                ):
                    self.assertAlmostEqual(ours, theirs, 9, f"{product.default_code} {warehouse.code}")

    def test_random_data(self):
        """C5: equal to Odoo's own figures, whatever happened in the warehouses."""
        rng = random.Random(7)
        own = self._make_warehouse(
            self.system, "Own", "OWN", dist_system_id=False, delivery_steps="pick_ship"
        )
        warehouses = self.warehouse | own
        products = self.env["product.product"].union(
            *(self._make_product(f"R-{number}") for number in range(12))
        )
        places = self.env["stock.location"]
        for warehouse in warehouses:
            places |= warehouse.lot_stock_id
            places |= self.env["stock.location"].create(
                [{"name": f"Shelf {number}", "location_id": warehouse.lot_stock_id.id} for number in range(3)]
            )
        for _step in range(120):
            self._put(rng.choice(products), round(rng.uniform(-3, 20), 2), rng.choice(places))
        for warehouse in warehouses:
            for _step in range(6):
                self._sell(
                    *((rng.choice(products), rng.randint(1, 9)) for _line in range(3)), warehouse=warehouse
                )
            receipt = self._buy(
                *((product, rng.randint(1, 9)) for product in rng.sample(products, 3)), warehouse=warehouse
            )
            receipt.move_ids[0].picked = True
            receipt._action_done()
        self._assert_as_odoo(products, warehouses)

    def test_between_warehouses(self):
        """C5: what is on its way from one warehouse to another comes in at the second alone."""
        own = self._make_warehouse(self.system, "Own", "OWN", dist_system_id=False)
        self._put(self.tape, 10)
        move = self.env["stock.move"].create(
            {
                "name": "Transfer",
                "product_id": self.tape.id,
                "product_uom_qty": 4,
                "location_id": self.stock.id,
                "location_dest_id": own.lot_stock_id.id,
            }
        )
        move._action_confirm()
        move._action_assign()
        warehouses = self.warehouse | own
        self._assert_as_odoo(self.tape, warehouses)
        table = self._get(self.tape, warehouses)
        self.assertEqual(table[self.tape.id, self.warehouse.id], (10, 4, 0, 6))
        self.assertEqual(table[self.tape.id, own.id], (0, 0, 4, 0))

    def test_quant_without_quantity(self):
        """C5: what a quant without a quantity reserves is not available; Odoo makes one beside a locked quant."""
        empty = self._make_product("EMPTY")
        self._put(self.tape, 10)
        for product in (self.tape, empty):
            self.env.cr.execute(
                "INSERT INTO stock_quant (product_id, location_id, company_id, reserved_quantity, in_date) "
                "VALUES (%s, %s, %s, 4, now())",
                (product.id, self.stock.id, self.env.company.id),
            )
        table = self._get(self.tape | empty, self.warehouse)
        figures = table[self.tape.id, self.warehouse.id]
        self.assertEqual((figures.on_hand, figures.reserved, figures.available), (10.0, 4.0, 6.0))
        figures = table[empty.id, self.warehouse.id]
        self.assertEqual((figures.on_hand, figures.reserved, figures.available), (0.0, 4.0, -4.0))

    def test_nothing(self):
        """C5: what has no stock reads as zeros; nothing asked is nothing answered."""
        table = self._get(self.tape, self.warehouse)
        self.assertEqual(table[self.tape.id, self.warehouse.id], (0, 0, 0, 0))
        self.assertFalse(table)
        self.assertFalse(self._get(self.env["product.product"], self.warehouse))
        self.assertFalse(self._get(self.tape, self.env["stock.warehouse"]))

    def test_damaged(self):
        """C5, W3: damaged goods are on hand and not available."""
        damaged = self.env["stock.location"].create(
            {"name": "Damaged", "location_id": self.warehouse.view_location_id.id}
        )
        self._put(self.tape, 10)
        self._put(self.tape, 2, damaged)
        self.assertEqual(
            self._get(self.tape, self.warehouse)[self.tape.id, self.warehouse.id], (12, 0, 0, 12)
        )
        self.warehouse.dist_damaged_location_id = damaged
        self.assertEqual(
            self._get(self.tape, self.warehouse)[self.tape.id, self.warehouse.id], (12, 0, 0, 10)
        )

    def test_queries(self):
        """C5: two queries, however many products and warehouses."""
        products = self.env["product.product"].search([], limit=100)
        warehouses = self.env["stock.warehouse"].search([])
        self._get(products, warehouses)
        self.env.flush_all()
        with self.assertQueryCount(2):
            self._get(products, warehouses)
