import re

from odoo import fields, models


class PlanFileHandler(models.AbstractModel):
    """A file that a platform calls by a name of its own, without a manifest: it is a version by itself.

    It takes the place of the version before of the same files, and of nothing else.
    """

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
        file = {
            "name": name,
            "kind": mapped.dataset,
            "message_id": message.id,
            "checksum": checksum,
            "media_type": payload["file"]["type"],
        }
        manifest = {"files": [{"name": name, "kind": mapped.dataset, "sha256": checksum}]}
        scope = mapped._get_scope(name)
        # of one run a platform tells in several files, which are versions beside each other
        reference = (
            f"{payload['plan']} {scope}"
            if "plan" in payload
            else self._get_reference(source, name, checksum, scope)
        )
        batch = self.env["dist.planning.batch"]._receive_part(
            source, reference, fields.Datetime.now(), manifest, file, scope
        )
        return self._answer(batch)

    def _get_reference(self, source, name, checksum, scope):
        """:return: number of the version that a file makes; the same file again is a version of its own, which confirms
        the one before or takes its place back, but where that is still to be checked
        """
        batches = self.env["dist.planning.batch"]
        newest = batches.search(
            [("source_id", "=", source.id), ("scope", "=", scope)], order="id desc", limit=1
        )
        if newest.state == "staged" and checksum in newest.file_ids.mapped("checksum"):
            return newest.reference
        stem = re.sub(r"\.(csv|tsv|txt|jsonl)(\.gz)?$", "", name, flags=re.IGNORECASE)
        reference = f"{stem[:40]} {checksum[:12]}"
        known = batches.search_count([("source_id", "=", source.id), ("reference", "=like", f"{reference}%")])
        return f"{reference} {known + 1}" if known else reference
