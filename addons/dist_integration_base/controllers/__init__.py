from . import api, documents, metrics, operations
from . import api, cutover, documents, operations
