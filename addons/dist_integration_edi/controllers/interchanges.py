from odoo import http

from odoo.addons.dist_integration_base.controllers.api import api_route


class InterchangesController(http.Controller):
    @api_route(
        "/edi/interchanges",
        method="POST",
        message_type="edi.interchange",
        scope="edi:submit",
        summary="Hand over EDI interchanges",
        description=(
            "The body is a file of X12 or EDIFACT interchanges as it is. It is stored, taken apart and checked; the "
            "answer says what became of each interchange. Functional acknowledgements leave by the way that was "
            "agreed. The same file again has one effect; other content under a known control number is held for a "
            "person. An interchange of a sender who is not known waits for the profile; the others go on."
        ),
        upload=("application/edi-x12", "application/edifact", "text/plain"),
        tag="EDI",
    )
    def submit_interchanges(self, call):
        return call.receive_upload({})
