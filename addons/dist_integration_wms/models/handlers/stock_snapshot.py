import re

from odoo import _, fields, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult
from odoo.addons.dist_integration_base.models.dist_message_upload import SUFFIXES

COVERAGES = {"full": "full", "count": "part"}
# the clock of the warehouse may be a little ahead of ours
AHEAD_SECONDS = 120
# NSIDE_20260302T020000Z.csv.gz, NSIDE_20260302T020000Z_count.jsonl
FILE_NAME = re.compile(
    r"(?P<warehouse>.{1,64})_(?P<date>\d{8})T(?P<time>\d{6})Z(?P<count>_count)?\.(csv|txt|jsonl|ndjson|json)(\.gz)?",
    re.IGNORECASE,
)


class StockSnapshotHandler(models.AbstractModel):
    """The warehouse says what it has: a file, compared in a job of its own."""

    _name = "dist.handler.stock.snapshot"
    _inherit = "dist.handler.stock"
    _description = "Stock snapshot"

    def _describe_file(self, name):
        found = FILE_NAME.fullmatch(name)
        if not found:
            return {}  # the schema asks for what is missing
        day, time = found["date"], found["time"]
        return {
            "warehouse": found["warehouse"],
            "taken_at": f"{day[:4]}-{day[4:6]}-{day[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}Z",
            "coverage": "count" if found["count"] else "full",
        }

    def _get_external_id(self, payload):
        return payload.get("snapshot")

    def _get_lock_keys(self, message, payload):
        return [f"dist.stock.snapshot/{message.system_id.id}"]

    def _apply(self, message, payload):
        warehouse = self._find_warehouse(message, payload)
        profile = self._find_profile(message, warehouse)
        values = {
            "moment": self._get_moment(payload),
            "coverage": COVERAGES[payload.get("coverage", "full")],
            "warehouse_id": warehouse.id,
        }
        upload = message._get_upload()
        run = self._find_run(profile, values, upload)
        if not run:
            run = self._make_run(message, payload, profile, values, upload)
        return HandlerResult({"status": "queued", "run": run.name}, record=run, status=202)

    def _get_moment(self, payload):
        """:return: datetime (UTC) as of which the warehouse counted
        :raises BusinessError: no such moment, or it lies ahead
        """
        moment, now = self._read_moment(payload, "taken_at"), fields.Datetime.now()
        if moment > fields.Datetime.add(now, seconds=AHEAD_SECONDS):
            raise BusinessError(
                "moment_ahead",
                _("The snapshot was taken at %s, which lies ahead.", payload["taken_at"]),
                "/taken_at",
                suggestion=_("Have the sender set its clock, and send a new snapshot."),
            )
        return min(moment, now)

    def _find_profile(self, message, warehouse):
        """:return: dist.reconciliation.profile that compares a warehouse's stock with the sender's
        :raises BusinessError: there is none
        """
        profiles = self.env["dist.reconciliation.profile"].search(
            [("system_id", "=", message.system_id.id), ("domain_code", "=", "stock")]
        )
        found = profiles.filtered(lambda profile: warehouse in profile._get_warehouses())[:1]
        if not found:
            raise BusinessError(
                "no_profile",
                _(
                    "No reconciliation of stock is set up for warehouse %(warehouse)s of %(system)s.",
                    warehouse=warehouse.name,
                    system=message.system_id.name,
                ),
                "/warehouse",
                status=409,
                severity="high",
                suggestion=_("Make a profile of it under Reconciliation > Profiles, then use Retry."),
            )
        return found

    def _find_run(self, profile, values, upload):
        """:return: dist.reconciliation that compares the same snapshot already; empty when there is none"""
        runs = self.env["dist.reconciliation"].search(
            [
                ("profile_id", "=", profile.id),
                ("state", "in", ("queued", "running", "done")),
                *((name, "=", value) for name, value in values.items()),
            ]
        )
        return runs.filtered(lambda run: run._get_snapshot().checksum == upload.checksum)[:1]

    def _make_run(self, message, payload, profile, values, upload):
        values = {**values, "message_id": message.id, "snapshot_name": self._get_file_name(message, payload)}
        run = self._take_expected(profile, values)
        if not run:
            run = profile.run_ids._make(profile, **values)
        self._check_in_order(run, payload)
        upload._dist_share(
            {
                "name": run.snapshot_name,
                "res_model": run._name,
                "res_field": "snapshot",
                "res_id": run.id,
                "company_id": run.company_id.id,
            }
        )
        run._enqueue()
        return run

    def _take_expected(self, profile, values):
        """:return: the run that was made by schedule and waits for this snapshot; empty when there is none"""
        run = profile.run_ids.filtered(
            lambda run: run.state == "draft" and run.is_scheduled and not run._get_snapshot()
        )[:1]
        if not run or values["coverage"] != "full":
            return run.browse()
        run.write(values)
        return run

    def _get_file_name(self, message, payload):
        described = payload["file"]
        name = (payload.get("snapshot") or message.uuid) + SUFFIXES.get(described["type"], "")
        return name + (".gz" if described["packed"] else "")

    def _check_in_order(self, run, payload):
        """:raises BusinessError: a later snapshot of the warehouse was compared already"""
        later = run._find_later()
        if later:
            raise BusinessError(
                "snapshot_outdated",
                _(
                    "A snapshot of %(later)s was compared already; this one of %(moment)s comes too late.",
                    later=fields.Datetime.to_string(later.moment),
                    moment=payload["taken_at"],
                ),
                "/taken_at",
                status=409,
                suggestion=_("Nothing is to be done unless the sender mistook the moment."),
            )

    def _get_progress(self, message):
        run = self.env["dist.reconciliation"]
        if message.res_model == run._name:
            run = run.browse(message.res_id).exists()
        return run._get_progress() if run else None
