from odoo import http

from odoo.addons.dist_integration_base.controllers.api import api_route

TEXT = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": r"^\S(.*\S)?$"}
SNAPSHOT_PARAMETERS = {
    "warehouse": {**TEXT, "description": "Which warehouse: a code of the code map, or its short name"},
    "taken_at": {
        "type": "string",
        "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})$",
        "description": "As of when. What moved later does not count. A snapshot older than the last one is refused",
    },
    "coverage": {
        "type": "string",
        "enum": ["full", "count"],
        "description": "full: what the file does not name is not there. count: a cycle count of what it names. "
        "Left out: full",
    },
    "snapshot": {**TEXT, "description": "The sender's number of it"},
}


class StockController(http.Controller):
    @api_route(
        "/stock/adjustments",
        method="POST",
        message_type="stock.adjusted",
        scope="stock:adjust",
        summary="Report more or less stock",
        tag="Warehouse",
        statuses=(409,),
        bulk=True,
    )
    def adjust_stock(self, call):
        return call.receive()

    @api_route(
        "/stock/snapshots",
        method="POST",
        message_type="stock.snapshot",
        scope="stock:count",
        summary="Hand over what is in stock",
        description="The body is a file of one row for each item, lot and, where it is counted so, location: JSON "
        "lines or CSV with a first line of names (`sku`, `lot`, `location`, `quantity`, `unit`), also packed "
        "(`Content-Encoding: gzip`). It is compared in the background: poll the operation. The same file again has "
        "one effect; a file with mistakes is refused as a whole and the operation names the lines.",
        parameters=SNAPSHOT_PARAMETERS,
        required=("warehouse", "taken_at"),
        upload=("application/x-ndjson", "text/csv"),
        tag="Warehouse",
        statuses=(409,),
    )
    def submit_stock_snapshot(self, call):
        return call.receive_upload(dict(call.query))

    @api_route(
        "/stock/status-changes",
        method="POST",
        message_type="stock.status.changed",
        scope="stock:adjust",
        summary="Put goods on hold, release them, or report damage",
        tag="Warehouse",
        statuses=(409,),
        bulk=True,
    )
    def change_stock_status(self, call):
        return call.receive()
