from . import api, cutover, documents, metrics, operations
