import re

from odoo import fields, models


class PlanFileHandler(models.AbstractModel):
    """A file that a platform calls by a name of its own, without a manifest: it is a version by itself."""

    _inherit = "dist.handler.plan.file"

    def _apply(self, message, payload):
        if "kind" in payload:
            return super()._apply(message, payload)
        source = self.env["dist.planning.source"]._find_for(message.system_id)
        name = payload.get("name") or ""
        mapped = source.mapping_id._find_in_file(name)
        if not mapped:
            return super()._apply(message, payload)
        checksum = payload["file"]["sha256"]
        file = {"name": name, "kind": mapped.dataset, "message_id": message.id, "checksum": checksum}
        manifest = {"files": [{"name": name, "kind": mapped.dataset, "sha256": checksum}]}
        reference = payload.get("plan") or self._get_reference(name, checksum)
        batch = self.env["dist.planning.batch"]._receive_part(
            source, reference, fields.Datetime.now(), manifest, file
        )
        return self._answer(batch)

    def _get_reference(self, name, checksum):
        """:return: number of the version that a file makes: the same file again is the same version"""
        stem = re.sub(r"\.(csv|tsv|txt|jsonl)(\.gz)?$", "", name, flags=re.IGNORECASE)
        return f"{stem[:40]} {checksum[:12]}"
