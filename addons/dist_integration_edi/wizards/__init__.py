from . import dist_message_correct
