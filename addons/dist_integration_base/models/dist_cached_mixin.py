from odoo import api, models


class DistCachedMixin(models.AbstractModel):
    """Configuration that is read from the registry's cache by the paths every event takes."""

    _name = "dist.cached.mixin"
    _description = "Cached configuration"

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()
