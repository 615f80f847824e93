from . import (
    dist_handler_partner_submit,
    dist_reconciliation_domain_partner,
    dist_serializer_partner_changed,
    res_partner,
)
