from odoo import http
from odoo.http import Response

from ..lib.prometheus import CONTENT_TYPE, render
from .api import api_route


class MetricsController(http.Controller):
    @api_route(
        "/metrics",
        method="GET",
        scope="metrics",
        summary="Figures for Prometheus",
        description="Text format 0.0.4. Figures of the companies that the client's service user belongs to.",
        tag="Operations",
        media_type="text/plain",
    )
    def get_metrics(self, call):
        metrics = call.env["dist.metrics"]._get_metrics(call.env.user.company_ids)
        headers = {**call.headers, "Cache-Control": "no-store"}
        return Response(render(metrics), content_type=CONTENT_TYPE, headers=headers)
