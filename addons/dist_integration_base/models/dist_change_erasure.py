from odoo import _, api, models

from .dist_change_request import OPEN

LINES = "dist.change.request.line"


class DistPersonalData(models.AbstractModel):
    _inherit = "dist.personal.data"

    @api.model
    def _erase_rows(self, model_name, kinds, ids, values, paths, is_linked=False):
        """A change from which something is erased is another one than was asked for: it is closed."""
        result = super()._erase_rows(model_name, kinds, ids, values, paths, is_linked)
        if model_name in ("dist.change.request", LINES):
            found = self.env[model_name].sudo().browse(sorted(ids))
            requests = found.request_id if model_name == LINES else found
            open_requests = requests.filtered(lambda request: request.state in OPEN)
            if open_requests:
                open_requests._settle("cancelled", _("A person's data was erased from it."))
        return result
