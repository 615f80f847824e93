"""Takes the pictures of the documentation from a played day.

python tests/screenshots.py --odoo http://127.0.0.1:8069 --database demo --folder docs/images --browser PATH
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

if not __package__:  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from partners.client import ApiClient
from partners.onboarding import connect
from PIL import Image
from playwright.sync_api import expect
from rpc import Session
from waiting import until
from webclient import WebClient, chromium

BASE = "dist_integration_base.action_dist_"
COMMERCE = "dist_integration_commerce.action_dist_"
EDI = "dist_integration_edi.action_dist_edi_"
PLANNING = "dist_integration_planning.dist_planning_"
COLOURS = 192
SUBJECTS = (
    "exceptions",
    "messages",
    "timeline",
    "configuration",
    "mapping",
    "orders",
    "warehouse",
    "edi",
    "onboarding",
    "planning",
    "api",
)
# A marketplace speaks in words of its own, which rows translate.
MARKETPLACE_ORDER = {
    "OrderNo": "MP-70312",
    "Buyer": {"Id": "C-1103"},
    "Positions": [
        {"Pos": 1, "Article": "DIST-HOSE", "Qty": "4", "Unit": "EA"},
        {"Pos": 2, "Article": "DIST-LADDER", "Qty": "2", "Unit": "EA"},
    ],
}
MARKETPLACE_ROWS = [
    {"target": "reference", "source": "OrderNo", "required": True},
    {"target": "customer.external_id", "source": "Buyer.Id", "required": True},
    {"target": "lines", "source": "Positions", "required": True},
    {"parent_target": "lines", "target": "line", "source": "to_string(Pos)"},
    {"parent_target": "lines", "target": "item.sku", "source": "Article", "required": True},
    {"parent_target": "lines", "target": "quantity", "source": "Qty", "converter": "decimal"},
    {"parent_target": "lines", "target": "unit", "source": "Unit", "default_value": "EA"},
]


# What a planning platform sends that does not know all items, units and warehouses as we do.
PLAN = [
    {"record": "forecast", "sku": "PLN-GLOVE", "unit": "Units", "baseline": 210},
    {"record": "forecast", "sku": "PLN-GLOVES", "unit": "Units", "baseline": 190},
    {"record": "forecast", "sku": "PLN-GAS", "unit": "kg", "baseline": 660},
    {"record": "forecast", "sku": "PLN-TIES", "unit": "Units", "baseline": -5},
    {"record": "forecast", "sku": "PLN-TIES", "warehouse": "EAST", "unit": "Units", "baseline": 80},
]


# What a new customer sends first: one item that its name tells, one that its GTIN does, one that nobody knows.
SAMPLE = """\
ISA*00*          *00*          *ZZ*PINECREST      *ZZ*CASCADEDIST    *261130*0900*U*00401*000000001*0*T*>~
GS*PO*PINECREST*CASCADEDIST*20261130*0900*1*X*004010~
ST*850*0001~
BEG*00*SA*PC-1001**20261130~
N1*BY*Pinecrest Stores*92*PINE-01~
PO1*1*24*EA***IN*4711~
PID*F****GARDEN HOSE 25 m~
PO1*2*12*CA***EN*7612345000053*IN*4712~
CTT*2~
SE*8*0001~
ST*850*0002~
BEG*00*SA*PC-1002**20261130~
N1*BY*Pinecrest Stores*92*PINE-01~
PO1*1*6*EA***IN*4799~
PID*F****SPARE PART~
CTT*1~
SE*7*0002~
GE*2*1~
IEA*1*000000001~
"""


class Photographer:
    """Opens screens and writes their pictures.

    :param odoo: session of an administrator, who looks up what to show
    """

    def __init__(self, client: WebClient, odoo: Session, folder: Path) -> None:
        self.client = client
        self.page = client.page
        self.odoo = odoo
        self.folder = folder

    def take(self, subjects: Sequence[str]) -> None:
        """Take the pictures of some of the SUBJECTS."""
        for subject in subjects:
            getattr(self, f"take_{subject}")()

    def take_exceptions(self) -> None:
        self.client.open(f"{BASE}exception")
        expect(self.client.rows.first).to_be_visible()
        self.save("exceptions")
        self.show("exception", "exception", [("category", "=", "mapping"), ("state", "=", "open")])

    def take_messages(self) -> None:
        self.client.open(f"{BASE}message")
        expect(self.client.rows.first).to_be_visible()
        self.save("messages")

    def take_timeline(self) -> None:
        """Open the timeline of an order that was shipped, as one does from Sales."""
        done = [("dist_channel_id", "!=", False), ("invoice_ids.payment_state", "in", ("paid", "in_payment"))]
        self.client.open("sale.action_orders", self.odoo.search("sale.order", done, limit=1)[0])
        self.page.locator("button[name=action_view_dist_messages]").click()
        expect(self.client.rows.first).to_be_visible()
        self.save("timeline")

    def take_configuration(self) -> None:
        self.show("system", "system", [("code", "=", "NORTHSIDE")])
        self.show("endpoint", "endpoint", [("system_id.code", "=", "NORTHSIDE"), ("state", "=", "active")])
        self.show("api_client", "api_client", [("system_id.code", "=", "FIELDMART")])
        self.client.open(f"{BASE}flow")
        expect(self.client.rows.first).to_be_visible()
        self.save("flows")

    def take_mapping(self) -> None:
        """Have a marketplace send an order in its own words, and try the mapping on it."""
        system = self.odoo.ensure(
            "dist.system",
            [("code", "=", "MARKETPLACE")],
            {"name": "Farmgate Marketplace", "code": "MARKETPLACE", "kind": "shop"},
        )
        kind = self.odoo.search("dist.message.type", [("code", "=", "order.submit")])[0]
        mapping = self.odoo.create(
            "dist.mapping",
            {
                "name": "Orders of the marketplace",
                "system_id": system,
                "message_type_id": kind,
                "row_ids": [
                    (0, 0, {"sequence": number, **row}) for number, row in enumerate(MARKETPLACE_ROWS, 1)
                ],
            },
        )
        self.odoo.call("dist.mapping", "action_approve", [mapping])
        connection = connect(
            self.odoo,
            "MARKETPLACE",
            "http://127.0.0.1:9/",
            submits=["order.submit"],
            flows={"order.submit": {"mapping_id": mapping}},
        )
        ApiClient(self.odoo.url, connection.key).post("/orders", MARKETPLACE_ORDER, "MP-70312")
        message = self.odoo.search("dist.message", [("system_id", "=", system)], limit=1)[0]
        self.odoo.write("dist.mapping", [mapping], {"preview_message_id": message})
        self.client.open(f"{BASE}mapping", mapping)
        self.client.field("preview_result").scroll_into_view_if_needed()
        self.save("mapping")

    def take_orders(self) -> None:
        self.client.open(f"{COMMERCE}held_order")
        expect(self.client.rows.first).to_be_visible()
        self.save("held_orders")
        channel = self.odoo.search("dist.sales.channel", [("system_id.code", "=", "FIELDMART")])[0]
        self.client.open(f"{COMMERCE}sales_channel", channel)
        self.save("sales_channel")

    def take_warehouse(self) -> None:
        self.client.open("dist_integration_wms.dist_warehouse_day_action", view=".o_dist_warehouse_day")
        self.save("warehouse_day")

    def take_edi(self) -> None:
        """A refused order as a person reads it, the board of acknowledgements, and how well a supplier works."""
        refused = [("state", "=", "refused"), ("code", "=", "ORDERS")]
        self.client.open(f"{EDI}document", self.odoo.search("dist.edi.document", refused, limit=1)[0])
        self.save("edi_document")
        self.client.open(f"{EDI}expectation")
        expect(self.client.rows.first).to_be_visible()
        self.save("edi_acknowledgements")
        self.client.open(f"{EDI}scorecard")
        self.draw()
        self.save("edi_scorecard")

    def take_onboarding(self) -> None:
        """Go through the dialog that makes a partner of a sample file, and leave it."""
        company = {"name": "Pinecrest Stores", "is_company": True}
        self.odoo.ensure("res.partner", [("name", "=", company["name"])], company)
        self.client.open(f"{EDI}onboarding", view=".modal .o_form_view")
        self.client.dialog.locator("input[type=file]").set_input_files(
            {"name": "orders.x12", "mimeType": "text/plain", "buffer": SAMPLE.encode()}
        )
        expect(self.client.dialog.locator(".o_attachment")).to_be_visible()
        for button, name in (
            ("Read the files", "edi_onboarding_profile"),
            ("Continue", "edi_onboarding_codes"),
            ("Accept all suggestions", ""),
            ("Try the documents", "edi_onboarding_trial"),
        ):
            self.client.run(button, self.client.dialog)
            expect(self.client.dialog.locator(".o_form_view")).to_be_visible()
            if name:
                self.save(name)
        self.client.finish("Cancel")

    def take_planning(self) -> None:
        """A planner's list, one proposal, how a platform is connected, an item's page, and who forecasts better."""
        self.client.enter("dist_integration_planning.dist_planning_menu")
        self.client.open(f"{PLANNING}proposal_action")
        expect(self.client.rows.first).to_be_visible()
        self.save("planning_proposals")
        waits = [("state", "=", "proposed"), ("kind", "=", "purchase")]
        self.show_planning("planning_proposal", "proposal", waits, order="value desc")
        self.show_planning("planning_source", "source", [("code", "=", "CLEARVIEW")])
        self.refuse_plan()
        self.show_planning("planning_mapping", "mapping", [("name", "like", "frePPLe")])
        self.show_planning("planning_item", "item", [("product_id.default_code", "=", "PLN-WASHER")])
        self.client.open(f"{PLANNING}comparison_action")
        self.page.locator(".o_switch_view.o_graph").click()
        self.draw()
        self.save("planning_accuracy")

    def refuse_plan(self) -> None:
        """Have the platform hand over a plan that does not fit, and show what is said about it."""
        connection = connect(self.odoo, "CLEARVIEW", "http://127.0.0.1:9/", submits=["plan.file"])
        now = datetime.now(timezone.utc)
        monday = now + timedelta(days=7 - now.weekday())
        row = {"warehouse": "RIVER", "bucket_start": monday.strftime("%Y-%m-%d")}
        body = "".join(json.dumps({**row, **forecast}) + "\n" for forecast in PLAN).encode()
        manifest = {
            "record": "manifest",
            "plan": "CV-1049",
            "planned_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "counts": {"forecast": len(PLAN)},
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        body = json.dumps(manifest).encode() + b"\n" + body
        headers = {"Content-Type": "application/x-ndjson"}
        ApiClient(self.odoo.url, connection.key).post("/plans/files", body, headers=headers)
        refused = [("reference", "=", "CV-1049"), ("state", "=", "refused")]
        until(lambda: self.odoo.count("dist.planning.batch", refused), 60, what="the refused plan")
        self.show_planning("planning_version", "batch", refused)

    def show_planning(self, name: str, model: str, domain: list[Any], **options: Any) -> None:
        """Photograph the form of the first record of a planning model."""
        record = self.odoo.search(f"dist.planning.{model}", domain, limit=1, **options)[0]
        self.client.open(f"{PLANNING}{model}_action", record)
        self.draw()
        self.save(name)

    def draw(self) -> None:
        """Give a chart the second that it takes to grow, with no tip over it."""
        self.page.mouse.move(0, 0)
        self.page.wait_for_timeout(2000)

    def take_api(self) -> None:
        self.page.goto(f"{self.odoo.url}/dist/v1/docs")
        self.save("api")

    def show(self, name: str, model: str, domain: list[Any]) -> None:
        """Photograph the form of the first record of a domain."""
        record = self.odoo.search(f"dist.{model.replace('_', '.')}", domain, limit=1)[0]
        self.client.open(f"{BASE}{model}", record)
        self.save(name)

    def save(self, name: str) -> None:
        """Write what is on the screen as a small PNG."""
        self.client.settle()
        self.client.check()
        picture = Image.open(io.BytesIO(self.page.screenshot(animations="disabled", caret="hide")))
        picture = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        path = self.folder / f"{name}.png"
        picture.save(path, optimize=True)
        print(f"  {path.name}: {path.stat().st_size // 1000} kB", flush=True)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--odoo", required=True, metavar="URL")
    parser.add_argument("--database", required=True, metavar="NAME")
    parser.add_argument("--browser", required=True, metavar="PATH")
    parser.add_argument("--folder", required=True, type=Path)
    parser.add_argument("--only", action="append", choices=SUBJECTS, help="only the pictures of this")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with chromium(options.browser) as browser:
        client = WebClient(browser, options.odoo)
        client.login("admin", "admin")
        client.enter("dist_integration_base.menu_dist_root")
        photographer = Photographer(client, Session(options.odoo, options.database), options.folder)
        photographer.take(options.only or SUBJECTS)


if __name__ == "__main__":
    main()
