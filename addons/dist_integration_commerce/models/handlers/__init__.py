from . import customer_upsert
from . import order_checks
from . import order_submit
