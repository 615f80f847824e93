from odoo import api, models


class DistCachedMixin(models.AbstractModel):
    """Configuration that is read from the registry's cache by the paths every event takes."""

    _name = "dist.cached.mixin"
    _description = "Cached configuration"

    # afterwards: what is asked on the way, such as which rules concern the change, is read from the cache as well

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env.registry.clear_cache()
        return records

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
