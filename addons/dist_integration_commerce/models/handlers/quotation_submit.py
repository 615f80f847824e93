import json

from odoo import fields, models

from odoo.addons.dist_integration_base.lib.handling import HandlerResult

# goods and credit are nobody's before the business says so
LATER = ("_check_availability", "_read_exposures", "_check_credit")


class QuotationSubmitHandler(models.AbstractModel):
    """An opportunity of a CRM becomes a quotation: priced and checked as an order, and nothing is reserved (C8).

    What would hold an order is told, and decided once it is ordered.
    """

    _name = "dist.handler.quotation.submit"
    _inherit = "dist.handler.order.submit"
    _description = "Quotation"

    def _get_stock_keys(self, message, payload):
        return []

    def _get_checks(self):
        return tuple([name for name in names if name not in LATER] for names in super()._get_checks())

    def _prepare_order(self, submission):
        payload = submission.payload
        values = {
            **super()._prepare_order(submission),
            "dist_opportunity_ref": payload.get("opportunity") or False,
        }
        if payload.get("valid_until"):
            values["validity_date"] = fields.Date.to_date(payload["valid_until"])
        return values

    def _settle(self, submissions):
        for submission in submissions:
            submission.order.write(self._prepare_outcome(submission))

    def _prepare_outcome(self, submission):
        return {**super()._prepare_outcome(submission), "dist_state": "quoted", "dist_hold_reason": False}

    def _prepare_answer(self, submission):
        valid_until = fields.Date.to_string(submission.order.validity_date) or None
        return {**super()._prepare_answer(submission), "status": "quoted", "valid_until": valid_until}

    def _prepare_result(self, submission):
        return HandlerResult(answer=json.loads(submission.order.dist_answer), record=submission.order)
