from . import edi_acknowledgement
