from odoo import api, fields, models

from ..lib.documents import DECLARATIONS
from ..models.dist_edi_agreement import MESSAGE_TYPES

# what usually goes back to who sends a document: (direction, canonical document) to canonical documents
USUAL = {
    ("in", "purchase.order"): ("purchase.acknowledgement", "ship.notice", "invoice"),
    ("in", "purchase.acknowledgement"): ("purchase.order",),
    ("in", "ship.notice"): ("purchase.order",),
    ("in", "invoice"): ("purchase.order",),
    ("in", "receipt.confirmed"): ("receipt.requested",),
    ("in", "shipment.confirmed"): ("shipment.requested",),
}


class DistEdiOnboardingAgreement(models.TransientModel):
    """A document that may be agreed on with the partner."""

    _name = "dist.edi.onboarding.agreement"
    _description = "Document proposed for a trading partner"
    _order = "direction, code"

    onboarding_id = fields.Many2one("dist.edi.onboarding", required=True, ondelete="cascade")
    is_agreed = fields.Boolean(string="Agree", default=True)
    direction = fields.Selection([("in", "Received"), ("out", "Sent")], required=True, default="in")
    code = fields.Char(string="Document", required=True)
    document_name = fields.Char(string="What it is", compute="_compute_document_name")
    association = fields.Char()
    count = fields.Integer(string="In the files", readonly=True)

    @api.depends("code", "onboarding_id.standard")
    def _compute_document_name(self):
        for row in self:
            row.document_name = self._get_document(row.onboarding_id.standard, row.code)

    @api.model
    def _get_document(self, standard, code):
        return DECLARATIONS.get((standard, code), {}).get("document")

    @api.model
    def _is_possible(self, standard, row):
        """Whether something here works with a document."""
        return (row["direction"], self._get_document(standard, row["code"])) in MESSAGE_TYPES

    @api.model
    def _add_usual(self, standard, rows):
        """:param rows: dict, (direction, code) to values
        :return: the same, with what usually goes with it; that is only proposed
        """
        codes = {}
        for (own, code), declaration in DECLARATIONS.items():
            if own == standard:
                codes.setdefault(declaration["document"], code)
        usual = [
            ("out", codes[document])
            for direction, code in rows
            for document in USUAL.get((direction, self._get_document(standard, code)), ())
            if document in codes
        ]
        proposed = {
            key: {"direction": key[0], "code": key[1], "count": 0, "is_agreed": False} for key in usual
        }
        return {**proposed, **rows}
