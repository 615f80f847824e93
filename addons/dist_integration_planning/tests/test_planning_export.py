import gzip
import hashlib
import json
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.dist_integration_base.lib import schema

from .export_common import ExportCase, ExportHttpCase, monday_of, weeks_ago


@tagged("post_install", "-at_install")
class TestPlanningExport(ExportCase):
    def test_everything(self):
        """P1: an export has a file of each subject, and a list that says what is in them."""
        self._put(self.tape, 100)
        self._deliver(self._sell(self.tape, 5, weeks_ago(2)))
        export = self._export()
        manifest = export.manifest
        self.assertEqual(
            {file["dataset"] for file in manifest["files"]},
            {
                "calendars",
                "feedback",
                "history",
                "items",
                "kits",
                "locations",
                "open_orders",
                "open_purchases",
                "open_transfers",
                "promotions",
                "stock",
                "suppliers",
                "units",
            },
        )
        self.assertEqual((manifest["kind"], manifest["previous"]), ("full", None))
        for entry in manifest["files"]:
            file = self._get_file(export, entry["dataset"])
            with file._get_attachment()._dist_open() as stream:
                stored = stream.read()
            self.assertEqual(entry["sha256"], hashlib.sha256(stored).hexdigest())
            self.assertEqual(entry["bytes"], len(stored))
            self.assertEqual(entry["rows"], len(gzip.decompress(stored).splitlines()))
        row = self._read_by_key(export, "history")[f"TAPE@BRU@{monday_of(weeks_ago(2))}"]
        self.assertEqual((row["net"], row["unit"], row["usable"], row["removed"]), (5, "Units", True, False))

    def test_formats(self):
        """P1: JSON lines and CSV, as they are and packed, say the same, whatever stands in a name."""
        self.tape.name = 'Tape "wide", \\ blue;\tnew\nline é'
        found = []
        for content in ("jsonl", "csv"):
            for packed in (True, False):
                self.source.write({"export_content": content, "export_packed": packed})
                row = self._read_by_key(self._export(), "items")["TAPE"]
                found.append((row["name"], row["sku"], str(row["cost"]), str(row["active"]).lower()))
        self.assertEqual(set(found), {(self.tape.name, "TAPE", "4", "true")} | {found[0]})
        self.assertEqual({row[0] for row in found}, {self.tape.name})
        self.assertEqual({float(row[2]) for row in found}, {4.0})

    def test_items_and_units(self):
        """P1: items with their unit, and how units convert."""
        dozen = self.env.ref("uom.product_uom_dozen")
        rows = self._read(self._export(), "units")
        found = {row["unit"]: row for row in rows}
        self.assertEqual(found[dozen.name]["ratio"], 12)
        self.assertEqual(found[dozen.name]["reference_unit"], self.tape.uom_id.name)

    def test_locations(self):
        """P1: warehouses with their time zone and where they are supplied from."""
        other = self.env["stock.warehouse"].create({"name": "Ghent", "code": "GNT"})
        self.warehouse.resupply_wh_ids = other
        rows = self._read_by_key(self._export(), "locations")
        self.assertEqual(list(rows), ["BRU"])
        self.assertEqual((rows["BRU"]["time_zone"], rows["BRU"]["supplied_from"]), ("Europe/Brussels", "GNT"))

    def test_suppliers(self):
        """P1: lead times and order rules, in the unit of the purchase and in that of the item."""
        dozen = self.env.ref("uom.product_uom_dozen")
        values = {
            "partner_id": self.supplier.id,
            "delay": 9,
            "min_qty": 2,
            "price": 24.0,
            "dist_order_multiple": 1,
        }
        if "uom_po_id" in self.tape._fields:
            self.tape["uom_po_id"] = dozen
        else:
            values["product_uom_id"] = dozen.id
        self.env["product.supplierinfo"].create({**values, "product_tmpl_id": self.tape.product_tmpl_id.id})
        self.env["dist.planning.supplier"].create(
            {"partner_id": self.supplier.id, "friday": False, "minimum_value": 500}
        )
        row = next(row for row in self._read(self._export(), "suppliers") if row["sku"] == "TAPE")
        self.assertEqual((row["supplier"], row["lead_time_days"], row["unit"]), ("S-1", 9, dozen.name))
        self.assertEqual((row["minimum_quantity"], row["multiple"], row["price"]), (2, 1, 24))
        self.assertEqual((row["item_minimum"], row["item_multiple"], row["item_price"]), (24, 12, 2))
        self.assertEqual(row["order_days"], "monday tuesday wednesday thursday")
        self.assertEqual(
            (row["minimum_order_value"], row["minimum_order_currency"]), (500, self.company.currency_id.name)
        )

    def test_open_orders(self):
        """P1: what customers wait for, less what was delivered."""
        self._put(self.tape, 6)
        order = self._sell(self.tape, 10, weeks_ago(1))
        picking = order.picking_ids
        picking.action_assign()
        picking.move_ids.write({"quantity": 6, "picked": True})
        picking._action_done()
        row = next(row for row in self._read(self._export(), "open_orders") if row["order"] == order.name)
        self.assertEqual(
            (row["sku"], row["quantity"], row["customer"], row["warehouse"]), ("TAPE", 4, "C-1", "BRU")
        )
        self.assertEqual(row["line"], str(order.order_line.id))

    def test_requests_for_quotation(self):
        """Rule 15: what suppliers were asked for is supply, told apart; values are in the company's currency."""
        foreign = self.env["res.currency"].create(
            {"name": "QQQ", "symbol": "q", "rate_ids": [Command.create({"rate": 2.0})]}
        )
        purchases = self.env["purchase.order"].create(
            [
                {
                    "partner_id": self.supplier.id,
                    "currency_id": foreign.id,
                    "picking_type_id": self.warehouse.in_type_id.id,
                    "order_line": [
                        Command.create({"product_id": self.tape.id, "product_qty": 10, "price_unit": 8.0})
                    ],
                }
                for _number in range(2)
            ]
        )
        purchases[1].button_confirm()
        receipt = purchases[1].picking_ids
        receipt.move_ids.write({"quantity": 4, "picked": True})
        receipt._action_done()
        rows = {row["order"]: row for row in self._read(self._export(), "open_purchases")}
        asked, ordered = (rows[purchase.name] for purchase in purchases)
        self.assertEqual((asked["state"], asked["quantity"], asked["value"]), ("requested", 10, 40))
        self.assertEqual((ordered["state"], ordered["quantity"], ordered["value"]), ("confirmed", 6, 24))
        self.assertEqual({asked["currency"], ordered["currency"]}, {self.company.currency_id.name})
        purchases[0].button_cancel()
        rows = {row["key"]: row for row in self._read(self._export("delta"), "open_purchases")}
        self.assertTrue(rows[asked["key"]]["removed"])
        receipt.backorder_ids.action_cancel()
        rows = {row["key"]: row for row in self._read(self._export("delta"), "open_purchases")}
        self.assertTrue(rows[ordered["key"]]["removed"], "nobody expects the rest any more")

    def test_stock(self):
        """P1: what is on hand and reserved; an item that is asked for and not there is told as well."""
        self._put(self.tape, 12)
        order = self._sell(self.tape, 5, fields.Datetime.now())
        order.picking_ids.action_assign()
        self._sell(self.glove, 5, weeks_ago(2))
        rows = self._read_by_key(self._export(), "stock")
        tape, glove = rows["TAPE@BRU"], rows["GLOVE@BRU"]
        self.assertEqual((tape["on_hand"], tape["reserved"], tape["available"]), (12, 5, 7))
        self.assertEqual((glove["on_hand"], glove["available"]), (0, 0))

    def test_open_transfers(self):
        """P1: what is on its way from another warehouse is supply."""
        other = self.env["stock.warehouse"].create({"name": "Ghent", "code": "GNT"})
        self._put(self.tape, 5, other.lot_stock_id)
        move = self.env["stock.move"].create(
            {
                "name": "Over",
                "product_id": self.tape.id,
                "product_uom_qty": 5,
                "location_id": other.lot_stock_id.id,
                "location_dest_id": self.warehouse.lot_stock_id.id,
            }
        )
        move._action_confirm()
        (row,) = self._read(self._export(), "open_transfers")
        self.assertEqual((row["from_warehouse"], row["warehouse"], row["quantity"]), ("GNT", "BRU", 5))

    def test_calendars(self):
        """P1: working hours and days off, without an end."""
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Bank holiday",
                "calendar_id": self.company.resource_calendar_id.id,
                "date_from": "2041-05-01 00:00:00",
                "date_to": "2041-05-01 22:00:00",
            }
        )
        rows = self._read(self._export(), "calendars")
        self.assertTrue([row for row in rows if row["kind"] == "working" and row["weekday"] == 1])
        self.assertIn("2041-05-01T00:00:00Z", [row["from"] for row in rows if row["kind"] == "day off"])

    def test_promotions(self):
        """P1: prices that hold for a time are told, also those to come."""
        self.env["product.pricelist"].create(
            {
                "name": "Spring",
                "item_ids": [
                    Command.create(
                        {
                            "applied_on": "1_product",
                            "product_tmpl_id": self.tape.product_tmpl_id.id,
                            "compute_price": "percentage",
                            "percent_price": 15.0,
                            "date_start": "2041-03-01 00:00:00",
                        }
                    )
                ],
            }
        )
        row = next(row for row in self._read(self._export(), "promotions") if row["promotion"] == "Spring")
        self.assertEqual(
            (row["sku"], row["discount_percent"], row["from"]), ("TAPE", 15, "2041-03-01T00:00:00Z")
        )

    def test_items_that_cannot_be_named(self):
        """P1: an item without a reference, or with that of another one, is left out and told to people."""
        nameless = self._make_product(False)
        twins = self._make_product("TWIN") | self._make_product("TWIN")
        for product in nameless | twins:
            self._put(product, 1)
        before = self._export().left_out_count
        nameless.default_code = "NAMED"
        export = self._export()
        self.assertEqual(export.left_out_count, before - 1)
        self.assertNotIn("TWIN", [row["sku"] for row in self._read(export, "items")])
        shown = export.action_view_left_out()
        self.assertLessEqual(set(twins.ids), set(shown["domain"][0][2]))

    # changes

    def test_changes(self):
        """P1: changes alone, and what is gone; nothing is told twice."""
        self._put(self.tape, 10)
        self._sell(self.tape, 5, weeks_ago(2))
        full = self._export()
        nothing = self._export("delta")
        self.assertEqual((nothing.kind, nothing.previous_id, nothing.row_count), ("delta", full, 0))
        self.tape.name = "Renamed"
        self._put(self.tape, 3)
        self._sell(self.tape, 2, weeks_ago(3))
        delta = self._export("delta")
        self.assertEqual(list(self._read_by_key(delta, "items")), ["TAPE"])
        self.assertEqual(self._read_by_key(delta, "stock")["TAPE@BRU"]["on_hand"], 13)
        self.assertEqual(list(self._read_by_key(delta, "history")), [f"TAPE@BRU@{monday_of(weeks_ago(3))}"])
        self.assertEqual(self._export("delta").row_count, 0)

    def test_changes_of_what_is_behind_a_row(self):
        """P1: a row changes also when something it is made of does, such as a category's name."""
        category = self.env["product.category"].create({"name": "Before"})
        self.tape.categ_id = category
        self._export()
        category.name = "After"
        rows = self._read_by_key(self._export("delta"), "items")
        self.assertEqual(rows["TAPE"]["category"].rsplit(" / ", 1)[-1], "After")

    def test_gone(self):
        """P1: what is no more is told once, by its key, also when its record was deleted."""
        self._export()
        self.glove.unlink()
        delta = self._export("delta")
        row = self._read_by_key(delta, "items")["GLOVE"]
        self.assertEqual((row["removed"], row["sku"]), (True, None))
        self.assertEqual(self._get_file(delta, "items").removed_count, 1)
        self.assertEqual(self._export("delta").row_count, 0)

    def test_other_periods(self):
        """P1: when other periods or warehouses are planned, all of their history is told."""
        self._sell(self.tape, 5, weeks_ago(2))
        self._export()
        self.source.bucket = "day"
        rows = self._read(self._export("delta"), "history")
        self.assertEqual([row["bucket"] for row in rows], ["day"])

    def test_items_that_get_another_name(self):
        """P1: the history of an item that files could not name before, or called otherwise, is told as a whole."""
        nameless = self._make_product(False)
        self._sell(nameless, 5, weeks_ago(2))
        self._sell(self.tape, 4, weeks_ago(2))
        self._export()
        nameless.default_code = "NAMED"
        self.tape.default_code = "BAND"
        delta = self._export("delta")
        found = {row["sku"]: row["gross"] for row in self._read(delta, "history")}
        self.assertEqual(found, {"NAMED": 5, "BAND": 4})
        self.assertTrue(self._read_by_key(delta, "items")["TAPE"]["removed"])
        self.assertFalse(self._read(self._export("delta"), "history"))

    def test_items_that_were_left_out_for_a_while(self):
        """P1: what changed of an item while files could not name it is told when they can again."""
        self._deliver(self._sell(self.tape, 5, weeks_ago(2)))
        self._export()
        self.glove.default_code = "TAPE"
        self.assertFalse(self._read(self._export("delta"), "history"))
        self._deliver(self._sell(self.tape, 2, weeks_ago(3)))
        self.assertFalse(self._read(self._export("delta"), "history"))
        self.glove.default_code = "GLOVE"
        told = self._read_by_key(self._export("delta"), "history")
        self.assertEqual(told[f"TAPE@BRU@{monday_of(weeks_ago(3))}"]["gross"], 2)
        self.assertFalse(self._read(self._export("delta"), "history"))

    def test_first_changes_are_everything(self):
        """P1: who was never told anything is told everything."""
        self.assertEqual(self._export("delta").kind, "full")

    def test_sources_are_told_apart(self):
        """P1: what one platform was told says nothing of another."""
        system, _client, _key = self._make_system("Rival")
        other = self.source.copy({"code": "other", "name": "Other", "system_id": system.id})
        self._export()
        self._export(source=other)
        self.tape.name = "Renamed"
        self._export("delta")
        self.assertEqual(list(self._read_by_key(self._export("delta", other), "items")), ["TAPE"])

    # what goes wrong

    def test_failure_leaves_nothing(self):
        """P1: an export that fails tells people, keeps nothing of it, and can be repeated."""
        self._export()
        self.tape.name = "Renamed"
        export = self.source._request_export("delta")
        feedback = type(self.env["dist.planning.dataset.units"])
        with (
            patch.object(feedback, "_get_query", side_effect=ValueError("broken")),
            self.assertLogs("odoo.addons.dist_integration_planning.models.dist_planning_export_run", "ERROR"),
        ):
            self._make(export)
        self.assertEqual((export.state, export.file_ids.ids), ("failed", []))
        exception = self.env["dist.exception"].search([("code", "=", "planning_export_failed")])
        self.assertEqual(exception.state, "open")
        export.action_retry()
        self._make(export)
        self.assertEqual(export.state, "done")
        self.assertEqual(list(self._read_by_key(export, "items")), ["TAPE"])
        self.assertEqual(exception.state, "resolved")

    def test_lost_worker(self):
        """M7, P1: an export whose worker was killed is taken up again."""
        export = self.source._request_export("full")
        export.state = "running"
        self.env["queue.job"].search([("identity_key", "=", f"dist-planning-export:{export.id}")]).unlink()
        self.env["dist.planning.export"]._resume_lost()
        job = self.env["queue.job"].search([("identity_key", "=", f"dist-planning-export:{export.id}")])
        self.assertEqual(job.state, "pending")

    def test_one_at_a_time(self):
        """P1: asking again while one waits gives that one."""
        first = self.source._request_export("full")
        self.assertEqual(self.source._request_export("full"), first)
        first.action_cancel()
        self.assertEqual(first.state, "cancelled")
        self._make(first)
        self.assertFalse(first.file_ids)
        self.assertNotEqual(self.source._request_export("full"), first)

    def test_files_are_not_kept_for_ever(self):
        """P1: files go after their time, their list stays."""
        export = self._export()
        self.env["dist.planning.export"]._cron_purge()
        self.assertFalse(export.purged_at)
        export.finished_at = fields.Datetime.subtract(
            fields.Datetime.now(), days=self.source.export_keep_days + 1
        )
        self.env["dist.planning.export"]._cron_purge()
        self.assertTrue(export.purged_at)
        self.assertTrue(export.manifest["files"])
        with self.assertRaises(UserError):
            export.file_ids[0].action_open_file()

    def test_every_day(self):
        """P1: sources are told by schedule."""
        self.source.export_schedule = "delta"
        self.env.ref("dist_integration_planning.cron_planning_export").ir_actions_server_id.run()
        self.assertEqual(self.source.export_ids.mapped("state"), ["queued"])

    def test_builtin_planner_is_told_nothing(self):
        """P1: nothing is exported for the planner built in."""
        own = self.env["dist.planning.source"].create({"name": "Own", "code": "own", "kind": "built_in"})
        with self.assertRaises(UserError):
            own.action_export_full()

    def test_rights(self):
        """P1: planners read exports, planning managers ask for them, nobody writes them by hand."""
        planner = new_test_user(
            self.env, "reads", groups="dist_integration_planning.group_dist_planning_planner"
        )
        manager = new_test_user(
            self.env, "asks", groups="dist_integration_planning.group_dist_planning_manager"
        )
        with self.assertRaises(AccessError):
            self.source.with_user(planner).action_export_full()
        action = self.source.with_user(manager).action_export_full()
        export = self.env[action["res_model"]].browse(action["res_id"])
        self._make(export)
        self.assertEqual(export.with_user(planner).file_ids, export.file_ids)
        for values in ({"state": "failed"}, {"manifest": {}}):
            with self.assertRaises(AccessError):
                export.with_user(manager).write(values)
        with self.assertRaises(UserError):
            export.unlink()


