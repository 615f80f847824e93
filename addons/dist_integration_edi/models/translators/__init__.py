from . import (
    dist_edi_translator,
    purchase,
    inventory_adjustment,
    invoice,
    purchase_acknowledgement,
    purchase_order,
    ship_notice,
    warehouse_confirmation,
)
