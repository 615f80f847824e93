from . import dist_planning_dataset  # isort: skip
from . import (
    calendars,
    feedback,
    history,
    items,
    kits,
    locations,
    open_orders,
    open_purchases,
    open_transfers,
    promotions,
    stock,
    suppliers,
    units,
)