@tagged("post_install", "-at_install")
class TestPlanningExportApi(ExportHttpCase):
    def _ask(self, kind="full", **headers):
        return self._call("POST", "/planning/exports", {"kind": kind}, self.key, **headers)

    def _validate(self, name, document):
        path = f"dist_integration_planning/schemas/{name}.v1.json"
        found = self.env["dist.message.type.version"]._load_schema_file(path)
        self.assertEqual(schema.compile_schema(found).errors(document), [])

    def test_pull(self):
        """P1: a platform asks for an export, waits for it and fetches its files; a cut transfer goes on."""
        self._put(self.tape, 10)
        response = self._ask()
        self.assertEqual(response.status_code, 200, response.text)
        self._validate("planning.export", response.json())
        path = response.headers["Location"].removeprefix("/dist/v1")
        self.assertEqual(self._ask().json()["export"], response.json()["export"])
        export = self.env["dist.planning.export"].search([("name", "=", response.json()["export"])])
        export._job_run()
        document = self._call("GET", path, key=self.key)
        self._validate("planning.export", document.json())
        self.assertEqual(
            self._call("GET", path, key=self.key, If_None_Match=document.headers["ETag"]).status_code, 304
        )
        entry = next(file for file in document.json()["manifest"]["files"] if file["dataset"] == "stock")
        address = f"{path}/files/{entry['name']}"
        file = self._call("GET", address, key=self.key, Accept_Encoding="identity")
        self.assertEqual(hashlib.sha256(file.content).hexdigest(), entry["sha256"])
        self.assertEqual(int(file.headers["Content-Length"]), entry["bytes"])
        self.assertIn(
            "TAPE", [json.loads(line)["sku"] for line in gzip.decompress(file.content).splitlines()]
        )
        rest = self._call("GET", address, key=self.key, Range="bytes=10-", Accept_Encoding="identity")
        self.assertEqual((rest.status_code, rest.content), (206, file.content[10:]))

    def test_same_request(self):
        """M5, P1: a key that comes again gets the export that it got first, with another body it is refused."""
        first = self._ask(Idempotency_Key="A")
        joined = self._ask(Idempotency_Key="B")
        self.assertEqual(joined.json()["export"], first.json()["export"])
        self.assertNotIn("Idempotent-Replayed", joined.headers)
        refused = self._ask("delta", Idempotency_Key="A")
        self.assertEqual(
            (refused.status_code, refused.json().get("code")), (422, "idempotency_key_reused"), refused.text
        )
        self.assertEqual(len(self.source.export_ids), 1)
        self.source.export_ids._job_run()
        for key in ("A", "B"):
            again = self._ask(Idempotency_Key=key)
            self.assertEqual(
                (again.json()["export"], again.json()["status"]), (first.json()["export"], "done")
            )
            self.assertEqual(again.headers["Idempotent-Replayed"], "true")
            self.assertEqual(again.headers["Location"], first.headers["Location"])
        self.assertNotEqual(self._ask(Idempotency_Key="C").json()["export"], first.json()["export"])
        self.assertEqual(self.source.export_ids[-1:].request_ids.mapped("client_id"), self.client)

    def test_key_of_another_client(self):
        """G8, M5: a key is the client's own: another platform's says nothing of it."""
        system, _client, theirs = self._make_system("Rival", scopes=["planning:read", "planning:export"])
        self.source.copy({"code": "other", "name": "Other", "system_id": system.id})
        mine = self._ask(Idempotency_Key="A")
        other = self._call("POST", "/planning/exports", {"kind": "delta"}, theirs, Idempotency_Key="A")
        self.assertEqual(other.status_code, 200, other.text)
        self.assertNotEqual(other.json()["export"], mine.json()["export"])

    def test_list(self):
        """P1: a platform finds its exports, the newest first, page by page."""
        first, second = self._export(), self._export("delta")
        response = self._call("GET", "/planning/exports?limit=1", key=self.key)
        self._validate("planning.export.page", response.json())
        self.assertEqual([row["export"] for row in response.json()["items"]], [second.name])
        following = self._call(
            "GET", response.headers["Link"].split(">")[0][len("</dist/v1") :], key=self.key
        )
        self.assertEqual([row["export"] for row in following.json()["items"]], [first.name])
        deltas = self._call("GET", "/planning/exports?kind=delta&status=done", key=self.key)
        self.assertEqual([row["manifest"]["previous"] for row in deltas.json()["items"]], [first.name])

    def test_download(self):
        """P1: people download a file from the screen, those of another company do not."""
        export = self._export()
        file = self._get_file(export, "units")
        planner = "dist_integration_planning.group_dist_planning_planner"
        new_test_user(self.env, "reads", groups=planner, password="reads-files")
        other = self.env["res.company"].create({"name": "Other"})
        new_test_user(
            self.env,
            "there",
            groups=planner,
            password="reads-files",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        url = file.action_open_file()["url"]
        self.authenticate("reads", "reads-files")
        self.assertEqual(hashlib.sha256(self.url_open(url).content).hexdigest(), file.checksum)
        self.authenticate("there", "reads-files")
        self.assertNotEqual(self.url_open(url).status_code, 200)

    def test_refusals(self):
        """P1, G8: scopes, other systems, unknown names and bad requests."""
        export = self._export()
        name = export.file_ids[0].name
        _system, _client, other = self._make_system("Stranger", scopes=["planning:read", "planning:export"])
        _system, _client, weak = self._make_system("Weak", scopes=["orders:read"])
        for method, path, body, key, status in (
            ("GET", f"/planning/exports/{export.name}", None, other, 404),
            ("GET", f"/planning/exports/{export.name}/files/{name}", None, other, 404),
            ("GET", "/planning/exports", None, other, 404),
            ("POST", "/planning/exports", {"kind": "full"}, other, 404),
            ("GET", "/planning/exports", None, weak, 403),
            ("GET", f"/planning/exports/{export.name}/files/..%2Fx", None, self.key, 404),
            ("GET", f"/planning/exports/{export.name}/files/none", None, self.key, 404),
            ("GET", "/planning/exports/none", None, self.key, 404),
            ("GET", "/planning/exports?source=none", None, self.key, 400),
            ("GET", "/planning/exports?kind=some", None, self.key, 400),
            ("POST", "/planning/exports", {"kind": "some"}, self.key, 422),
            ("POST", "/planning/exports", {}, self.key, 422),
        ):
            response = self._call(method, path, body, key)
            self.assertEqual(response.status_code, status, f"{method} {path}: {response.text}")
        export._purge()
        response = self._call("GET", f"/planning/exports/{export.name}/files/{name}", key=self.key)
        self.assertEqual((response.status_code, response.json()["code"]), (410, "gone"))
