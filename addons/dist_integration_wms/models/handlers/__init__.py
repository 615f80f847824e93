from . import (
    dist_handler,
    warehouse,
    warehouse_confirmation,
    warehouse_confirmation_lines,
    warehouse_confirmation_quantities,
    warehouse_confirmation_unposted,
    warehouse_confirmation_lots,
    warehouse_confirmation_effect,
    receipt_confirmed,
    shipment_acknowledged,
    shipment_confirmed,
)
