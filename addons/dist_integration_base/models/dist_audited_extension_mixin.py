from odoo import models


class DistAuditedExtensionMixin(models.AbstractModel):
    """A model of Odoo's own: what the framework adds to it is configuration, and is kept in the audit trail (G5).

    Of a new record only what was chosen for it is told; what Odoo writes by itself costs nothing.
    """

    _name = "dist.audited.extension.mixin"
    _description = "Audited configuration of a model of Odoo"
    _inherit = ["dist.audited.mixin"]

    def _get_audited_fields(self):
        return [name for name in super()._get_audited_fields() if name.startswith("dist_")]

    def _get_audited_names(self, vals):
        return super()._get_audited_names(vals) if _has_own(vals) else []

    def _audit_created(self, vals_list):
        chosen = [record.id for record, vals in zip(self, vals_list, strict=True) if _has_own(vals)]
        return super(DistAuditedExtensionMixin, self.browse(chosen))._audit_created(vals_list)


def _has_own(vals):
    return any(name.startswith("dist_") for name in vals)
