from odoo import models


class PlanManifestHandler(models.AbstractModel):
    """What the files of a plan are: names, kinds, rows and checksums. It may come before or after them."""

    _name = "dist.handler.plan.manifest"
    _inherit = "dist.handler.plan"
    _description = "Manifest of a plan"

    def _apply(self, message, payload):
        source = self.env["dist.planning.source"]._find_for(message.system_id)
        planned_at = self._read_planned_at(payload["planned_at"], "/planned_at")
        return self._answer(
            self.env["dist.planning.batch"]._receive_part(source, payload["plan"], planned_at, payload)
        )
