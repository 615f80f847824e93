from . import (
    edi_document,
    edi_acknowledgement,
    inventory_report,
    invoice_document,
    purchase_acknowledgement,
    purchase_order,
    purchase_change,
    receipt_requested,
    receiving_advice,
    ship_notice,
)
