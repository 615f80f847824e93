from . import sscc_label, sscc_label_picking
