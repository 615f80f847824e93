from . import (
    edi_interchange,
    purchase,
    purchase_acknowledged,
    purchase_invoiced,
    purchase_shipped,
)
