from werkzeug.exceptions import RequestEntityTooLarge

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

    @classmethod
    def _handle_error(cls, exception):
        """Speak as the API also where a body is above Odoo's own limit."""
        from ..controllers.api import PREFIX, too_large_response

        if isinstance(exception, RequestEntityTooLarge) and request.httprequest.path.startswith(f"{PREFIX}/"):
            return too_large_response()
        return super()._handle_error(exception)
