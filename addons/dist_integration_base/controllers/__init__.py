from . import api, cutover, documents, operations
