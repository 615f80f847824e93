from odoo import api, models

from odoo.addons.dist_integration_base.models.dist_personal_data import CONTENT, DOCUMENT, FILES, TEXT

PLACES = {
    "dist.as2.exchange": {"detail": TEXT, "disposition": TEXT},
    "dist.edi.document": {
        "acknowledgement_errors": DOCUMENT,
        "business_key": TEXT,
        "canonical": DOCUMENT,
        "issues": DOCUMENT,
        "problem": TEXT,
    },
    "dist.edi.expectation": {"detail": TEXT},
    "dist.edi.group": {"issues": DOCUMENT},
    "dist.edi.mail": {"files": FILES, "name": TEXT, "sender": TEXT},
    "dist.edi.mailbox": {"senders": TEXT},
    "dist.edi.interchange": {"acknowledgement": DOCUMENT, "error": TEXT, "issues": DOCUMENT, "raw": CONTENT},
    "dist.supplier.acknowledgement": {"note": TEXT},
    "dist.supplier.acknowledgement.line": {"differences": TEXT, "reason": TEXT},
    "dist.supplier.catalogue.line": {"description": TEXT, "differences": TEXT},
    "dist.supplier.invoice": {"differences": TEXT, "note": TEXT},
    "dist.supplier.invoice.line": {"description": TEXT, "differences": TEXT},
    "dist.supplier.shipment": {"bill_of_lading": TEXT, "carrier": TEXT, "note": TEXT, "tracking": TEXT},
    "dist.supplier.shipment.line": {"differences": TEXT},
}
# what a person or a program names, counts or hashes, and who acted: it tells of no customer
IMPERSONAL = {
    "dist.as2.certificate": {"fingerprint", "issuer", "pem", "serial", "subject"},
    # a receipt names a message and a hash of it; changed, it would prove nothing any more
    "dist.as2.exchange": {"mics", "protection", "receipt", "receipt_address", "reference"},
    "dist.as2.partner": {"allowed_networks", "name", "own_name", "partner_name"},
    "dist.edi.agreement": {"association", "code", "overlay", "version"},
    "dist.edi.document": {"code", "control_number", "document_name", "version"},
    "dist.edi.expectation": {"control_number", "functional_code"},
    "dist.edi.group": {"control_number", "functional_code", "version"},
    "dist.edi.interchange": {"control_number", "digest", "receiver", "sender", "version"},
    "dist.edi.mail": {"reference", "taken_keys"},
    "dist.edi.mailbox": {"file_pattern", "name"},
    "dist.endpoint": {"mail_from", "mail_subject"},
    "dist.edi.partner": {
        "component_separator",
        "element_separator",
        "group_identifier",
        "identifier",
        "name",
        "own_group",
        "own_identifier",
        "own_qualifier",
        "qualifier",
        "release_character",
        "repetition_separator",
        "terminator",
        "version",
    },
    "dist.supplier.acknowledgement": {"digest", "external_id"},
    "dist.supplier.acknowledgement.line": {"line_ref", "schedule"},
    "dist.supplier.catalogue": {"digest", "external_id", "version"},
    "dist.supplier.catalogue.line": {"item", "item_numbers", "line_ref", "told_unit"},
    "dist.supplier.invoice": {"credited_invoice", "digest", "external_id"},
    "dist.supplier.invoice.line": {"line_ref"},
    "dist.supplier.shipment": {"digest", "external_id"},
    "dist.supplier.shipment.line": {"line_ref", "lot_name", "outer_package", "package", "sscc"},
    "dist.supplier.stock": {"external_id"},
    "res.company": {"dist_gs1_prefix"},
    "stock.picking": {"dist_customer_receipt", "dist_customer_receipt_digest"},
    "purchase.order": {"dist_change", "dist_told"},
    "purchase.order.line": {"dist_line_ref"},
}


class DistPersonalData(models.AbstractModel):
    _inherit = "dist.personal.data"

    @api.model
    def _get_places(self):
        return [*super()._get_places(), PLACES]

    @api.model
    def _get_impersonal(self):
        return [*super()._get_impersonal(), IMPERSONAL]
