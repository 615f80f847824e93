from odoo import models


class PlanningExportFileSerializer(models.AbstractModel):
    """A file of an export: over SFTP, folders and HTTP itself is sent, elsewhere what it is and where to get it."""

    _name = "dist.serializer.planning.export.file"
    _inherit = "dist.serializer"
    _description = "File of a planning export"

    def _get_payload(self, record):
        export = record.export_id
        return {
            "export": export.name,
            "source": export.source_id.code,
            "path": f"/dist/v1/planning/exports/{export.name}/files/{record.name}",
            **record._get_entry(),
        }

    def _get_business_key(self, record):
        return record.name

    def _get_ordering_key(self, record):
        # the list of files comes behind the files, and changes behind what they change
        return f"dist.planning.source/{record.export_id.source_id.id}"
