from . import (
    warehouse,
    warehouse_cancelled,
    warehouse_completed,
    receipt_cancelled,
    receipt_completed,
    receipt_requested,
    return_cancelled,
    return_completed,
    return_requested,
    shipment_cancelled,
    shipment_completed,
    shipment_requested,
)
