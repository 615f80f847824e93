from . import (
    dist_edi_translator,
    application_acknowledgement,
    purchase,
    inventory_adjustment,
    inventory_report,
    invoice,
    price_catalogue,
    purchase_acknowledgement,
    purchase_order,
    receiving_advice,
    ship_notice,
    warehouse_confirmation,
)
