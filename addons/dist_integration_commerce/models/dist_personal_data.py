from odoo import api, models

from odoo.addons.dist_integration_base.models.dist_personal_data import DOCUMENT, TEXT, WHOLE

PLACES = {
    "account.move": {"dist_claim_ref": WHOLE},
    "dist.availability.hold": {"reference": TEXT},
    "res.partner": {"dist_block_reason": TEXT},
    "sale.order": {
        "dist_answer": DOCUMENT,
        "dist_external_ref": WHOLE,
        "dist_hold_reason": TEXT,
        "dist_note": TEXT,
        "dist_opportunity_ref": WHOLE,
    },
    "stock.picking": {"dist_return_ref": WHOLE},
}
# what a person or a program names, counts or hashes, and who acted: it tells of no customer
IMPERSONAL = {
    "account.move": {"dist_claim_digest"},
    "dist.availability.hold": {"digest"},
    "dist.availability.item": {"detail"},
    "dist.sales.channel": {"code", "name"},
    "res.partner": {"dist_vat_key"},
    "sale.order": {"dist_digest"},
    "sale.order.line": {"dist_line_ref"},
    "stock.picking": {"dist_return_digest"},
}


class DistPersonalData(models.AbstractModel):
    _inherit = "dist.personal.data"

    @api.model
    def _get_places(self):
        return [*super()._get_places(), PLACES]

    @api.model
    def _get_impersonal(self):
        return [*super()._get_impersonal(), IMPERSONAL]
