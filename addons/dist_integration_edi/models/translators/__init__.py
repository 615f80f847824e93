from . import (
    dist_edi_translator,
    purchase,
    inventory_adjustment,
    inventory_report,
    invoice,
    price_catalogue,
    purchase_acknowledgement,
    purchase_order,
    ship_notice,
    warehouse_confirmation,
)
