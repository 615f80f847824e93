from . import customer_upsert
from . import order_checks
from . import order_submit
from . import hold
from . import hold_create
from . import hold_release
from . import order_checks_promise
from . import order_holds
