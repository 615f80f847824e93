from . import receipts, shipments
