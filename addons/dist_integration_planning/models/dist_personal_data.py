from odoo import api, models

from odoo.addons.dist_integration_base.models.dist_personal_data import TEXT

PLACES = {
    "dist.planning.proposal": {"refusal_reason": TEXT},
}
# what a person or a program names, counts or hashes: plans are of products, no customer is in them
IMPERSONAL = {
    "dist.planning.alert": {"code", "text"},
    "dist.planning.batch": {"checksum", "manifest", "reference", "scope"},
    "dist.planning.batch.error": {"code", "field", "file", "message", "value"},
    "dist.planning.batch.file": {"checksum", "media_type", "name"},
    "dist.planning.export": {"error", "manifest", "name", "scope"},
    "dist.planning.export.file": {"checksum", "content", "dataset", "media_type", "name"},
    "dist.planning.export.key": {"dataset", "key"},
    "dist.planning.export.progress": {"stage"},
    "dist.planning.export.request": {"key", "request_hash"},
    "dist.planning.forecast": {"calendar"},
    "dist.planning.item": {"explanation", "method"},
    "dist.planning.history": {"calendar"},
    "dist.planning.mapping": {"name", "note"},
    "dist.planning.mapping.column": {"argument", "constant", "field_name", "name", "words"},
    "dist.planning.mapping.file": {"name", "only_column", "only_values"},
    "dist.planning.parameter": {"explanation"},
    "dist.planning.proposal": {"key", "reason_text"},
    "dist.planning.reason": {"code", "name"},
    "dist.planning.rule": {"name"},
    "dist.planning.run": {"error", "name"},
    "dist.planning.run.progress": {"stage"},
    "dist.planning.source": {"code", "name"},
}


class DistPersonalData(models.AbstractModel):
    _inherit = "dist.personal.data"

    @api.model
    def _get_places(self):
        return [*super()._get_places(), PLACES]

    @api.model
    def _get_impersonal(self):
        return [*super()._get_impersonal(), IMPERSONAL]
