from odoo import fields, models


class DeliveryCarrier(models.Model):
    _name = "delivery.carrier"
    _inherit = ["delivery.carrier", "dist.audited.extension.mixin"]

    dist_system_id = fields.Many2one(
        "dist.system",
        string="Milestones from",
        domain="[('kind', '=', 'carrier'), ('company_id', 'in', (False, company_id))]",
        check_company=True,
        groups="dist_integration_base.group_dist_manager,dist_integration_base.group_dist_auditor",
        help="The carrier's own system: it reports where shipments are, and is asked for transport. Empty: the "
        "transport management system of the warehouse.",
    )
