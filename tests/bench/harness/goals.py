"""What the figures are to reach. A value is the median of ratios, or seconds where its name ends so."""

from dataclasses import dataclass

from series import generated, public

FORECAST_CLASSES = (*generated.CLASSES, *public.NAMES)


@dataclass(frozen=True)
class Goal:
    """A bound of a ratio.

    :param bound: the number to keep to
    :param at_least: whether the value must not be below it; otherwise it must not be above it
    :param meaning: what is divided by what
    """

    bound: float
    at_least: bool
    meaning: str

    def met_by(self, value: float) -> bool:
        """Tell whether a value keeps to the bound."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.bound:g}"


GOALS = {
    "order_single_vs_xmlrpc": Goal(1.0, False, "POST /orders / XML-RPC create and confirm"),
    "order_bulk_vs_xmlrpc": Goal(
        0.55, False, "an order of 50 in POST /orders/bulk / XML-RPC create and confirm"
    ),
    "availability_1000_vs_xmlrpc": Goal(
        8.0, True, "XML-RPC read of 1,000 products / POST /availability/query"
    ),
    "availability_10000_vs_xmlrpc": Goal(
        15.0, True, "XML-RPC read of 10,000 products / POST /availability/query"
    ),
    "availability_1000_vs_sql": Goal(2.0, False, "POST /availability/query of 1,000 products / bare SQL"),
    "availability_10000_vs_sql": Goal(2.0, False, "POST /availability/query of 10,000 products / bare SQL"),
    "emit_order_confirm": Goal(1.03, False, "confirming an order, subscribed / nobody subscribed"),
    "emit_picking_done": Goal(1.03, False, "validating a picking, subscribed / nobody subscribed"),
    "deliveries_vs_jobs": Goal(10.0, True, "webhooks a second / empty jobs a second, same workers"),
    "x12_vs_pyx12": Goal(8.0, True, "pyx12's checked reader / ours, 25,000 segments"),
    "edifact_vs_pydifact": Goal(4.0, True, "pydifact / ours, 9,000 segments"),
    "order850_vs_orm": Goal(
        1.1, False, "an 850 of 200 lines to its confirmed order / the ORM's create and confirm"
    ),
    "forecast_30490_s": Goal(
        15.0, False, "seconds for forecasts of 30,490 series of 104 weeks, 13 ahead, with quantiles"
    ),
    **{
        f"forecast_{name}_vs_naive": Goal(
            1.0,
            False,
            "root mean squared error of the demand over the lead time / that of the last value sold again",
        )
        for name in FORECAST_CLASSES
    },
    "inbox_2m_vs_10k": Goal(1.2, False, "receiving a message with 2,000,000 stored / with 10,000 stored"),
    "outbox_2m_vs_10k": Goal(
        1.2, False, "emitting and delivering with 2,000,000 stored / with 10,000 stored"
    ),
    "reconcile_1m_vs_sql": Goal(2.0, False, "reconciling 1,000,000 lines / COPY and the bare SQL difference"),
    "snapshot_1m_vs_sql": Goal(
        2.0, False, "taking in and reconciling 1,000,000 lines / COPY and the bare SQL difference"
    ),
    "adjust_500_vs_odoo": Goal(1.15, False, "posting 500 approved variances / Odoo's own count of 500"),
    "confirm_50_vs_action_done": Goal(
        1.15,
        False,
        "50 confirmations in one POST /shipments/confirmations/bulk / _action_done of 50 deliveries",
    ),
    "release_1000_share": Goal(
        0.05, False, "handing over a wave of 1,000 deliveries / confirming their orders, 50 at a time"
    ),
    "import_fresh_vs_orm": Goal(25.0, True, "rows a second of an import / of the ORM's search and write"),
    "import_unchanged_vs_orm": Goal(
        150.0, True, "rows a second of an unchanged import / of the ORM's search and write"
    ),
    "export_vs_copy": Goal(0.6, True, "bare COPY of the same query / exporting 3,171,000 periods of demand"),
    "export_vs_search_read": Goal(
        15.0, True, "search_read of as many rows / exporting 3,171,000 periods of demand"
    ),
    "dashboard_1m_s": Goal(
        1.0, False, "seconds for all figures of the dashboard with 1,000,000 messages stored"
    ),
    "isolation_p95_s": Goal(
        2.0,
        False,
        "seconds in which 95 of 100 critical messages are delivered, 100,000 bulk ones queued each way",
    ),
}
