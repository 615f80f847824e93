from odoo import fields, models


class DistSupplierDocumentMixin(models.AbstractModel):
    """What documents of suppliers have in common: whose, under which number, received as what."""

    _name = "dist.supplier.document.mixin"
    _description = "Document of a supplier"
    _inherit = ["dist.kept.mixin"]

    external_id = fields.Char(string="Number", required=True, readonly=True, help="The supplier's.")
    edi_partner_id = fields.Many2one(
        "dist.edi.partner",
        string="Trading partner",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    partner_id = fields.Many2one(
        "res.partner", string="Supplier", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    message_id = fields.Many2one("dist.message", readonly=True, ondelete="set null", index="btree_not_null")
    digest = fields.Char(required=True, readonly=True)
