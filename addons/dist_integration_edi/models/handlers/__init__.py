from . import (
    edi_interchange,
    purchase,
    purchase_acknowledged,
    purchase_invoiced,
    purchase_priced,
    purchase_shipped,
    supplier_stock,
)
