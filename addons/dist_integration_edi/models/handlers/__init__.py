from . import (
    channel_order,
    edi_document_answered,
    edi_interchange,
    order_change,
    purchase,
    purchase_acknowledged,
    purchase_invoiced,
    purchase_priced,
    purchase_shipped,
    sale_received,
    supplier_stock,
)
