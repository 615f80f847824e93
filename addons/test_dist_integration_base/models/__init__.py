from . import dist_handler_partner_submit, dist_serializer_partner_changed, res_partner
