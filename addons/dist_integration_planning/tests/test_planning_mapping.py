import csv
import io
from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from ..lib.plan_file import COLUMNS
from .export_common import ExportCase, ExportHttpCase, monday_of, weeks_ago


@tagged("post_install", "-at_install")
class TestPlanningMappingOut(ExportCase):
    def _use(self, name):
        self.source.mapping_id = self.env.ref(f"dist_integration_planning.mapping_{name}")

    def _read_file(self, export, name, delimiter=","):
        """:return: list of lists, the lines of a file"""
        text = self._get_content(self._get_file(export, name=name)).decode()
        return list(csv.reader(io.StringIO(text), delimiter=delimiter))

    def _read_named(self, export, name, delimiter=","):
        head, *rows = self._read_file(export, name, delimiter)
        return [dict(zip(head, row, strict=True)) for row in rows]

    def _set_up_trade(self):
        self._put(self.tape, 20)
        self.env["product.supplierinfo"].create(
            {
                "partner_id": self.supplier.id,
                "product_tmpl_id": self.tape.product_tmpl_id.id,
                "delay": 9,
                "min_qty": 50,
                "price": 2.5,
            }
        )
        self._deliver(self._sell(self.tape, 5, weeks_ago(2)))
        self.order = self._sell(self.tape, 3, fields.Datetime.now())
        self.purchase = self.env["purchase.order"].create(
            {
                "partner_id": self.supplier.id,
                "picking_type_id": self.warehouse.in_type_id.id,
                "order_line": [
                    Command.create({"product_id": self.tape.id, "product_qty": 50, "price_unit": 2.5})
                ],
            }
        )

    def test_frepple(self):
        """P1: frePPLe's data files, by a mapping alone."""
        self._set_up_trade()
        self._use("frepple")
        export = self._export("delta")
        self.assertEqual(export.kind, "full", "it takes files of everything")
        item = next(row for row in self._read_named(export, "item.csv") if row["name"] == "TAPE")
        self.assertEqual((item["description"], item["uom"], float(item["cost"])), ("Item TAPE", "Units", 4.0))
        (supply,) = (row for row in self._read_named(export, "itemsupplier.csv") if row["item"] == "TAPE")
        self.assertEqual(
            (supply["leadtime"], supply["supplier"], float(supply["sizeminimum"])), ("9 00:00:00", "S-1", 50)
        )
        (demand,) = self._read_named(export, "demand.csv")
        self.assertEqual((demand["status"], demand["quantity"], demand["customer"]), ("open", "3", "C-1"))
        self.assertRegex(demand["due"], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
        (closed,) = self._read_named(export, "demand.history.csv")
        self.assertEqual((closed["status"], closed["due"]), ("closed", f"{monday_of(weeks_ago(2))} 00:00:00"))
        (purchase,) = self._read_named(export, "purchaseorder.csv")
        self.assertEqual((purchase["status"], purchase["quantity"]), ("approved", "50"))
        (buffer,) = self._read_named(export, "buffer.csv")
        self.assertEqual((buffer["item"], buffer["location"], buffer["onhand"]), ("TAPE", "BRU", "15"))

    def test_netstock(self):
        """P1: files with exact names, texts in quotes and no line of names."""
        self._set_up_trade()
        self._use("netstock")
        export = self._export()
        text = self._get_content(self._get_file(export, name="location.csv")).decode()
        self.assertEqual(text, '"BRU","Brussels",1,,"DC"\n')
        item = next(row for row in self._read_file(export, "master.csv") if row[0] == "TAPE")
        self.assertEqual((len(item), item[1], item[8]), (9, "Item TAPE", "TAPE"))
        (stock,) = self._read_file(export, "stock.csv")
        self.assertEqual((len(stock), stock[:2], stock[6], stock[10]), (13, ["TAPE", "BRU"], "15", "S-1"))

    def test_lokad(self):
        """P1: Items, Orders, Parts and Settings, tabulated; an Id is an item in a warehouse."""
        self._set_up_trade()
        self._use("lokad")
        export = self._export()
        (item,) = self._read_named(export, "Lokad_Items.tsv", "\t")
        self.assertEqual((item["Id"], item["StockOnHand"], item["LeadTime"]), ("TAPE/BRU", "15", "9"))
        (order,) = self._read_named(export, "Lokad_Orders.tsv", "\t")
        self.assertEqual(
            (order["Id"], order["Date"], order["Quantity"], order["Usable"]),
            ("TAPE/BRU", monday_of(weeks_ago(2)), "5", "1"),
        )
        (settings,) = self._read_named(export, "Lokad_Settings.tsv", "\t")
        self.assertEqual((settings["Sku"], settings["MinOrderQuantity"]), ("TAPE", "50"))
        # what is told of an item wherever it is goes by another column of its row
        self.assertEqual(item["Sku"], settings["Sku"])
        heads = self._read_file(export, "Lokad_Parts.tsv", "\t")
        self.assertEqual(heads, [["Sku", "PartSku", "Quantity"]])

    def test_own_platform(self):
        """P1: a platform of one's own: a mapping made on screen, decimal comma, other words, chosen rows."""
        self._set_up_trade()
        manager = new_test_user(
            self.env, "maps", groups="dist_integration_planning.group_dist_planning_manager"
        )
        mapping = self.env["dist.planning.mapping"].with_user(manager).create({"name": "Mine"})
        with Form(
            self.env["dist.planning.mapping.file"]
            .with_user(manager)
            .with_context(default_mapping_id=mapping.id)
        ) as file:
            file.name = "bestand_{date}_{export}.csv"
            file.dataset = "stock"
            file.delimiter = ";"
            self.assertIn("on_hand", file.known_columns)
            for name, field, conversion in (
                ("Artikel Nr.", "sku", "none"),
                ("Menge", "on_hand", "decimal_comma"),
            ):
                with file.column_ids.new() as column:
                    column.name = name
                    column.field_name = field
                    column.conversion = conversion
        self.env["dist.planning.mapping.file"].with_user(manager).create(
            {
                "mapping_id": mapping.id,
                "name": "bestellt.jsonl",
                "dataset": "open_purchases",
                "content": "jsonl",
                "packed": True,
                "only_column": "state",
                "only_values": "confirmed, done",
                "column_ids": [
                    Command.create({"name": "Best. Nr", "field_name": "order"}),
                    Command.create({"name": "Stand", "field_name": "state", "words": "fest = confirmed"}),
                ],
            }
        )
        self._put(self.tape, 0.5)
        self.source.mapping_id = mapping
        export = self._export()
        stock = export.file_ids.filtered(lambda file: file.dataset == "stock")
        self.assertEqual(
            stock.name, f"bestand_{fields.Date.to_string(export.moment).replace('-', '')}_{export.name}.csv"
        )
        self.assertEqual(self._get_content(stock).decode(), "Artikel Nr.;Menge\nTAPE;15,5\n")
        ordered = self._get_file(export, name="bestellt.jsonl")
        self.assertEqual(self._get_content(ordered), b"")
        self.purchase.button_confirm()
        text = self._get_content(self._get_file(self._export(), name="bestellt.jsonl")).decode()
        self.assertEqual(text, f'{{"Best. Nr":"{self.purchase.name}","Stand":"fest"}}\n')

    def test_formulas(self):
        """P1: where people open a file in a spreadsheet no text is taken for a formula; numbers stay numbers."""
        self.tape.write({"name": "=cmd|' /C calc'!A0", "standard_price": -4.5})
        columns = {"sku": "sku", "text": "name", "both": "name + cost", "number": "cost"}
        file = {
            "dataset": "items",
            "column_ids": [
                Command.create({"name": name, "field_name": field}) for name, field in columns.items()
            ],
        }
        files = [{**file, "name": "people.csv", "for_spreadsheet": True}, {**file, "name": "program.csv"}]
        self.source.mapping_id = self.env["dist.planning.mapping"].create(
            {"name": "Mine", "file_ids": [Command.create(values) for values in files]}
        )
        export = self._export()
        people, program = (
            next(row for row in self._read_named(export, name) if row["sku"] == "TAPE")
            for name in ("people.csv", "program.csv")
        )
        self.assertEqual((program["text"], program["number"]), ("=cmd|' /C calc'!A0", "-4.5"))
        self.assertEqual((people["text"], people["number"]), ("'=cmd|' /C calc'!A0", "-4.5"))
        self.assertEqual(people["both"], f"'{program['both']}")

    def test_parts(self):
        """P1: what the platform is told of a part is what would be read of it."""
        self.tape.default_code = "A/B/C"
        forms = {"first": "/1", "second": "/2", "last": "/-1", "before": "/-2"}
        columns = [
            {"name": name, "field_name": "sku", "conversion": "part", "argument": form}
            for name, form in forms.items()
        ]
        file = {"name": "x.csv", "dataset": "items", "column_ids": list(map(Command.create, columns))}
        self.source.mapping_id = self.env["dist.planning.mapping"].create(
            {"name": "Mine", "file_ids": [Command.create(file)]}
        )
        content = self._get_content(self._get_file(self._export(), name="x.csv")).decode()
        self.assertIn("A,B,C,A/B\n", content)
        # one without the sign is the last part, with nothing before it
        self.assertIn('GLOVE,"",GLOVE,""\n', content)

    def test_changes_alone(self):
        """P1: a platform that takes changes is told of what is gone where its file has a column for it."""
        self.source.mapping_id = self.env["dist.planning.mapping"].create(
            {
                "name": "Changes",
                "takes_changes": True,
                "file_ids": [
                    Command.create(
                        {
                            "name": f"{name}.csv",
                            "dataset": "items",
                            "column_ids": [Command.create(column) for column in columns],
                        }
                    )
                    for name, columns in (
                        (
                            "all",
                            [{"name": "Sku", "field_name": "key"}, {"name": "Gone", "field_name": "removed"}],
                        ),
                        ("there", [{"name": "Sku", "field_name": "key"}]),
                    )
                ],
            }
        )
        self._export()
        self.glove.unlink()
        export = self._export("delta")
        self.assertEqual(self._read_named(export, "all.csv"), [{"Sku": "GLOVE", "Gone": "true"}])
        self.assertEqual(self._read_named(export, "there.csv"), [])

    def test_changes_of_a_choice(self):
        """P1: a file of chosen rows tells what is gone of them, and what is not among them any more."""
        columns = [{"name": "Sku", "field_name": "key"}, {"name": "Gone", "field_name": "removed"}]
        file = {"name": "sold.csv", "dataset": "items", "only_column": "active", "only_values": "true"}
        self.source.mapping_id = self.env["dist.planning.mapping"].create(
            {
                "name": "Changes",
                "takes_changes": True,
                "file_ids": [Command.create({**file, "column_ids": list(map(Command.create, columns))})],
            }
        )
        old = self._make_product("OLD")
        old.active = False
        told = self._read_named(self._export(), "sold.csv")
        self.assertIn({"Sku": "TAPE", "Gone": "false"}, told)
        self.assertNotIn("OLD", [row["Sku"] for row in told])
        self.glove.unlink()
        self.tape.active = False
        self._make_product("YOUNG")
        self.assertEqual(
            self._read_named(self._export("delta"), "sold.csv"),
            [
                {"Sku": "GLOVE", "Gone": "true"},
                {"Sku": "TAPE", "Gone": "true"},
                {"Sku": "YOUNG", "Gone": "false"},
            ],
        )
        self.assertEqual(self._read_named(self._export("delta"), "sold.csv"), [])

    def test_what_does_not_fit(self):
        """P1: a mapping that cannot work is refused when it is saved, with what there is instead."""
        mapping = self.env["dist.planning.mapping"].create({"name": "Wrong"})

        def check(column=None, **values):
            columns = [Command.create(column)] if column else []
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.env["dist.planning.mapping.file"].create(
                    {
                        "mapping_id": mapping.id,
                        "name": "x.csv",
                        "dataset": "items",
                        "column_ids": columns,
                        **values,
                    }
                )

        check({"name": "A", "field_name": "nothing"})
        check({"name": "A", "field_name": "sku + nothing"})
        check({"name": "A", "field_name": "created", "conversion": "date", "argument": "%d.%m"})
        check({"name": "A", "field_name": "active", "conversion": "flag"})
        check({"name": "A", "field_name": "sku", "words": "no sign"})
        check({"name": 'A "quoted"', "field_name": "sku"})
        check({"name": "A" * 61, "field_name": "sku"})
        check({"field_name": "sku"})
        check({"field_name": "sku"}, content="jsonl", has_head=False)
        nameless = {"name": "z.csv", "dataset": "items", "has_head": False}
        file = self.env["dist.planning.mapping.file"].create(
            {
                "mapping_id": mapping.id,
                **nameless,
                "column_ids": [Command.create({"field_name": "sku"})],
            }
        )
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            file.content = "jsonl"
        check(name="../x.csv")
        check(name="{secret}.csv")
        check(dataset="proposal")
        check(direction="in")
        check({"name": "A", "field_name": "sku"}, direction="in", dataset="proposal")
        check(only_column="nothing", only_values="x")
        names = [column.name for column in COLUMNS["alert"] if column.required]
        told = {
            "direction": "in",
            "dataset": "alert",
            "has_head": False,
            "column_ids": [Command.create({"name": name, "field_name": name}) for name in names],
        }
        check(**told, only_column="nothing", only_values="x")
        fits = {"mapping_id": mapping.id, "name": "y.csv", "only_column": "code", "only_values": "x"}
        self.assertTrue(self.env["dist.planning.mapping.file"].create({**told, **fits}))

    def test_rights(self):
        """P1, G5: planning managers map, others do not; it is told by the audit trail."""
        planner = new_test_user(
            self.env, "reads", groups="dist_integration_planning.group_dist_planning_planner"
        )
        mapping = self.env.ref("dist_integration_planning.mapping_lokad")
        self.assertTrue(mapping.with_user(planner).file_ids)
        with self.assertRaises(AccessError):
            mapping.with_user(planner).name = "Mine"
        manager = new_test_user(
            self.env, "changes", groups="dist_integration_planning.group_dist_planning_manager"
        )
        files = mapping.with_user(manager).file_ids
        for shared, values in (
            (mapping.with_user(manager), {"name": "Mine"}),
            (files[0], {"name": "mine.csv"}),
            (files.column_ids[0], {"name": "mine"}),
        ):
            with self.assertRaises(AccessError):
                shared.write(values)
        copied = mapping.with_user(manager).copy()
        self.assertEqual(copied.company_id, self.env.company)
        self.assertEqual(len(copied.file_ids.column_ids), len(mapping.file_ids.column_ids))
        copied.file_ids[0].name = "mine.csv"


@tagged("post_install", "-at_install")
class TestPlanningMappingIn(ExportHttpCase):
    """What platforms tell in their own words, by the same door as everybody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_flow(cls.system, "plan.file")
        antwerp = cls.env["stock.warehouse"].create({"name": "Antwerp", "code": "ANT"})
        cls.source.write(
            {"may_purchase": True, "may_transfer": True, "warehouse_ids": [Command.link(antwerp.id)]}
        )

    def _send(self, mapping, name, text, **query):
        """:return: answer to a file"""
        self.source.mapping_id = self.env.ref(f"dist_integration_planning.mapping_{mapping}")
        return self._call(
            "POST",
            f"/plans/files?{urlencode({'name': name, **query})}",
            text.encode(),
            self.key,
            Content_Type="text/csv",
            Idempotency_Key=uuid4().hex,
        )

    def _tell(self, mapping, name, text, check=True, **query):
        """:return: dist.planning.batch that a file makes, checked unless told otherwise"""
        response = self._send(mapping, name, text, **query)
        self.assertIn(response.status_code, (200, 202), response.text)
        batch = self.env["dist.planning.batch"].search(
            [("source_id", "=", self.source.id)], order="id desc", limit=1
        )
        if check:
            batch._job_activate()
            self.env.invalidate_all()
        return batch

    def test_frepple(self):
        """P2: what frePPLe proposes; what it only repeats of our own orders is left out."""
        batch = self._tell(
            "frepple",
            "purchaseorder.csv",
            "reference,status,item,location,supplier,quantity,startdate,enddate\n"
            "881,proposed,TAPE,BRU,S-1,120,2041-03-01 00:00:00,2041-03-10 00:00:00\n"
            "P00001,confirmed,TAPE,BRU,S-1,50,2041-03-01 00:00:00,2041-03-10 00:00:00\n",
        )
        self.assertEqual(batch.state, "active", batch.error_ids.mapped("message"))
        proposal = self.env["dist.planning.proposal"].search([("batch_id", "=", batch.id)])
        self.assertEqual((proposal.key, proposal.kind, proposal.product_id), ("881", "purchase", self.tape))
        self.assertEqual((proposal.quantity, proposal.partner_id), (120, self.supplier))
        self.assertEqual(fields.Date.to_string(proposal.date_planned), "2041-03-10")

    def test_netstock(self):
        """P2: an order file without a line of names; the same file again changes nothing."""
        text = '"17","S-1","BRU","TAPE",40,2041-03-10\n"17","S-1","BRU","GLOVE",10,2041-03-10\n'
        batch = self._tell("netstock", "po_17.csv", text)
        self.assertEqual(batch.state, "active", batch.error_ids.mapped("message"))
        proposals = self.env["dist.planning.proposal"].search([("batch_id", "=", batch.id)])
        self.assertEqual(set(proposals.mapped("key")), {"17/TAPE", "17/GLOVE"})
        again = self._tell("netstock", "po_17.csv", text)
        self.assertEqual((again.same_as_id, batch.confirmed_at), (batch, again.planned_at))
        self.assertEqual(proposals.batch_id, batch)

    def _get_open(self):
        domain = [("source_id", "=", self.source.id), ("state", "=", "proposed")]
        return sorted(self.env["dist.planning.proposal"].search(domain).mapped("key"))

    def test_one_file_an_order(self):
        """P2: of a platform that tells each order by a file of its own, each file speaks for its own order alone."""
        row = '"{0}","S-1","BRU","{1}",40,2041-03-10\n'
        first = self._tell("netstock", "po_1.csv", row.format(1, "TAPE") + row.format(1, "GLOVE"))
        self._tell("netstock", "po_2.csv", row.format(2, "TAPE"))
        self._tell("netstock", "tr_3.csv", '"3","BRU","ANT","TAPE",4,2041-03-10\n')
        self.assertEqual(self._get_open(), ["1/GLOVE", "1/TAPE", "2/TAPE", "3/TAPE"])
        self.assertEqual(first.state, "active")
        newer = self._tell("netstock", "po_1.csv", row.format(1, "GLOVE"))
        self.assertEqual(self._get_open(), ["1/GLOVE", "2/TAPE", "3/TAPE"])
        self.assertEqual((first.state, newer.state), ("superseded", "active"))

    def test_a_file_for_each_kind(self):
        """P2: what is to be bought and what is to be moved are files of their own, each all there is of its kind."""
        head = "reference,status,item,location,supplier,quantity,startdate,enddate\n"
        row = "{0},proposed,TAPE,BRU,S-1,120,2041-03-01 00:00:00,2041-03-10 00:00:00\n"
        bought = self._tell("frepple", "purchaseorder.csv", head + row.format(881) + row.format(882))
        self._tell(
            "frepple",
            "distributionorder.csv",
            "reference,status,item,origin,destination,quantity,startdate,enddate\n"
            "883,proposed,TAPE,BRU,ANT,10,2041-03-01 00:00:00,2041-03-10 00:00:00\n",
        )
        self.assertEqual(self._get_open(), ["881", "882", "883"])
        self.assertEqual(bought.state, "active")
        self._tell("frepple", "purchaseorder_2.csv", head + row.format(882))
        self.assertEqual(self._get_open(), ["882", "883"])
        self.assertEqual(bought.state, "superseded")

    BOUGHT = "reference,status,item,location,quantity,enddate\n{0},proposed,TAPE,BRU,4,2041-03-10 00:00:00\n"
    MOVED = (
        "reference,status,item,origin,destination,quantity,enddate\n"
        "{0},proposed,TAPE,BRU,ANT,4,2041-03-10 00:00:00\n"
    )

    def test_files_of_one_run(self):
        """P2: files that carry one number are versions beside each other, however fast they come; none is lost."""
        batches = [
            self._tell("frepple", name, text.format(number), check=False, plan="R0")
            for number, (name, text) in enumerate(
                (("purchaseorder.csv", self.BOUGHT), ("distributionorder.csv", self.MOVED))
            )
        ]
        self.assertEqual(len(set(batches)), 2)
        for batch in batches:
            batch._job_activate()
        self.env.invalidate_all()
        self.assertEqual([batch.state for batch in batches], ["active", "active"])
        self.assertEqual(self._get_open(), ["0", "1"])
        again = self._tell("frepple", "purchaseorder.csv", self.BOUGHT.format(0), plan="R0")
        self.assertEqual(again, batches[1], "no version was made of it")

    def test_number_of_a_file_that_came(self):
        """P2: a second file of a subject under the number of one that is still to be checked is refused."""
        batch = self._tell("frepple", "purchaseorder.csv", self.BOUGHT.format(1), check=False, plan="R0")
        for name in ("purchaseorder.csv", "purchaseorder_2.csv"):
            response = self._send("frepple", name, self.BOUGHT.format(2), plan="R0")
            self.assertEqual((response.status_code, response.json()["code"]), (409, "plan_reused"))
        batch._job_activate()
        self.env.invalidate_all()
        self.assertEqual((batch.state, self._get_open()), ("active", ["1"]))

    def test_number_of_a_file_that_was_refused(self):
        """P2: a file that was refused may come again under its number, corrected."""
        wrong = self.BOUGHT.format(1).replace("TAPE", "TYPO")
        batch = self._tell("frepple", "purchaseorder.csv", wrong, plan="R0")
        self.assertEqual(batch.state, "refused")
        self.assertEqual(self._tell("frepple", "purchaseorder.csv", self.BOUGHT.format(1), plan="R0"), batch)
        self.assertEqual(batch.state, "active")

    def test_in_whichever_order(self):
        """P2: files that came later and were checked first put none of another kind out."""
        row = '"{0}","S-1","BRU","TAPE",40,2041-03-10\n'
        batches = [
            self._tell("netstock", f"po_{number}.csv", row.format(number), check=False) for number in (1, 2)
        ]
        batches[0].planned_at = batches[1].planned_at - timedelta(minutes=1)
        self.env.flush_all()
        for batch in reversed(batches):
            batch._job_activate()
        self.env.invalidate_all()
        self.assertEqual([batch.state for batch in batches], ["active", "active"])

    def test_back_to_the_file_before(self):
        """P2: A, then B, then A again: A is in force; the same file again renews it."""
        head = "Id\tDate\tQuantity\n"
        files = {name: f"{head}TAPE/BRU\t2041-03-04\t{number}\n" for name, number in (("A", 5), ("B", 9))}
        told = [self._tell("lokad", "Lokad_Forecasts.tsv", files[name]) for name in ("A", "B", "A")]
        self.assertEqual([batch.state for batch in told], ["superseded", "superseded", "active"])
        forecasts = self.env["dist.planning.forecast"]
        self.assertEqual(forecasts.search([("batch_id", "=", told[2].id)]).baseline, 5)
        self.assertEqual(self.source.forecast_batch_id, told[2])
        self.assertFalse(told[2].confirmed_at)
        self._tell("lokad", "Lokad_Forecasts.tsv", files["A"])
        self.assertTrue(told[2].confirmed_at)
        self.assertEqual(self.source.forecast_batch_id, told[2])

    def test_lokad(self):
        """P2: forecasts by Id, tabulated."""
        batch = self._tell(
            "lokad",
            "Lokad_Forecasts.tsv",
            "Id\tDate\tQuantity\nTAPE/BRU\t2041-03-04\t12.5\nGLOVE/BRU\t2041-03-04\t1\n",
        )
        self.assertEqual(batch.state, "active", batch.error_ids.mapped("message"))
        forecasts = self.env["dist.planning.forecast"].search([("batch_id", "=", batch.id)])
        self.assertEqual(
            dict(forecasts.mapped(lambda row: (row.product_id.default_code, row.baseline))),
            {"TAPE": 12.5, "GLOVE": 1},
        )

    def test_lokad_and_back(self):
        """P1, P2: an Id that was told comes back as the same item, also one whose number holds a slash."""
        bolt = self._make_product("BOLT/8")
        self._put(bolt, 3)
        self._make_product("BOLT")
        self.source.mapping_id = self.env.ref("dist_integration_planning.mapping_lokad")
        content = self._get_content(self._get_file(self._export(), name="Lokad_Items.tsv")).decode()
        told = [row["Id"] for row in csv.DictReader(io.StringIO(content), delimiter="\t")]
        self.assertIn("BOLT/8/BRU", told)
        rows = "".join(f"{name}\t2041-03-04\t3\n" for name in told)
        for name in ("Lokad_Forecasts.tsv", "Lokad_Suggestions.tsv"):
            batch = self._tell("lokad", name, f"Id\tDate\tQuantity\n{rows}")
            self.assertEqual(batch.state, "active", batch.error_ids.mapped("message"))
        proposals = self.env["dist.planning.proposal"].search([("batch_id", "=", batch.id)])
        self.assertIn(bolt, proposals.product_id)

    def test_mistakes(self):
        """P2: what is wrong is named by line and value; nothing of the file counts."""
        batch = self._tell(
            "frepple",
            "purchaseorder.csv",
            "reference,status,item,location,supplier,quantity,startdate,enddate\n"
            "881,proposed,TAPE,BRU,S-1,120,2041-03-01 00:00:00,2041-03-10 00:00:00\n"
            "882,proposed,TAPE,BRU,S-1,120,tomorrow,2041-03-10 00:00:00\n",
        )
        self.assertEqual(batch.state, "refused")
        error = batch.error_ids.ensure_one()
        self.assertEqual((error.line, error.field, error.value), (3, "startdate", "tomorrow"))
        self.assertFalse(self.env["dist.planning.proposal"].search([("batch_id", "=", batch.id)]))

    def test_lines_are_those_of_their_file(self):
        """P2: what shows only here is named by its line there, in a file without a line of names as in any."""
        row = '"17","S-1","BRU","{0}",40,2041-03-10\n'
        for name, text, line in (
            ("po_17.csv", row.format("TAPE") + row.format("NOBODY"), 2),
            ("po_18.csv", row.format("TAPE") + "\n\n" + row.format("NOBODY"), 4),
        ):
            batch = self._tell("netstock", name, text)
            self.assertEqual((batch.state, batch.error_ids.mapped("line")), ("refused", [line]))
        text = "Id\tDate\tQuantity\nTAPE/BRU\t2041-03-04\t5\n\nNOBODY/BRU\t2041-03-04\t5\n"
        batch = self._tell("lokad", "Lokad_Forecasts.tsv", text)
        self.assertEqual(set(batch.error_ids.mapped("line")), {4})

    def test_an_item_twice(self):
        """P2: an item that an order file has on two lines for one place is named by both, whatever they call it."""
        self.tape.barcode = "7612345000053"
        row = '"{0}","S-1","{1}","{2}",40,2041-03-10\n'
        first, other = row.format(17, "BRU", "TAPE"), row.format(17, "BRU", "GLOVE")
        for number, (again, field, values) in enumerate(
            (
                (row.format(17, "BRU", "TAPE"), "key", ["17/TAPE"] * 2),
                (row.format("17 ", "BRU", " TAPE"), "key", ["17/TAPE"] * 2),
                (row.format(18, "BRU", "TAPE"), "sku", ["TAPE"] * 2),
                (row.format(17, "BRU", "7612345000053"), "sku", ["TAPE", "7612345000053"]),
            )
        ):
            batch = self._tell("netstock", f"po_{number}.csv", first + other + again)
            self.assertEqual(
                (batch.state, batch.error_ids.mapped(lambda error: (error.line, error.field, error.value))),
                ("refused", [(1, field, values[0]), (3, field, values[1])]),
            )
        self.assertFalse(self._get_open())

    def test_an_item_for_two_places(self):
        """P2: an item that an order file has for two places is no mistake."""
        row = '"{0}","S-1","{1}","TAPE",40,2041-03-10\n'
        bought = self._tell("netstock", "po_17.csv", row.format(17, "BRU") + row.format(18, "ANT"))
        self.assertEqual((bought.state, self._get_open()), ("active", ["17/TAPE", "18/TAPE"]))

    def test_which_rows_count_is_not_said(self):
        """P2: a file without the column by which rows are chosen says nothing; what is open stays on the list."""
        head, row = (
            "reference,{0},item,location,quantity,enddate\n",
            "{0},{1},TAPE,BRU,4,2041-03-10 00:00:00\n",
        )
        self._tell("frepple", "purchaseorder.csv", head.format("status") + row.format(1, "proposed"))
        refused = self._tell(
            "frepple", "purchaseorder.csv", head.format("Status") + row.format(2, "proposed")
        )
        self.assertEqual(refused.state, "refused")
        self.assertIn("status", refused.error_ids.message)
        self.assertEqual(self._get_open(), ["1"])

    def test_unknown_item(self):
        """P2: an item that nobody knows is named as such, not as one without a unit."""
        batch = self._tell("netstock", "po_18.csv", '"18","S-1","BRU","NOBODY",40,2041-03-10\n')
        self.assertEqual(batch.state, "refused")
        self.assertIn("NOBODY", batch.error_ids.mapped("value"))
        self.assertEqual(batch.error_ids.mapped("field"), ["sku"])
        self.env["dist.code.map"].create(
            {
                "system_id": self.system.id,
                "domain": "product",
                "external_code": "NOBODY",
                "res_model": "product.product",
                "res_id": self.tape.id,
            }
        )
        batch.action_check_again()
        batch._job_activate()
        self.env.invalidate_all()
        self.assertEqual(batch.state, "active", batch.error_ids.mapped("message"))
        self.assertEqual(
            self.env["dist.planning.proposal"].search([("key", "=", "18/NOBODY")]).product_id, self.tape
        )
