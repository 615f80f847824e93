from odoo import fields, models


class AccountPaymentTerm(models.Model):
    _name = "account.payment.term"
    _inherit = ["account.payment.term", "dist.audited.extension.mixin"]

    dist_in_advance = fields.Boolean(
        string="Paid before delivery",
        help="Deliveries from warehouses that hold until paid wait for the payment of the order.",
    )
