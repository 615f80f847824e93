from . import (
    dist_cutover_accept,
    dist_cutover_switch,
    dist_exception_ignore,
    dist_mapping_fix,
    dist_message_cancel,
    dist_message_correct,
    dist_ownership_view,
    dist_secret_show,
)
