from . import as2, interchanges
