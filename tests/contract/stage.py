"""A running Odoo with every addon, demonstration data, and two partners whose keys reach every route."""

from __future__ import annotations

from typing import Any

from day.stage import set_stage
from partners.client import ApiClient
from partners.onboarding import connect
from rpc import Session

# Nobody listens there: what Odoo sends is not the subject.
NOWHERE = "http://127.0.0.1:9/webhooks"
WAREHOUSE_TAG = "Warehouse"
# A document of each kind, under the name that the API's paths and bodies use for its number.
KNOWN = {
    "reference": "SELECT dist_external_ref FROM sale_order WHERE dist_external_ref IS NOT NULL ORDER BY id DESC",
    "number": "SELECT name FROM account_move WHERE move_type = 'out_invoice' AND state = 'posted' ORDER BY id",
    "shipment": "SELECT dist_release_ref FROM stock_picking WHERE dist_release_ref LIKE '%/OUT/%' ORDER BY id DESC",
    "receipt": "SELECT dist_release_ref FROM stock_picking WHERE dist_release_ref LIKE '%/IN/%' ORDER BY id DESC",
}


class ContractStage:
    """
    :ivar keys: API key by tag of operations
    :ivar known: numbers of documents that exist
    """

    def __init__(self, environment: Any, name: str, workers: int = 3) -> None:
        self.environment = environment
        self.database = environment.create_database(name, demo=True)
        self.server = environment.server(self.database, workers=workers)
        self.keys: dict[str, str] = {}
        self.known: dict[str, str] = {}

    def __enter__(self) -> ContractStage:
        self.server.start()
        odoo = Session(self.server.url, self.database)
        stage = set_stage(odoo, NOWHERE, NOWHERE)
        self.keys = {WAREHOUSE_TAG: stage.warehouse.key, "": self._connect_to_all(odoo, stage.shop.system)}
        self._submit_order()
        self.known = {name: self._find(statement) for name, statement in KNOWN.items()}
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.server.stop()
        self.environment.drop_database(self.database)

    @property
    def document(self) -> str:
        """Address of the OpenAPI document."""
        return f"{self.server.url}/dist/v1/openapi.json"

    def _connect_to_all(self, odoo: Session, system_id: int) -> str:
        """Let the shop send every type there is, with every scope; return its key."""
        inbound = odoo.search_read("dist.message.type", [("direction", "=", "in")], ["code"])
        (system,) = odoo.call("dist.system", "read", [system_id], ["code"])
        return connect(odoo, system["code"], NOWHERE, submits=[row["code"] for row in inbound]).key

    def _submit_order(self) -> None:
        order = {
            "reference": "CONTRACT-1",
            "customer": {"external_id": "C-1101"},
            "lines": [{"line": "1", "item": {"sku": "DIST-TAPE"}, "quantity": "20", "unit": "EA"}],
        }
        answer = ApiClient(self.server.url, self.keys[""]).post("/orders", order)
        assert answer.status == 200, answer.raw

    def _find(self, statement: str) -> str:
        rows = self.environment.sql(self.database, f"{statement} LIMIT 1")
        return rows[0][0] if rows else "NONE-1"
