from odoo import models


class DistAuditedExtensionMixin(models.AbstractModel):
    """A model of Odoo's own: what the framework adds to it is configuration, and is kept in the audit trail (G5)."""

    _name = "dist.audited.extension.mixin"
    _description = "Audited configuration of a model of Odoo"
    _inherit = ["dist.audited.mixin"]

    def _get_audited_fields(self):
        return [name for name in super()._get_audited_fields() if name.startswith("dist_")]
