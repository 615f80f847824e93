from odoo.tests import tagged

from .common import WmsCase


@tagged("post_install", "-at_install")
class TestSpeed(WmsCase):
    """Queries are counted; times are the benchmarks' affair."""

    def test_release_adds_few_queries(self):
        """M1: a release costs a bounded number of queries, whatever the number of lines."""
        products = [self._make_product(f"Q-{number}") for number in range(10)]
        for product in products:
            self._put(product, 100)
        counts = []
        for number in (2, 10):
            self._sell(*((product, 1) for product in products[:number]))
            order = self.env["sale.order"].create(
                {
                    "partner_id": self.customer.id,
                    "warehouse_id": self.warehouse.id,
                    "order_line": [
                        (0, 0, {"product_id": product.id, "product_uom_qty": 1})
                        for product in products[:number]
                    ],
                }
            )
            order.action_confirm()
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env.cr.precommit.run()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2, counts)
        self.assertLess(counts[0], 30, counts)
