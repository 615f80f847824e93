from . import (
    dist_audit_export,
    dist_audit_verification,
    dist_change_decide,
    dist_exception_ignore,
    dist_host_key,
    dist_mapping_fix,
    dist_message_cancel,
    dist_message_correct,
    dist_message_reveal,
    dist_personal_erase,
    dist_reconciliation_settle,
    dist_secret_show,
)
