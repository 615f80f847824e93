from . import (
    edi_document,
    edi_acknowledgement,
    invoice_document,
    purchase_acknowledgement,
    purchase_order,
    purchase_change,
    ship_notice,
)
