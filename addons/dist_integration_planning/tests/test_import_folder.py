import gzip
import hashlib
import json

from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.folders import FolderMixin

from .common import PlanningCase


@tagged("post_install", "-at_install")
class TestImportFolder(FolderMixin, PlanningCase):
    """Plans fetched as files; SFTP takes the same path behind its source."""

    def setUp(self):
        super().setUp()
        self.endpoint, self.path = self._make_folder_endpoint(
            self.system, self._open_base(), "in", purpose="receive", client_id=self.client.id
        )
        common = {"endpoint_id": self.endpoint.id, "criticality": "bulk"}
        self._make_flow(self.system, "plan.manifest", source_pattern="*_manifest.json", **common)
        self._make_flow(self.system, "plan.file", content_format="csv", source_pattern="*_*.csv*", **common)

    def _fetch(self):
        self.env.flush_all()
        self.endpoint._job_poll()
        self.env["dist.message"]._job_process_inbox("bulk")
        self.env.invalidate_all()

    def test_files(self):
        """P2, M9: files in a folder become a version by their names and their manifest."""
        content = gzip.compress(b"sku,warehouse,bucket_start,unit,baseline\nTAPE,WH,2026-03-02,Units,7\n")
        (self.path / "R-7_forecast.csv.gz").write_bytes(content)
        manifest = {
            "plan": "R-7",
            "planned_at": self._at(),
            "files": [{"kind": "forecast", "rows": 1, "sha256": hashlib.sha256(content).hexdigest()}],
        }
        (self.path / "R-7_manifest.json").write_text(json.dumps(manifest))
        self._fetch()
        batch = self.source.batch_ids
        self.assertEqual((batch.reference, batch.file_ids.name), ("R-7", "R-7_forecast.csv.gz"))
        self.assertEqual(self._activate(batch).state, "active", batch.error_ids.mapped("message"))

    def test_rest_does_not_come(self):
        """P2: a plan of which a file stays away is refused as partial, in front of a person; no half of it counts."""
        content = b"sku,warehouse,bucket_start,unit,baseline\nTAPE,WH,2026-03-02,Units,7\n"
        (self.path / "R-8_forecast.csv").write_bytes(content)
        self._fetch()
        batch = self.source.batch_ids
        batches = self.env["dist.planning.batch"]
        batches._cron_refuse_partial()
        self.assertEqual(batch.state, "staged")
        self.env.cr.execute(
            "UPDATE dist_planning_batch SET write_date = write_date - interval '7 hours' WHERE id = %s",
            (batch.id,),
        )
        batch.invalidate_recordset()
        batches._cron_refuse_partial()
        self.assertEqual(
            (batch.state, self._get_faults(batch)), ("refused", [("", 0, "files", "", "partial")])
        )
        exception = self.env["dist.exception"].search([("code", "=", "plan_refused")])
        self.assertIn("The manifest did not come", exception.detail)
