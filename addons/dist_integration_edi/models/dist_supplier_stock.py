from odoo import api, fields, models


class DistSupplierStock(models.Model):
    """What a supplier has of an item, as it reported last."""

    _name = "dist.supplier.stock"
    _description = "Supplier's stock"
    _inherit = ["dist.kept.mixin"]
    _order = "partner_id, product_id"

    edi_partner_id = fields.Many2one(
        "dist.edi.partner",
        string="Trading partner",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    partner_id = fields.Many2one(
        "res.partner", string="Supplier", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="cascade", index=True
    )
    uom_id = fields.Many2one("uom.uom", string="Unit", required=True, readonly=True, ondelete="restrict")
    available = fields.Float(digits="Product Unit of Measure", readonly=True)
    coming = fields.Float(string="Expected by the supplier", digits="Product Unit of Measure", readonly=True)
    coming_on = fields.Date(string="Expected on", readonly=True)
    reported_at = fields.Datetime(string="As of", required=True, readonly=True)
    external_id = fields.Char(string="Report", readonly=True)
    message_id = fields.Many2one("dist.message", readonly=True, ondelete="set null", index="btree_not_null")

    _sql_constraints = [
        (
            "product_uniq",
            "unique(edi_partner_id, product_id)",
            "A supplier has one stock of an item.",
        )
    ]

    @api.depends("partner_id", "product_id")
    def _compute_display_name(self):
        for stock in self:
            stock.display_name = f"{stock.partner_id.name}: {stock.product_id.display_name}"

    @api.model
    def _take(self, partner, message, number, moment, figures):
        """Keep what a report says of items, as far as nothing newer is known.

        :param partner: dist.edi.partner that reports
        :param figures: dict, product.product to available, coming (in the unit in which we buy it) and coming_on
        :return: dist.supplier.stock that have the figures of this report
        """
        products = self.env["product.product"].union(*figures)
        present = self.search([("edi_partner_id", "=", partner.id), ("product_id", "in", products.ids)])
        known, taken, new = {stock.product_id: stock for stock in present}, self.browse(), []
        head = {"reported_at": moment, "external_id": number, "message_id": message.id}
        for product, figure in figures.items():
            stock = known.get(product)
            if not stock:
                new.append({**self._prepare_stock(partner, product), **head, **figure})
            elif stock.reported_at <= moment:
                stock.write({**head, **figure})
                taken |= stock
        return taken | self.create(new)

    @api.model
    def _prepare_stock(self, partner, product):
        return {
            "edi_partner_id": partner.id,
            "partner_id": partner.partner_id.commercial_partner_id.id,
            "company_id": partner.company_id.id,
            "product_id": product.id,
            "uom_id": product._dist_get_purchase_unit().id,
        }

    @api.model
    def _find_of(self, partners, products, company):
        """What suppliers reported of products.

        :return: dict, (supplier's id, product's id) to dist.supplier.stock
        """
        found = self.sudo().search(
            [
                ("partner_id", "in", partners.commercial_partner_id.ids),
                ("product_id", "in", products.ids),
                ("company_id", "=", company.id),
            ]
        )
        return {(stock.partner_id.id, stock.product_id.id): stock for stock in found.sorted("reported_at")}
