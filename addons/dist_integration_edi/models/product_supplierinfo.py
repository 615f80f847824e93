from odoo import api, fields, models

from ..lib.periods import remains


class ProductSupplierinfo(models.Model):
    _inherit = "product.supplierinfo"

    dist_supplier_available = fields.Float(
        string="Supplier has",
        digits="Product Unit of Measure",
        compute="_compute_dist_supplier_available",
        help="What the supplier reported last, of all variants, in the unit in which they are bought.",
    )
    dist_supplier_reported_at = fields.Datetime(
        string="Supplier reported", compute="_compute_dist_supplier_available"
    )

    @api.depends("partner_id", "product_id", "product_tmpl_id")
    def _compute_dist_supplier_available(self):
        for company, sellers in self.grouped(lambda seller: seller.company_id or self.env.company).items():
            variants = sellers.product_id | sellers.product_tmpl_id.product_variant_ids
            stocks = self.env["dist.supplier.stock"]._find_of(sellers.partner_id, variants, company)
            for seller in sellers:
                products = seller.product_id or seller.product_tmpl_id.product_variant_ids
                supplier = seller.partner_id.commercial_partner_id
                found = [stocks[key] for product in products if (key := (supplier.id, product.id)) in stocks]
                seller.dist_supplier_available = sum(stock.available for stock in found)
                seller.dist_supplier_reported_at = max((stock.reported_at for stock in found), default=False)

    @api.model
    def _dist_find_of(self, partner, product, company):
        """:return: prices of a product with a supplier; of a product with variants only its own"""
        own = [product.id] if product.product_variant_count > 1 else [False, product.id]
        return self.search(
            [
                ("partner_id", "in", (partner | partner.commercial_partner_id).ids),
                ("product_tmpl_id", "=", product.product_tmpl_id.id),
                ("product_id", "in", own),
                ("company_id", "in", (False, company.id)),
            ]
        )

    def _dist_make_room(self, first, last):
        """Have these prices hold only outside of a period.

        :param first: date, or None for a period that has always been
        :param last: date, or None for one without end
        :return: product.supplierinfo, what is left of them
        """
        left = self.browse()
        for seller in self:
            parts = remains((seller.date_start or None, seller.date_end or None), (first, last))
            if not parts:
                seller.unlink()
                continue
            others = [seller.copy({"date_start": start, "date_end": end}) for start, end in parts[1:]]
            if parts[0] != (seller.date_start or None, seller.date_end or None):
                seller.write({"date_start": parts[0][0], "date_end": parts[0][1]})
            left |= seller.union(*others)
        return left
