from . import api, documents, operations
