from . import interchanges
