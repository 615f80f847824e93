import re

from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError
from odoo.addons.dist_integration_base.lib.snapshot import SnapshotError, open_stream

from ...lib.plan_file import is_manifest, read_manifest

# R-1042_forecast.csv.gz, R-1042_forecast_2.csv; anything else is a file of all kinds with its manifest
FILE_NAME = re.compile(
    r"(?P<plan>.{1,64})_(?P<kind>forecast|parameter|proposal|alert)(_\d+)?\.(csv|txt|jsonl|ndjson|json)(\.gz)?",
    re.IGNORECASE,
)


class PlanFileHandler(models.AbstractModel):
    """A file of a plan: rows of one kind, or of all kinds with the manifest in the first line."""

    _name = "dist.handler.plan.file"
    _inherit = "dist.handler.plan"
    _description = "File of a plan"

    def _describe_file(self, name):
        found = FILE_NAME.fullmatch(name)
        if not found:
            return {"name": name[:100]}
        return {"plan": found["plan"], "kind": found["kind"].lower(), "name": name[:100]}

    def _apply(self, message, payload):
        source = self.env["dist.planning.source"]._find_for(message.system_id)
        kind = payload.get("kind", "plan")
        manifest = self._read_manifest(message) if kind == "plan" else None
        reference = payload.get("plan") or (manifest or {}).get("plan")
        if not reference:
            raise BusinessError("plan_missing", _("Say which plan the file belongs to."), "/plan")
        planned_at = manifest and self._read_planned_at(manifest.get("planned_at"), "/planned_at")
        checksum = payload["file"]["sha256"]
        # a file of all kinds is the whole plan; of one kind there may be several
        name = f"{reference} {kind}" if kind == "plan" else f"{reference} {kind} {checksum[:8]}"
        file = {
            "name": payload.get("name") or name,
            "kind": kind,
            "message_id": message.id,
            "checksum": checksum,
            "media_type": payload["file"]["type"],
        }
        return self._answer(
            self.env["dist.planning.batch"]._receive_part(source, reference, planned_at, manifest, file)
        )

    def _read_manifest(self, message):
        """:return: the manifest in the first line of the file
        :raises BusinessError: there is none, or it does not say what it has to
        """
        try:
            with open_stream(message._get_upload()._dist_open()) as stream:
                manifest = read_manifest(stream)
        except SnapshotError as error:
            raise BusinessError("unreadable_file", error.detail, "/file") from error
        if not manifest:
            raise BusinessError(
                "manifest_missing", _("The first line of a file of all kinds is its manifest."), "/file"
            )
        if not is_manifest(manifest):
            raise BusinessError(
                "manifest_invalid",
                _(
                    "The manifest says plan (at most 64 characters), planned_at, counts (rows of each record) and "
                    "sha256 of what is behind it."
                ),
                "/file",
            )
        return {
            name: manifest[name] for name in ("plan", "planned_at", "counts", "sha256") if name in manifest
        }
