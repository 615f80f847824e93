from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _serve_fallback(cls):
        """Speak as the API where not even its catch-all route fits: no route takes a line break in a path."""
        from ..controllers.api import PREFIX, unknown_path_response

        if request.httprequest.path.startswith(f"{PREFIX}/"):
            return unknown_path_response()
        return super()._serve_fallback()
