"""What tests of the built-in planner share."""

import random
from datetime import datetime, time, timedelta

from odoo.addons.dist_integration_base.tests.common import DistCase
from odoo.addons.dist_integration_planning.lib import calendar

WEEKS = 60


class PlannerCase(DistCase):
    """A company of its own with a warehouse, a supplier, and items whose weeks were delivered."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Planned Goods"})
        cls.env.user.company_ids |= cls.company
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        cls.warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.company.id)])
        cls.customers = cls.env.ref("stock.stock_location_customers")
        cls.suppliers = cls.env.ref("stock.stock_location_suppliers")
        cls.supplier = cls.env["res.partner"].create({"name": "Harbour Supplies"})
        cls.source = cls.env["dist.planning.source"].create(
            {"name": "Own planner", "code": "own", "kind": "built_in", "company_id": cls.company.id}
        )
        cls.today = cls.source._get_today()
        cls.monday = calendar.bucket_start(cls.today, "week")

    @classmethod
    def _make_product(cls, sku, bought=True, **values):
        product = cls.env["product.product"].create(
            {
                "name": f"Item {sku}",
                "default_code": sku,
                "detailed_type": "product",
                "list_price": 10.0,
                "standard_price": 4.0,
                **values,
            }
        )
        if bought:
            cls.env["product.supplierinfo"].create(
                {
                    "partner_id": cls.supplier.id,
                    "product_tmpl_id": product.product_tmpl_id.id,
                    "delay": 14,
                    "min_qty": 20.0,
                    "dist_order_multiple": 12.0,
                    "price": 4.0,
                }
            )
        return product

    @classmethod
    def _start_of(cls, weeks_ago):
        return cls.monday - timedelta(weeks=weeks_ago)

    @classmethod
    def _deliver(cls, product, weeks, warehouse=None, on_hand=0.0):
        """Deliver to customers, in the past.

        :param weeks: list of quantities, the last one of last week
        :param on_hand: what is in stock now; it was never less
        """
        stock = (warehouse or cls.warehouse).lot_stock_id
        first = cls._start_of(len(weeks) + 1)
        cls._move(product, sum(weeks) + on_hand, cls.suppliers, stock, first)
        for number, quantity in enumerate(weeks):
            if quantity:
                day = cls._start_of(len(weeks) - number) + timedelta(days=2)
                cls._move(product, quantity, stock, cls.customers, day)
        if on_hand:
            cls.env["stock.quant"]._update_available_quantity(product, stock, on_hand)

    @classmethod
    def _move(cls, product, quantity, origin, target, day, **values):
        move = cls.env["stock.move"].create(
            {
                "name": product.name,
                "product_id": product.id,
                "product_uom": product.uom_id.id,
                "product_uom_qty": quantity,
                "location_id": origin.id,
                "location_dest_id": target.id,
                "company_id": cls.company.id,
                **values,
            }
        )
        # as what was done then: today's stock is what the test says
        move.write({"state": "done", "date": datetime.combine(day, time(12))})
        return move

    @classmethod
    def _steady(cls, seed, level=40.0, deviation=6.0, weeks=WEEKS):
        source = random.Random(seed)
        return [max(0.0, round(source.gauss(level, deviation))) for _week in range(weeks)]

    def _plan(self, source=None, as_of=None):
        """Run the planner's job.

        :return: dist.planning.run
        """
        run = self.env["dist.planning.run"]._make(source or self.source, as_of)
        run.state = "queued"
        self.env.flush_all()
        run._job_run()
        self.env.invalidate_all()
        self.assertEqual(run.state, "done", run.error)
        return run

    def _item(self, product, warehouse=None):
        return self.env["dist.planning.item"]._find(product, warehouse or self.warehouse)
