from . import (
    dist_edi_translator,
    purchase,
    invoice,
    purchase_acknowledgement,
    purchase_order,
    warehouse_confirmation,
)
