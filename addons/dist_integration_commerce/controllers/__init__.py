from . import availability
from . import customers
from . import invoices
from . import orders
