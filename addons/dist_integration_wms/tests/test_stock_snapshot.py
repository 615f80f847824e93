import gzip
import json
import time
from urllib.parse import urlencode

from odoo import fields
from odoo.tests import tagged

from odoo.addons.dist_integration_base.controllers import api
from odoo.addons.dist_integration_base.lib import schema as json_schema
from odoo.addons.dist_integration_base.lib import signature, snapshot
from odoo.addons.dist_integration_base.models import dist_reconciliation_posting, dist_reconciliation_run
from odoo.addons.dist_integration_base.tests.folders import FolderMixin

from .common import WmsHttpCase

SNAPSHOTS = "/stock/snapshots"
CSV = "text/csv"
JSON_LINES = "application/x-ndjson"


class SnapshotCase(WmsHttpCase):
    """The warehouse hands over its stock by the API; the runs' jobs are done by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.profile = cls.env["dist.reconciliation.profile"].create(
            {
                "name": "Stock",
                "domain_code": "stock",
                "system_id": cls.system.id,
                "approval_limit": 1000.0,
                "auto_post": True,
                "auto_post_limit": 20.0,
                "tolerance_ids": [
                    fields.Command.create({"class_code": "A", "percent": 1.0}),
                    fields.Command.create({"class_code": "C", "percent": 50.0}),
                    fields.Command.create({"percent": 0.0}),
                ],
            }
        )
        cls.lot = cls._make_lot(cls.seal, "L/1")
        cls._put(cls.tape, 200)
        cls._put(cls.glove, 5)
        cls._put(cls.seal, 8, lot=cls.lot)
        cls.tape.product_tmpl_id.dist_count_class = "A"
        cls.glove.product_tmpl_id.dist_count_class = "C"
        cls.moment = fields.Datetime.subtract(fields.Datetime.now(), hours=6)

    def _send(self, body, kind=CSV, key=None, minutes=0, headers=None, **query):
        """Upload a snapshot.

        :param minutes: how much later than the first one it was taken
        """
        query = {"warehouse": "NSIDE", "taken_at": self._at(minutes), **query}
        query = {name: value for name, value in query.items() if value is not None}
        body = body if isinstance(body, bytes) else body.encode()
        return self._call(
            "POST",
            f"{SNAPSHOTS}?{urlencode(query)}",
            body,
            key or self.key,
            Content_Type=kind,
            **(headers or {}),
        )

    def _at(self, minutes):
        return fields.Datetime.add(self.moment, minutes=minutes).isoformat() + "Z"

    def _csv(self, *rows, head="sku,lot,quantity"):
        return "\n".join([head, *rows]) + "\n"

    def _get_run(self, response):
        self.assertEqual(response.status_code, 202, response.text)
        message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
        self.assertEqual((message.state, message.res_model), ("done", "dist.reconciliation"), message.error)
        return self.env["dist.reconciliation"].browse(message.res_id)

    def _perform(self, run):
        self.env.flush_all()
        run._job_run()
        self.env.invalidate_all()
        return run

    def _reconcile(self, *rows, head="sku,lot,quantity", **options):
        run = self._perform(self._get_run(self._send(self._csv(*rows, head=head), **options)))
        self.assertEqual(run.state, "done", run.error)
        return run

    def _poll(self, response, key=None):
        operation = self._call(
            "GET", response.headers["Location"].removeprefix("/dist/v1"), key=key or self.key
        )
        return operation.json()

    def _states(self, run):
        return {line.name: (line.state, line.variance) for line in run.line_ids}

    def _perform_postings(self):
        """Do the jobs that post what needs nobody."""
        jobs = self.env["queue.job"].search([("method_name", "=", "_job_post"), ("state", "=", "pending")])
        for job in jobs:
            job.records._job_post(*job.args)
        jobs.unlink()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestStockSnapshot(SnapshotCase):
    def test_upload(self):
        """W5: a file is taken with 202 and an operation to poll; its job compares it as of the moment it was taken."""
        response = self._send(self._csv("TAPE,,200", "GLOVE,,5", "SEAL,L/1,8"), snapshot="CNT-1")
        run = self._get_run(response)
        self.assertEqual(
            (run.state, run.profile_id, run.warehouse_id), ("queued", self.profile, self.warehouse)
        )
        self.assertEqual((run.moment, run.coverage), (self.moment.replace(microsecond=0), "full"))
        job = self.env["queue.job"].search([("identity_key", "=", f"dist-reconciliation:{run.id}")])
        self.assertEqual((job.channel, list(job.args), job.kwargs), ("root.dist_bulk", [], {}))
        document = self._poll(response)
        self.assertEqual((document["status"], document["http_status"]), ("in_progress", 202))
        self.assertEqual(document["document"], "CNT-1")
        self._perform(run)
        document = self._poll(response)
        self.assertEqual((document["status"], document["progress"]["percent"]), ("succeeded", 100.0))
        answer = document["answer"]
        self.assertEqual((answer["warehouse"], answer["records"], answer["equal"]), ("NSIDE", 3, 3))
        self.assertEqual((answer["variances"], answer["accuracy"]), (0, "100.00"))
        self.assertFalse(self._get_schema_errors(answer))

    def _get_schema_errors(self, answer):
        message_type = self.env["dist.message.type"]._get_by_code("stock.snapshot")
        schema = message_type._get_default_version()._get_answer_schema()
        return json_schema.compile_schema(schema).errors(answer)

    def test_file_is_no_row(self):
        """W5: the file is in the file store alone, once for message and run; the message says what it is."""
        body = self._csv("TAPE,,200").encode()
        response = self._send(body)
        run = self._get_run(response)
        message = run.message_id
        described = json.loads(message._get_raw())
        self.assertEqual((described["file"]["size"], described["file"]["packed"]), (len(body), False))
        self.assertNotIn(b"TAPE", message._get_raw())
        attachments = message._get_upload() | run._get_snapshot()
        self.assertEqual(len(attachments), 2)
        self.assertEqual(set(attachments.mapped("store_fname")), {attachments[0].store_fname})
        self.assertTrue(attachments[0].store_fname.endswith(described["file"]["sha256"]))
        self.assertEqual([attachment.raw for attachment in attachments], [body, body])
        self.env.cr.execute("SELECT db_datas FROM ir_attachment WHERE id IN %s", (tuple(attachments.ids),))
        self.assertEqual(self.env.cr.fetchall(), [(None,), (None,)])

    def test_formats(self):
        """W5: JSON lines and CSV, each as it is or packed with gzip, are read alike."""
        self.profile.auto_post = False
        rows = [{"sku": "TAPE", "quantity": "199"}, {"sku": "SEAL", "lot": "L/1", "quantity": 8}]
        lines = "\n".join(json.dumps(row) for row in [*rows, {"sku": "GLOVE", "quantity": 5}]).encode()
        text = self._csv("TAPE,,199", "SEAL,L/1,8", "GLOVE,,5").encode()
        for minutes, (body, kind) in enumerate(((lines, JSON_LINES), (text, CSV))):
            with self.subTest(kind):
                run = self._perform(self._get_run(self._send(body, kind, minutes=minutes)))
                self.assertEqual(self._states(run), {"TAPE": ("within", -1.0)})
            with self.subTest(kind, packed=True):
                packed = {"Content_Encoding": "gzip"}
                response = self._send(gzip.compress(body), kind, minutes=minutes, headers=packed)
                run = self._perform(self._get_run(response))
                self.assertEqual(self._states(run), {"TAPE": ("within", -1.0)})
                self.assertTrue(run.snapshot_name.endswith(".gz"))

    def test_bad_lines(self):
        """W5: a file with mistakes is refused as a whole; operation and exception name the lines."""
        response = self._send(self._csv("TAPE,,ten", "GLOVE,,5", ",,3", "SEAL,L/1,8,9"))
        run = self._perform(self._get_run(response))
        self.assertEqual((run.state, run.line_ids.ids), ("failed", []))
        document = self._poll(response)
        self.assertEqual((document["status"], document["http_status"]), ("failed", 422))
        self.assertEqual(document["problem"]["code"], "invalid_snapshot")
        for text in ("Line 2: quantity 'ten'", "Line 4: sku is empty", "Line 5: 4 values"):
            self.assertIn(text, document["problem"]["detail"])
        exception = self.env["dist.exception"].search([("code", "=", "reconciliation_failed")])
        self.assertIn("Line 2", exception.detail)
        again = self._send(self._csv("TAPE,,ten", "GLOVE,,5", ",,3", "SEAL,L/1,8,9"))
        self.assertEqual((again.status_code, again.json()["code"]), (422, "invalid_snapshot"))

    def test_many_bad_lines(self):
        """W5: the list of lines is bounded."""
        run = self._perform(self._get_run(self._send(self._csv(*[f"S{number},,x" for number in range(500)]))))
        self.assertEqual(run.error.count("Line "), snapshot.MAX_ERRORS)

    def test_everything_differs(self):
        """W5: a file of which nothing fits is a mistake: it is refused instead of burying a person in variances."""
        self.patch(dist_reconciliation_run, "MAX_VARIANCES", 10)
        rows = [f"WRONG-{number},,1" for number in range(9)]
        response = self._send(self._csv("TAPE,,200", "GLOVE,,4", *rows[:8], "SEAL,L/1,8"))
        run = self._perform(self._get_run(response))
        self.assertEqual((run.state, len(run.line_ids)), ("done", 9))
        response = self._send(self._csv("TAPE,,1", *rows), minutes=5)
        run = self._perform(self._get_run(response))
        self.assertEqual((run.state, run.is_refused, run.line_ids.ids), ("failed", True, []))
        self.assertIn("12 of 12 records differ", self._poll(response)["problem"]["detail"])

    def test_damaged_and_bombs(self):
        """W5: what unpacks to too much, is cut off or is no gzip is refused in the sender's words."""
        packed = gzip.compress(self._csv(*["TAPE,,200"] * 1000).encode())
        self.patch(snapshot.open_stream, "__defaults__", (5_000,))
        for body, text in (
            (packed, "too large once it is unpacked"),
            (gzip.compress(b"sku,quantity\nTAPE,1\n")[:-9], "cut off"),
            (b"\x1f\x8bnothing of the kind", "damaged"),
        ):
            with self.subTest(text):
                run = self._perform(self._get_run(self._send(body, headers={"Content_Encoding": "gzip"})))
                self.assertEqual((run.state, run.is_refused), ("failed", True))
                self.assertIn(text, run.error)

    def test_endless_line(self):
        """W5: a line without an end is refused, not gathered in memory."""
        for body, kind in (
            ("sku,quantity\nTAPE," + "1" * 3_000_000, CSV),
            ('{"sku": "' + "x" * 3_000_000, JSON_LINES),
        ):
            run = self._perform(self._get_run(self._send(body, kind)))
            self.assertEqual((run.state, run.is_refused), ("failed", True))
            self.assertIn("A line has at most", run.error)

    def test_door(self):
        """W5: what cannot be taken is refused before it is read."""
        body = self._csv("TAPE,,200")
        refused = self._assert_refused
        refused(self._send(body, "application/json"), 415, "media_type_not_taken")
        refused(self._send(body, headers={"Content_Encoding": "br"}), 415, "encoding_not_taken")
        refused(self._send(body, warehouse=None), 400, "missing_parameter")
        refused(self._send(body, taken_at=None), 400, "missing_parameter")
        refused(self._send(body, taken_at="yesterday"), 400, "invalid_parameter")
        refused(self._send(body, coverage="half"), 400, "invalid_parameter")
        refused(self._send(body, taken_at="2026-02-30T00:00:00Z"), 422, "invalid_date")
        refused(self._send(body, minutes=60 * 24 * 30), 422, "moment_ahead")
        self.patch(api, "MAX_UPLOAD", 10)
        refused(self._send(body), 413, "too_large")
        self.assertFalse(self.profile.run_ids)

    def test_limit_counts_what_comes(self):
        """W5: a body that does not say its length is cut off at the limit all the same."""
        self.patch(api, "MAX_UPLOAD", 1_000)
        query = urlencode({"warehouse": "NSIDE", "taken_at": self._at(0)})
        self.env.flush_all()
        response = self.opener.post(
            f"{self.base_url()}/dist/v1{SNAPSHOTS}?{query}",
            data=iter([b"sku,quantity\n", *[b"TAPE,1\n"] * 1_000]),
            headers={"Content-Type": CSV, "Authorization": f"Bearer {self.key}"},
            timeout=60,
        )
        self.assertEqual((response.status_code, response.json()["code"]), (413, "too_large"), response.text)

    def test_rights(self):
        """W5: only who may count, for its own warehouses, on an active flow."""
        body = self._csv("TAPE,,200")
        other, client, key = self._make_wms("Southside")
        self._make_warehouse(other, "Southside", "SSIDE")
        response = self._send(body, key=key)
        self.assertEqual(
            response.status_code, 202, "the other's warehouse is unknown to it: a person maps the code"
        )
        self.assertEqual(response.json()["status"], "held")
        self._assert_refused(self._send(body, key=key, warehouse="SSIDE"), 409, "no_profile")
        client.scope_ids = [fields.Command.clear()]
        self._assert_refused(self._send(body, key=key), 403, "scope_missing")
        self._assert_refused(self._send(body, key="dik_nobody"), 401, "key_invalid")
        self.system.flow_ids.filtered(
            lambda flow: flow.message_type_id.code == "stock.snapshot"
        ).state = "retired"
        self._assert_refused(self._send(body), 403, "flow_inactive")
        self.assertFalse(self.profile.run_ids)

    def test_signed(self):
        """G8, W5: where signatures are agreed, a file without a right one is refused, and large ones altogether."""
        credential = self.env["dist.credential"].create({"name": "Inbound", "system_id": self.system.id})
        secret = credential._generate()
        self.client.write({"signature_required": True, "signing_credential_id": credential.id})
        body = self._csv("TAPE,,200").encode()
        self._assert_refused(self._send(body), 401, "signature_missing_header")
        headers = signature.sign("msg_snapshot", int(time.time()), body, [secret])
        self._assert_refused(self._send(body + b"GLOVE,,5\n", headers=headers), 401, "signature_no_match")
        self.assertFalse(self.profile.run_ids)
        self._get_run(self._send(body, headers=headers))
        self.patch(api, "MAX_BULK_BODY", 10)
        self._assert_refused(self._send(body, headers=headers), 413, "too_large")

    def test_same_twice(self):
        """W5, M5: the same snapshot has one effect, with the same key, another one or none."""
        body = self._csv("TAPE,,200")
        first = self._send(body, headers={"Idempotency_Key": "k1"})
        again = self._send(body, headers={"Idempotency_Key": "k1"})
        self.assertEqual(again.headers["Message-Id"], first.headers["Message-Id"])
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        other = self._send(body, headers={"Idempotency_Key": "k2"})
        bare = self._send(body)
        self.assertEqual(
            {self._get_run(response) for response in (first, other, bare)}, {self._get_run(first)}
        )
        self.assertEqual(len(self.profile.run_ids), 1)
        changed = self._send(self._csv("TAPE,,201"), headers={"Idempotency_Key": "k1"})
        self._assert_refused(changed, 422, "idempotency_key_reused")
        self.assertEqual(len(self.profile.run_ids), 1)

    def test_out_of_order(self):
        """W5: a snapshot older than the last one compared is refused, also when it was overtaken while it waited."""
        self._reconcile("TAPE,,200", minutes=30)
        late = self._send(self._csv("TAPE,,199"), minutes=10)
        self._assert_refused(late, 409, "snapshot_outdated")
        waits = self._get_run(self._send(self._csv("TAPE,,199"), minutes=40))
        self._reconcile("TAPE,,200", minutes=50)
        self._perform(waits)
        self.assertEqual((waits.state, waits.is_refused, waits.line_ids.ids), ("failed", True, []))
        self.assertIn("later snapshot", waits.error)

    def test_expected_run(self):
        """X2: the run that was made by schedule and waits is the one the snapshot belongs to."""
        self.profile.write({"is_scheduled": True, "next_at": fields.Datetime.now()})
        self.env["dist.reconciliation.profile"]._cron_run()
        expected = self.profile.run_ids
        self.assertEqual(self._get_run(self._send(self._csv("TAPE,,200"))), expected)
        self.assertEqual(expected.state, "queued")

    def test_absent_is_zero(self):
        """W5: what a snapshot of everything does not name is not there; a cycle count says nothing of it."""
        run = self._reconcile("TAPE,,200")
        self.assertEqual(self._states(run), {"GLOVE": ("open", -5.0), "SEAL": ("open", -8.0)})
        run = self._reconcile("TAPE,,190", coverage="count", minutes=5)
        self.assertEqual((run.coverage, self._states(run)), ("part", {"TAPE": ("open", -10.0)}))
        self.assertEqual((run.counted, run.accuracy), (1, 0.0))

    def test_count_leaves_others_alone(self):
        """W5: a cycle count settles what it names; what was found of other items stays as it was."""
        full = self._reconcile("TAPE,,150", "GLOVE,,1", "SEAL,L/1,8")
        tape, glove = full.line_ids.sorted("name", reverse=True)
        reason = self.env.ref("dist_integration_base.reason_count")
        (tape | glove)._explain(reason, "Pallet")
        self._reconcile("GLOVE,,5", coverage="count", minutes=5)
        self.assertEqual((glove.state, tape.state), ("superseded", "explained"))
        again = self._reconcile("TAPE,,150", "GLOVE,,1", "SEAL,L/1,8", minutes=10)
        states = {line.name: (line.state, line.seen_before) for line in again.line_ids}
        self.assertEqual(states, {"TAPE": ("explained", True), "GLOVE": ("open", False)})

    def test_posts_by_itself(self):
        """W5: within the class's tolerance, of little value and twice in a row: posted. All else waits for a person."""
        first = self._reconcile("TAPE,,198", "GLOVE,,3", "SEAL,L/1,7")
        self.assertEqual(
            self._states(first), {"TAPE": ("within", -2.0), "GLOVE": ("within", -2.0), "SEAL": ("open", -1.0)}
        )
        self._perform_postings()
        self.assertEqual(self._on_hand(self.tape), 200.0, "once is not enough")
        # the glove differs otherwise than before
        second = self._reconcile("TAPE,,198", "GLOVE,,4", "SEAL,L/1,7", minutes=5)
        self._perform_postings()
        self.assertEqual(
            self._states(second),
            {"TAPE": ("posted", -2.0), "GLOVE": ("within", -1.0), "SEAL": ("open", -1.0)},
        )
        on_hand = self._on_hand(self.tape), self._on_hand(self.glove), self._on_hand(self.seal, lot=self.lot)
        self.assertEqual(on_hand, (198.0, 5.0, 8.0))
        self.profile.auto_post_limit = 3.0
        third = self._reconcile("TAPE,,198", "GLOVE,,4", "SEAL,L/1,7", minutes=10)
        self._perform_postings()
        self.assertEqual(self._states(third)["GLOVE"], ("within", -1.0), "worth 4.00, above the cap")

    def test_unknown_items_are_not_tolerated(self):
        """X2, W5: a number that nobody knows is a variance, however few pieces a tolerance by amount allows."""
        self.profile.tolerance_ids.filtered(lambda rule: not rule.class_code).write(
            {"limits_absolute": True, "absolute": 2.0, "limits_percent": False}
        )
        run = self._reconcile("TAPE,,200", "GLOVE,,5", "SEAL,L/1,7", "NOBODY,,1")
        self.assertEqual(self._states(run), {"NOBODY": ("open", 1.0), "SEAL": ("within", -1.0)})
        self.assertEqual((run.within_count, run.variance_count, run.accuracy), (1, 1, 75.0))

    def test_without_lot(self):
        """W5: what no correction can be made of - no lot, a serial number twice - is not posted, the others are."""
        self.profile.tolerance_ids.filtered(lambda rule: not rule.class_code).write(
            {"limits_absolute": True, "absolute": 2.0, "limits_percent": False}
        )
        self.profile.auto_post_limit = 1000.0
        rows = ("TAPE,,198", "GLOVE,,5", "SEAL,L/1,8", "SEAL,,1", "METER,M-1,2")
        self._reconcile(*rows)
        run = self._reconcile(*rows, minutes=5)
        self._perform_postings()
        self.assertEqual(
            self._states(run), {"TAPE": ("posted", -2.0), "SEAL": ("within", 1.0), "METER": ("within", 2.0)}
        )
        self.assertEqual(self._on_hand(self.tape), 198.0)

    def test_one_cannot_be_posted(self):
        """W5, X1: one variance that cannot be posted does not keep the others; a person is told which and why."""
        rows = ("TAPE,,198", "GLOVE,,4", "SEAL,L/1,8")
        self._reconcile(*rows)
        run = self._reconcile(*rows, minutes=5)
        self.glove.tracking = "lot"
        self._perform_postings()
        self.assertEqual(self._states(run), {"TAPE": ("posted", -2.0), "GLOVE": ("approved", -1.0)})
        self.assertTrue(run.line_ids.filtered(lambda line: line.state == "approved").posting_problem)
        exception = self.env["dist.exception"].search(
            [("code", "=", "variances_not_posted"), ("res_id", "=", run.id)]
        )
        self.assertEqual(exception.state, "open")
        self.assertIn("GLOVE", exception.detail)
        self.assertNotIn("TAPE", exception.detail)
        self._reconcile("TAPE,,198", "GLOVE,,5", "SEAL,L/1,8", minutes=10)
        self.assertEqual(exception.state, "resolved")

    def test_several_jobs_post(self):
        """W5, X1: what one job cannot post is told beside what another cannot; posted later it is told no more."""
        self.profile.auto_post_limit = 1000.0
        rows = ("TAPE,,198", "GLOVE,,4", "SEAL,L/1,8")
        self._reconcile(*rows)
        self.patch(dist_reconciliation_posting, "POSTED_AT_ONCE", 1)
        run = self._reconcile(*rows, minutes=5)
        (self.glove | self.tape).tracking = "lot"
        self._perform_postings()
        exception = self.env["dist.exception"].search(
            [("code", "=", "variances_not_posted"), ("res_id", "=", run.id)]
        )
        self.assertEqual(len(exception), 1)
        self.assertIn("GLOVE", exception.detail)
        self.assertIn("TAPE", exception.detail)
        self.tape.tracking = "none"
        lines = run.line_ids.filtered(lambda line: line.state == "approved")
        lines._job_post(self.env.uid)
        self.assertNotIn("TAPE", exception.detail)
        self.assertEqual(lines.filtered("posting_problem").name, "GLOVE")

    def test_locations(self):
        """W5: a snapshot that names locations is compared by location; correct there."""
        shelf = self.env["stock.location"].create(
            {"name": "Shelf 1", "barcode": "S-01", "location_id": self.stock.id}
        )
        self._put(self.tape, 20, location=shelf)
        self._map_code("location", "BULK", self.stock)
        head = "sku,location,quantity"
        run = self._reconcile("TAPE,S-01,18", head=head, coverage="count")
        line = run.line_ids
        self.assertEqual((line.location_id, line.variance, line.warehouse_id), (shelf, -2.0, self.warehouse))
        line._explain(self.env.ref("dist_integration_base.reason_count"), "counted")
        line.action_approve()
        line.action_post()
        self.assertEqual((self._on_hand(self.tape, shelf), self._on_hand(self.tape)), (18.0, 218.0))
        run = self._reconcile("TAPE,Shelf 1,18", "TAPE,BULK,201", "GLOVE,NOWHERE,5", head=head, minutes=5)
        kinds = {(line.name, line.location_id): (line.kind, line.variance) for line in run.line_ids}
        none = self.env["stock.location"]
        self.assertEqual(
            kinds,
            {
                ("TAPE", self.stock): ("differs", 1.0),
                ("GLOVE", self.stock): ("missing_there", -5.0),
                ("SEAL", self.stock): ("missing_there", -8.0),
                ("GLOVE", none): ("not_comparable", 5.0),
            },
        )
        run = self._perform(
            self._get_run(self._send(self._csv("TAPE,S-01,18", "GLOVE,,5", head=head), minutes=10))
        )
        self.assertEqual(run.state, "failed")
        self.assertIn("Name it in all or in none", run.error)

    def test_moved_between_locations(self):
        """W5: goods moved inside the warehouse after the moment are taken back, location by location."""
        shelf = self.env["stock.location"].create(
            {"name": "Shelf 1", "barcode": "S-01", "location_id": self.stock.id}
        )
        self._map_code("location", "BULK", self.stock)
        head = "sku,location,lot,quantity"
        rows = ("TAPE,BULK,,200", "GLOVE,BULK,,5", "SEAL,BULK,L/1,8")
        self._move(self.tape, 30, self.stock, shelf)
        run = self._reconcile(*rows, head=head)
        self.assertEqual((run.line_ids.ids, run.accuracy), ([], 100.0))

    def _move(self, product, quantity, source, target):
        move = self.env["stock.move"].create(
            {
                "name": "Move",
                "product_id": product.id,
                "product_uom": product.uom_id.id,
                "product_uom_qty": quantity,
                "location_id": source.id,
                "location_dest_id": target.id,
            }
        )
        move._action_confirm()
        move._action_assign()
        move.move_line_ids.quantity = quantity
        move.picked = True
        move._action_done()

    def test_adjustments_in_flight(self):
        """W4, W5: an adjustment that waits for approval, or was booked late, does not show as a variance as well."""
        self.warehouse.dist_adjustment_limit = 10.0
        happened = fields.Datetime.subtract(self.moment, hours=1).isoformat() + "Z"
        body = {"adjustment": "ADJ-1", "adjusted_at": happened, "lines": [{"sku": "TAPE", "change": "-50"}]}
        response, message = self._post("/stock/adjustments", body)
        self.assertNotEqual(message.state, "done", response.text)
        rows = ("TAPE,,150", "GLOVE,,5", "SEAL,L/1,8")
        self.assertFalse(self._reconcile(*rows).line_ids)
        message.exception_id.action_accept_variance()
        self.env.invalidate_all()
        self.assertEqual((message.state, self._on_hand(self.tape)), ("done", 150.0))
        self.assertFalse(self._reconcile(*rows, minutes=5).line_ids)

    def test_accuracy(self):
        """W5: accuracy is kept by warehouse and class."""
        other = self._make_warehouse(self.system, "Annex", "ANNEX")
        self._put(self.tape, 10, location=other.lot_stock_id)
        self._reconcile("TAPE,,150", "GLOVE,,5", "SEAL,L/1,8")
        self._reconcile("TAPE,,10", warehouse="ANNEX")
        rows = self.env["dist.reconciliation.accuracy"].search([("profile_id", "=", self.profile.id)])
        self.assertEqual(
            {(row.warehouse_id, row.class_code): (row.counted, row.accuracy) for row in rows},
            {
                (self.warehouse, "A"): (1, 0.0),
                (self.warehouse, "C"): (1, 100.0),
                (self.warehouse, ""): (1, 100.0),
                (other, "A"): (1, 100.0),
            },
        )

    def test_warehouses_apart(self):
        """W5: the snapshot of one warehouse neither finds nor settles anything of another one."""
        other = self._make_warehouse(self.system, "Annex", "ANNEX")
        self._put(self.tape, 10, location=other.lot_stock_id)
        first = self._reconcile("TAPE,,150", "GLOVE,,5", "SEAL,L/1,8", minutes=10)
        second = self._reconcile("TAPE,,9", warehouse="ANNEX", minutes=5)
        self.assertEqual((first.line_ids.state, second.line_ids.state), ("open", "open"))
        self.assertEqual((second.counted, second.line_ids.warehouse_id), (1, other))

    def test_purge(self):
        """G6: when the message's content is not kept any more, its file goes as well."""
        message = self._get_run(self._send(self._csv("TAPE,,200"))).message_id
        self.assertTrue(message._find_uploads())
        message._purge()
        self.assertFalse(message._find_uploads())

    def test_documented(self):
        """M4: the OpenAPI document says what the door takes."""
        document = self.opener.get(f"{self.base_url()}/dist/v1/openapi.json").json()
        operation = document["paths"]["/dist/v1" + SNAPSHOTS]["post"]
        self.assertEqual(set(operation["requestBody"]["content"]), {CSV, JSON_LINES})
        required = {row["name"] for row in operation["parameters"] if row.get("required")}
        self.assertEqual(required, {"warehouse", "taken_at"})
        self.assertLessEqual({"200", "202", "409", "413", "415", "422"}, set(operation["responses"]))


