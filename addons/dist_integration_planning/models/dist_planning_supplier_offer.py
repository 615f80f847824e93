from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models

from ..lib.inventory import order_quantity
from .series import get_seller_unit


class Offer(NamedTuple):
    """What a supplier asks for a product, in its own unit and currency."""

    seller: object
    partner: object
    unit: object
    price: float
    currency: object
    minimum: float
    multiple: float
    delay: int

    def round_up(self, quantity, unit, step):
        """:param step: what quantities of the supplier's unit are multiples of where it sells no packs
        :return: quantity (of a unit) that the supplier sells: its minimum first, then whole packs (rule 7)
        """
        wanted = unit._compute_quantity(quantity, self.unit, round=False)
        ordered = order_quantity(wanted, self.minimum, self.multiple or step)
        return self.unit._compute_quantity(ordered, unit, round=False)

    def value(self, quantity, unit, company):
        """:return: what a quantity (of a unit) costs, in the company's currency (rule 15), not rounded; None without a
        price
        """
        if not self.price:
            return None
        amount = self.price * unit._compute_quantity(quantity, self.unit, round=False)
        today = fields.Date.context_today(self.seller)
        return self.currency._convert(amount, company.currency_id, company, today, round=False)


class DistPlanningSupplier(models.Model):
    """Suppliers' offers of many products at once."""

    _inherit = "dist.planning.supplier"

    @api.model
    def _get_offers(self, products, company):
        """:return: dict, product id to list of Offer, the preferred one first"""
        today = fields.Date.context_today(self)
        sellers = self.env["product.supplierinfo"].search(
            [
                ("product_tmpl_id", "in", products.product_tmpl_id.ids),
                ("company_id", "in", (False, company.id)),
                "|",
                ("date_start", "=", False),
                ("date_start", "<=", today),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", today),
            ]
        )
        by_template = defaultdict(list)
        for seller in sellers.sorted(
            lambda seller: (seller.sequence, seller.min_qty, seller.price, seller.id)
        ):
            by_template[seller.product_tmpl_id.id].append(seller)
        return {
            product.id: [
                self._make_offer(seller, product)
                for seller in by_template[product.product_tmpl_id.id]
                if not seller.product_id or seller.product_id == product
            ]
            for product in products
        }

    @api.model
    def _make_offer(self, seller, product):
        return Offer(
            seller,
            seller.partner_id,
            get_seller_unit(seller) or product.uom_id,
            seller.price,
            seller.currency_id,
            seller.min_qty,
            seller.dist_order_multiple,
            seller.delay,
        )

    @api.model
    def _choose_offer(self, offers, partner):
        """:return: the offer of a partner, of anybody where none is given; None where there is none"""
        return next((offer for offer in offers if not partner or offer.partner == partner), None)
