from . import (
    dist_exception_ignore,
    dist_mapping_fix,
    dist_message_cancel,
    dist_message_correct,
    dist_ownership_view,
    dist_secret_show,
)