@tagged("post_install", "-at_install")
class TestSnapshotFiles(FolderMixin, SnapshotCase):
    """Snapshots fetched as files: the name says which warehouse and when."""

    def setUp(self):
        super().setUp()
        self.endpoint, self.path = self._make_folder_endpoint(
            self.system, self._open_base(), "in", purpose="receive", client_id=self.client.id
        )
        self._make_flow(
            self.system,
            "stock.snapshot",
            endpoint_id=self.endpoint.id,
            content_format="csv",
            criticality="bulk",
        )

    def _fetch(self, name, content):
        (self.path / name).write_bytes(content)
        self.env.flush_all()
        self.endpoint._job_poll()
        self.env["dist.message"]._job_process_inbox("bulk")
        self.env.invalidate_all()
        return self.env["dist.message"].search(
            [("endpoint_id", "=", self.endpoint.id)], order="id desc", limit=1
        )

    def _name(self, minutes=0, end=".csv"):
        moment = fields.Datetime.add(self.moment, minutes=minutes)
        return f"NSIDE_{moment:%Y%m%dT%H%M%SZ}{end}"

    def test_file(self):
        """W5, M9: a file from a folder is stored, archived and compared like one that was uploaded."""
        body = self._csv("TAPE,,200", "GLOVE,,5", "SEAL,L/1,7").encode()
        for minutes, (end, content) in enumerate(((".csv", body), ("_count.csv.gz", gzip.compress(body)))):
            message = self._fetch(self._name(minutes, end), content)
            self.assertEqual(message.state, "done", message.error)
            run = self._perform(self.env["dist.reconciliation"].browse(message.res_id))
            self.assertEqual(self._states(run), {"SEAL": ("open", -1.0)})
            self.assertEqual((run.warehouse_id, run.coverage), (self.warehouse, ("full", "part")[minutes]))
        self.assertEqual(len(list((self.path / "archive").iterdir())), 2)

    def test_name_says_nothing(self):
        """W5: a file whose name says neither warehouse nor moment waits with an exception; it is not lost."""
        message = self._fetch("stock.csv", self._csv("TAPE,,200").encode())
        self.assertEqual((message.state, message.exception_id.category), ("dead", "validation"))
        self.assertTrue(message._get_upload())
        self.assertFalse(self.profile.run_ids)
        described = json.loads(message._get_raw())["file"]
        values = {"warehouse": "NSIDE", "taken_at": self._at(0), "file": described}
        correction = self.env["dist.message"].browse(message._resubmit(json.dumps(values)))
        self.env.invalidate_all()
        self.assertEqual(correction.state, "done", correction.error)
        self.assertEqual(self.profile.run_ids._get_snapshot().raw, self._csv("TAPE,,200").encode())
