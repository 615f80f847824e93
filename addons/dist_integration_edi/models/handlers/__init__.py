from . import (
    edi_document_answered,
    edi_interchange,
    purchase,
    purchase_acknowledged,
    purchase_invoiced,
    purchase_priced,
    purchase_shipped,
    sale_received,
    supplier_stock,
)
