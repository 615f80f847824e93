import logging
import os

from odoo.tests import new_test_user, tagged

from .common import WmsHttpCase
from .sequence import play, shrink

_logger = logging.getLogger(__name__)

STEPS = 30
GROUPS = (
    "stock.group_stock_manager",
    "sales_team.group_sale_manager",
    "purchase.group_purchase_manager",
    "dist_integration_base.group_dist_operator",
    "dist_integration_wms.group_dist_release_override",
)


@tagged("post_install", "-at_install")
class TestSequences(WmsHttpCase):
    """Replay one that failed with ``SOAK_SEED=<its number> WAREHOUSE_SEQUENCES=1``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.person = new_test_user(cls.env, "sequence-person", groups=",".join(GROUPS))
        places = {
            f"dist_{name}_location_id": cls.env["stock.location"]
            .create({"name": name.title(), "location_id": parent.id, "usage": parent_usage})
            .id
            for name, parent, parent_usage in (
                ("hold", cls.warehouse.view_location_id, "internal"),
                ("damaged", cls.warehouse.view_location_id, "internal"),
                ("repair", cls.warehouse.view_location_id, "internal"),
                ("scrap", cls.env["stock.location"], "inventory"),
            )
        }
        cls.warehouse.write({**places, "dist_adjustment_limit": 10.0})
        cls.profile = cls.env["dist.reconciliation.profile"].create(
            {"name": "Stock", "domain_code": "stock", "system_id": cls.system.id, "approval_limit": 1000.0}
        )

    def test_random_sequences(self):
        """W1, W2, W3, W4, W5, W8, M5: whatever office and warehouse do, and however messages arrive, Odoo's stock is
        the warehouse's once all are settled, and nothing is reserved for nobody."""
        first = int(os.environ.get("SOAK_SEED") or 1)
        for seed in range(first, first + int(os.environ.get("WAREHOUSE_SEQUENCES") or 10)):
            steps = list(range(STEPS))
            error = play(self, seed, steps)
            if error:
                _logger.info("%s", error)
                self.fail(shrink(self, error, seed, steps))
