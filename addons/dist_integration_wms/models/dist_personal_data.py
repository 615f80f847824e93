from odoo import api, models

from odoo.addons.dist_integration_base.models.dist_personal_data import DOCUMENT, FILES, TEXT, WHOLE

PLACES = {
    "dist.reconciliation.line": {"lot_name": TEXT},
    "dist.release.request": {
        "address": TEXT,
        "answer_note": TEXT,
        "answer_reason": TEXT,
        "reason": TEXT,
    },
    "dist.shipment.milestone": {
        "external_id": WHOLE,
        "location": TEXT,
        "note": TEXT,
        "proof_ids": FILES,
        "signed_by": TEXT,
        "tracking_number": WHOLE,
    },
    "dist.stock.adjustment": {"external_id": WHOLE, "note": TEXT},
    "dist.warehouse.confirmation": {"answer": DOCUMENT, "external_id": WHOLE},
    "stock.quant.package": {"dist_tracking_number": WHOLE},
    "stock.picking": {
        "carrier_tracking_ref": TEXT,
        "dist_former_address": TEXT,
        "dist_held_back_reason": TEXT,
        "dist_hold_reason": TEXT,
        "dist_label_ref": TEXT,
        "dist_told_address": TEXT,
        "dist_transport_ref": TEXT,
        "dist_unlock_reason": TEXT,
    },
}
# what a person or a program names, counts or hashes, and who acted: it tells of no customer
IMPERSONAL = {
    "dist.message": {"accepted_variance"},
    "dist.release.request": {"answer_digest", "name", "release_ref"},
    "dist.release.request.line": {"line_ref"},
    "dist.release.wave": {"name"},
    "dist.shipment.milestone": {"digest", "reason"},
    "dist.stock.adjustment": {"digest"},
    "dist.stock.reason": {"code", "name"},
    "dist.warehouse.confirmation": {"digest"},
    "stock.move": {"dist_line_ref", "dist_stands_for"},
    "stock.picking": {
        "dist_release_ref",
        "dist_transport_digest",
        "dist_transport_service",
        "dist_unlock_quantities",
        "dist_unlock_values",
    },
}


class DistPersonalData(models.AbstractModel):
    _inherit = "dist.personal.data"

    @api.model
    def _get_places(self):
        return [*super()._get_places(), PLACES]

    @api.model
    def _get_impersonal(self):
        return [*super()._get_impersonal(), IMPERSONAL]
