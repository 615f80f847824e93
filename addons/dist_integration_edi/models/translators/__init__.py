from . import (
    dist_edi_translator,
    purchase_order,
    warehouse_confirmation,
)
