from . import (
    dist_exception_ignore,
    dist_host_key,
    dist_mapping_fix,
    dist_message_cancel,
    dist_message_correct,
    dist_secret_show,
)
