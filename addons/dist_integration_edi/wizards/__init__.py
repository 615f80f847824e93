from . import dist_edi_correct, dist_edi_upload, dist_message_correct
