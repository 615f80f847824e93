from . import receipts, returns, shipments, stock, transport
