from . import availability
from . import customers
from . import holds
from . import invoices
from . import orders
from . import quotations
from . import returns
