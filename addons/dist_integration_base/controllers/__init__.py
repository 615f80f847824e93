from . import api, documents, metrics, operations
