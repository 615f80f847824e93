from . import (
    dist_edi_translator,
    purchase,
    purchase_acknowledgement,
    purchase_order,
    warehouse_confirmation,
)
