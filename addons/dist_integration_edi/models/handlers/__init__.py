from . import edi_interchange
