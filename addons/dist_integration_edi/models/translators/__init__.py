from . import (
    dist_edi_translator,
    purchase,
    invoice,
    purchase_acknowledgement,
    purchase_order,
    ship_notice,
    warehouse_confirmation,
)
