from . import receipts, shipments, stock
