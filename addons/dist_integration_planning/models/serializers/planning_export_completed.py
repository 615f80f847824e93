from odoo import models


class PlanningExportCompletedSerializer(models.AbstractModel):
    """An export is there as a whole: its files with their rows and SHA-256."""

    _name = "dist.serializer.planning.export.completed"
    _inherit = "dist.serializer"
    _description = "Planning export completed"

    def _get_payload(self, record):
        return {**record.manifest, "path": f"/dist/v1/planning/exports/{record.name}"}

    def _get_business_key(self, record):
        return record.name

    def _get_ordering_key(self, record):
        return f"dist.planning.source/{record.source_id.id}"
