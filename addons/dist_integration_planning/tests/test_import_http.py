import gzip
import hashlib
import json
from urllib.parse import urlencode

from odoo.tests import tagged

from odoo.addons.dist_integration_base.lib import schema as json_schema

from .common import PlanningHttpCase

FILES = "/plans/files"
HEAD = "sku,warehouse,bucket_start,unit,baseline,uplift,calendar\n"


@tagged("post_install", "-at_install")
class TestImportHttp(PlanningHttpCase):
    """A planning platform hands over plans by the API."""

    def _send(self, body, media="application/x-ndjson", headers=None, **query):
        return self._call(
            "POST", f"{FILES}?{urlencode(query)}", body, self.key, Content_Type=media, **(headers or {})
        )

    def _get_batch(self, response):
        self.assertEqual(response.status_code, 202, response.text)
        message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
        self.assertEqual(message.state, "done", message.error)
        return self.env["dist.planning.batch"].browse(message.res_id)

    def _poll(self, response):
        path = response.headers["Location"].removeprefix("/dist/v1")
        return self._call("GET", path, key=self.key).json()

    def test_one_file(self):
        """P2: a file of all kinds with its manifest is answered 202, checked in the background and put in force."""
        body = self._plan(
            [self._forecast(), self._forecast(day="2026-03-09"), self._proposal(), self._alert()]
        )
        response = self._send(body)
        batch = self._get_batch(response)
        self.assertEqual(response.json()["status"], "accepted_for_processing")
        self.assertEqual(
            (batch.state, batch.source_id, batch.company_id), ("staged", self.source, self.env.company)
        )
        self.assertEqual(self._poll(response)["status"], "in_progress")
        self._activate(batch)
        document = self._poll(response)
        self.assertEqual(document["status"], "succeeded")
        answer = document["answer"]
        self.assertEqual((answer["status"], answer["forecasts"], answer["proposals"]), ("in_force", 2, 1))
        message_type = self.env["dist.message.type"]._get_by_code("plan.file")
        schema = message_type._get_default_version()._get_answer_schema()
        self.assertFalse(json_schema.compile_schema(schema).errors(answer))
        self.assertEqual(self.source.forecast_batch_id, batch)
        forecast = self.env["dist.planning.forecast"].search([("batch_id", "=", batch.id)])
        self.assertEqual(forecast.product_id, self.tape)
        self.assertEqual(forecast.mapped("quantity"), [10.0, 10.0])

    def test_manifest_that_cannot_be_kept(self):
        """P2: what a manifest says is held to the limits of the API before anything is stored."""
        for said in (
            {"plan": "R\0-1"},
            {"plan": "R" * 8000},
            {"plan": "   "},
            {"counts": {"fore\0cast": 1}},
            {"sha256": "x"},
            {"planned_at": "\0"},
        ):
            with self.subTest(**said):
                response = self._send(self._plan([self._forecast()], manifest=said))
                self.assertEqual(response.status_code, 422, response.text)
        self.assertFalse(self.source.batch_ids)

    def test_files_and_manifest(self):
        """P2: files in CSV, packed or not, and their manifest come in any order; the plan counts with the last."""
        rows = "".join(f"TAPE,WH,2026-03-{day:02},Units,7,1.5,445\n" for day in (2, 9, 16))
        forecasts = gzip.compress((HEAD + rows).encode())
        proposals = (
            b"key;kind;sku;warehouse;unit;quantity;date_planned;supplier\n"
            b"P-1;purchase;TAPE;WH;Units;10;2030-01-07;HARBOUR\n"
        )
        files = [
            {
                "name": "f.csv.gz",
                "kind": "forecast",
                "rows": 3,
                "sha256": hashlib.sha256(forecasts).hexdigest(),
            },
            {"name": "p.csv", "kind": "proposal", "rows": 1, "sha256": hashlib.sha256(proposals).hexdigest()},
        ]
        packed = {"Content_Encoding": "gzip"}
        response = self._send(forecasts, "text/csv", packed, plan="R-2", kind="forecast", name="f.csv.gz")
        batch = self._get_batch(response)
        self.assertFalse(batch._is_complete())
        self.assertEqual(batch.waits_for, "The manifest did not come.")
        manifest = {"plan": "R-2", "planned_at": self._at(), "files": files}
        self.assertEqual(self._get_batch(self._call("POST", "/plans", manifest, self.key)), batch)
        self.assertEqual(batch._get_missing(), ["p.csv"])
        self.assertEqual(batch.waits_for, "Files did not come: p.csv.")
        self.assertEqual(self._poll(response)["progress"]["stage"], "Waits for the rest of the plan")
        self._get_batch(self._send(proposals, "text/csv", plan="R-2", kind="proposal", name="p.csv"))
        self.assertTrue(batch._is_complete())
        self.assertEqual(batch.waits_for, "It is about to be checked.")
        self._activate(batch)
        self.assertEqual(
            (batch.state, batch.forecast_count, batch.proposal_count), ("active", 3, 1), batch.error_ids
        )
        self.assertFalse(batch.waits_for)
        forecast = self.env["dist.planning.forecast"].search([("batch_id", "=", batch.id)], limit=1)
        self.assertEqual((forecast.baseline, forecast.uplift, forecast.quantity), (7.0, 1.5, 8.5))
        self.assertEqual((str(forecast.bucket_start), forecast.calendar), ("2026-03-02", "445"))
        self.assertEqual(self._get_proposals("P-1").partner_id, self.supplier)

    def _send_all(self, plan, contents, **told):
        """Send CSV files without names, and their manifest.

        :param contents: list of (kind, content)
        :param told: kind to what the manifest says of it, None to leave it out
        """
        files = []
        for kind, content in contents:
            batch = self._get_batch(self._send(content, "text/csv", plan=plan, kind=kind))
            if told.get(kind, kind):
                digest = hashlib.sha256(content).hexdigest()
                files.append(
                    {"kind": told.get(kind, kind), "rows": content.count(b"\n") - 1, "sha256": digest}
                )
        manifest = {"plan": plan, "planned_at": self._at(), "files": files}
        self._get_batch(self._call("POST", "/plans", manifest, self.key))
        return self._activate(batch)

    FORECASTS = f"{HEAD}TAPE,WH,2026-03-02,Units,7,,\n".encode()
    PROPOSALS = (
        b"key,kind,sku,warehouse,unit,quantity,date_planned\nP-1,purchase,TAPE,WH,Units,10,2030-01-07\n"
    )

    def test_files_without_names(self):
        """P2: two files of one kind that nobody named are two files."""
        second = self.FORECASTS.replace(b"2026-03-02", b"2026-03-09")
        batch = self._send_all("R-3", [("forecast", self.FORECASTS), ("forecast", second)])
        self.assertEqual((batch.state, batch.forecast_count), ("active", 2), batch.error_ids)

    def test_json_lines_without_a_row(self):
        """P2: files of JSON lines without a row are files: nothing is proposed any more, and there is no alert; one is
        not taken for the other, though nothing is in both.
        """
        self._activate(self._get_batch(self._send(self._plan([self._proposal(), self._alert()]))))
        digest = hashlib.sha256(b"").hexdigest()
        files = [{"kind": kind, "rows": 0, "sha256": digest} for kind in ("alert", "proposal")]
        manifest = {"plan": "R-2", "planned_at": self._at(1), "files": files}
        batch = self._get_batch(self._call("POST", "/plans", manifest, self.key))
        for kind in ("proposal", "alert"):
            self.assertFalse(batch._is_complete())
            self._get_batch(self._send(b"", headers={"Idempotency_Key": f"no-{kind}"}, plan="R-2", kind=kind))
        self.assertTrue(batch._is_complete())
        self._activate(batch)
        self.assertEqual(batch.state, "active", batch.error_ids.mapped("message"))
        self.assertEqual(self._get_proposals().state, "superseded")
        self.assertEqual((self.source.proposal_batch_id, self.source.alert_batch_id), (batch, batch))

    def test_undeclared_file(self):
        """P2: what the manifest does not name is not put in force with the rest; a new manifest mends it."""
        contents = [("forecast", self.FORECASTS), ("proposal", self.PROPOSALS)]
        batch = self._send_all("R-4", contents, proposal=None)
        self.assertEqual((batch.state, batch.error_ids.mapped("code")), ("refused", ["undeclared"]))
        self.assertFalse(self._get_proposals())
        mended = self.FORECASTS.replace(b",7,", b",8,")
        batch = self._send_all("R-4", [("forecast", mended)])
        self.assertEqual(
            (batch.state, batch.forecast_count, batch.proposal_count), ("active", 1, 0), batch.error_ids
        )

    def test_declared_as_another_kind(self):
        """P2: rows are of the kind that the manifest says."""
        contents = [("forecast", self.FORECASTS), ("proposal", self.PROPOSALS)]
        batch = self._send_all("R-5", contents, proposal="alert")
        self.assertEqual((batch.state, batch.error_ids.mapped("code")), ("refused", ["other_kind"]))

    def test_quoted_and_spaced_values(self):
        """P2: a spreadsheet's quotes around nothing are nothing, and spaces around a number are none of it."""
        rows = b'"sku","warehouse","bucket_start","bucket","unit","baseline","uplift"\n'
        rows += b'" TAPE ","WH","2026-03-02","","Units","5",""\n'
        batch = self._send_all("R-6", [("forecast", rows)])
        self.assertEqual(
            (batch.state, batch.forecast_count), ("active", 1), batch.error_ids.mapped("message")
        )

    def test_more_columns_than_a_table_takes(self):
        """P2: a file may have any number of columns that nobody reads."""
        head = HEAD.strip() + "".join(f",extra{number}" for number in range(1700))
        content = f"{head}\nTAPE,WH,2026-03-02,Units,7,,{',' * 1700}\n".encode()
        batch = self._send_all("R-10", [("forecast", content)])
        self.assertEqual(
            (batch.state, batch.forecast_count), ("active", 1), batch.error_ids.mapped("message")
        )

    def test_value_that_no_database_takes(self):
        """P2: a zero in a value is named like any other fault, and what waits behind the plan is not held up."""
        batch = self._send_all("R-7", [("forecast", self.FORECASTS.replace(b"TAPE", b"TA\0PE"))])
        self.assertEqual(batch.state, "refused")
        self.assertEqual((batch.error_ids.line, batch.error_ids.field), (2, "sku"))

    def test_weeks_start_on_monday(self):
        """P2, P5: a week that starts on a Wednesday would never be compared with what was sold."""
        batch = self._send_all("R-8", [("forecast", self.FORECASTS.replace(b"2026-03-02", b"2026-03-04"))])
        self.assertEqual((batch.state, batch.error_ids.mapped("code")), ("refused", ["bucket_start"]))

    def test_forecast_of_nothing(self):
        """P2: an empty file of forecasts does not take away those in force."""
        batch = self._send_all("R-9", [("forecast", HEAD.encode())])
        self.assertEqual((batch.state, batch.error_ids.mapped("code")), ("refused", ["empty"]))

    def test_faults_are_told_to_the_sender(self):
        """P2: the operation of a refused plan names each fault with file, line, field and value."""
        response = self._send(self._plan([self._forecast(), self._forecast(sku="TYPO")]), name="week.jsonl")
        self._activate(self._get_batch(response))
        document = self._poll(response)
        self.assertEqual((document["status"], document["http_status"]), ("failed", 422))
        self.assertEqual(document["problem"]["code"], "plan_refused")
        self.assertIn(
            "week.jsonl, line 3, sku: No product has this number. (TYPO)", document["problem"]["detail"]
        )

    def test_no_manifest(self):
        """P2: a file of all kinds without its manifest is refused at once."""
        for body in (
            b"",
            b"{}\n",
            json.dumps(self._forecast()).encode(),
            b'{"record": "manifest", "plan": "R"}\n',
        ):
            with self.subTest(body=body):
                response = self._send(body)
                self.assertEqual(response.status_code, 422, response.text)
                self.assertIn(response.json()["code"], ("manifest_missing", "manifest_invalid"))
        self.assertFalse(self.source.batch_ids)

    def test_used_number(self):
        """P2: a number that was put in force cannot mean something else; the same file again changes nothing."""
        body = self._plan([self._forecast()])
        batch = self._activate(self._get_batch(self._send(body)))
        rows = self.env["dist.planning.forecast"].search([("batch_id", "=", batch.id)])
        response = self._send(body + b"\n", name="again")
        self.assertEqual((response.status_code, response.json()["code"]), (409, "plan_reused"))
        again = self._send(body, headers={"Idempotency_Key": "another"})
        self.assertEqual((again.status_code, again.json()["status"]), (200, "in_force"))
        self.assertEqual(self.source.batch_ids, batch)
        self.assertEqual(self.env["dist.planning.forecast"].search([("batch_id", "=", batch.id)]), rows)

    def test_stranger(self):
        """P2: who may not hand over plans, or is no planning source, is told so."""
        _system, _client, key = self._make_system("Shop")
        response = self._call("POST", FILES, b"{}", key, Content_Type="application/x-ndjson")
        self.assertEqual(response.status_code, 403)
        self.source.active = False
        response = self._send(self._plan([self._forecast()]))
        self.assertEqual((response.status_code, response.json()["code"]), (409, "no_source"))

    def test_documented(self):
        """P2, M10: the OpenAPI document tells both routes, and the columns of the files."""
        document = self.opener.get(f"{self.base_url()}/dist/v1/openapi.json").json()
        self.assertIn("/dist/v1/plans", document["paths"])
        operation = document["paths"]["/dist/v1" + FILES]["post"]
        self.assertEqual(set(operation["requestBody"]["content"]), {"text/csv", "application/x-ndjson"})
        self.assertIn("bucket_start (needed)", operation["description"])
