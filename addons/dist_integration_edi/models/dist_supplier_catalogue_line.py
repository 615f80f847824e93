from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare, float_round

from odoo.addons.dist_integration_base.lib.handling import ApplyError
from odoo.addons.dist_integration_commerce.lib.submission import format_decimal

from .dist_edi_tolerance import CATALOGUE
from .dist_supplier_acknowledgement_line import Difference


class DistSupplierCatalogueLine(models.Model):
    """A price of an item, in the unit in which we buy it, beside the one that held before."""

    _name = "dist.supplier.catalogue.line"
    _description = "Price in a supplier's catalogue"
    _inherit = ["dist.kept.mixin"]
    _order = "catalogue_id desc, id"

    catalogue_id = fields.Many2one(
        "dist.supplier.catalogue", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="catalogue_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(related="catalogue_id.partner_id", string="Supplier", store=True)
    currency_id = fields.Many2one(related="catalogue_id.currency_id")
    line_ref = fields.Char(string="Line", readonly=True)
    item = fields.Char(string="Supplier's item", readonly=True)
    item_numbers = fields.Json(readonly=True)
    description = fields.Char(readonly=True)
    product_id = fields.Many2one(
        "product.product", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    uom_id = fields.Many2one("uom.uom", string="Unit", readonly=True, ondelete="restrict")
    told_price = fields.Float(string="Price in the catalogue", digits=(16, 6), readonly=True)
    told_minimum = fields.Float(string="Minimum in the catalogue", digits=(16, 6), readonly=True)
    told_unit = fields.Char(string="Unit in the catalogue", readonly=True)
    is_discontinued = fields.Boolean(string="Sold no longer", readonly=True)
    minimum_quantity = fields.Float(string="From", digits="Product Unit of Measure", readonly=True)
    price = fields.Float(digits="Product Price", readonly=True)
    old_price = fields.Float(string="Price before", digits="Product Price", readonly=True)
    change_percent = fields.Float(
        string="Change (%)",
        compute="_compute_change_percent",
        store=True,
        digits=(16, 1),
        group_operator="avg",
    )
    valid_from = fields.Date(required=True, readonly=True)
    valid_to = fields.Date(readonly=True)
    differences = fields.Text(readonly=True)
    state = fields.Selection(
        [
            ("unknown", "Unknown"),
            ("unchanged", "As before"),
            ("changed", "Price follows"),
            ("waiting", "Waits"),
            ("accepted", "Accepted"),
            ("refused", "Not accepted"),
            ("superseded", "Told anew"),
        ],
        required=True,
        readonly=True,
        default="unknown",
        index=True,
    )
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    decided_at = fields.Datetime(string="Decided", readonly=True)

    @api.depends("item", "product_id")
    def _compute_display_name(self):
        for line in self:
            line.display_name = line.product_id.display_name or line.item

    @api.depends("price", "old_price", "is_discontinued")
    def _compute_change_percent(self):
        for line in self:
            is_compared = line.old_price and not line.is_discontinued
            line.change_percent = (line.price / line.old_price - 1) * 100 if is_compared else 0.0

    # identifying

    def _identify(self):
        """Find the products of these prices, and tell the prices in the units in which we buy them.

        What cannot be identified says why and stays unknown.

        :return: those of the lines whose product is known
        """
        message, supplier = self.catalogue_id.message_id, self.catalogue_id.partner_id
        handler = self.env["dist.handler.purchase.priced"]
        products = handler._match_products(message, supplier, self.mapped("item_numbers"))
        for line, product in zip(self, products, strict=True):
            try:
                line.write(line._prepare_identified(handler, product))
            except ApplyError as error:
                line.write({"product_id": False, "differences": error.detail})
        return self.filtered("product_id")

    def _prepare_identified(self, handler, product):
        message = self.catalogue_id.message_id
        handler._require_product(product, self.item_numbers, "/item")
        unit = product._dist_get_purchase_unit()
        told = handler._read_unit(message, self.told_unit, unit, "/unit")
        vals = {
            "product_id": product.id,
            "uom_id": unit.id,
            "price": told._compute_price(self.told_price, unit),
            "minimum_quantity": told._compute_quantity(self.told_minimum, unit),
            "differences": False,
        }
        old = self._find_present(product, vals["minimum_quantity"], unit)
        return {**vals, "old_price": old.price_discounted}

    def _find_present(self, product, quantity, unit):
        """:return: product.supplierinfo that holds on the first day of this price"""
        return product._select_seller(
            partner_id=self.partner_id, quantity=quantity, date=self.valid_from, uom_id=unit
        )

    # judging

    def _get_differences(self):
        """:return: list of Difference"""
        self.ensure_one()
        old = self._find_present(self.product_id, self.minimum_quantity, self.uom_id)
        if self.is_discontinued:
            return [Difference(_("is sold no longer"), False)] if old else []
        return [*self._get_rounding(), *self._get_change(old)]

    def _get_rounding(self):
        unit = self.env["dist.handler.purchase.priced"]._read_unit(
            self.catalogue_id.message_id, self.told_unit, self.uom_id, "/unit"
        )
        exact = unit._compute_price(self.told_price, self.uom_id)
        digits = self.env["decimal.precision"].precision_get("Product Price")
        kept = float_round(exact, precision_digits=digits)
        if not float_compare(exact, kept, precision_digits=digits + 4):
            return []
        text = _(
            "%(told)s is finer than prices are kept: %(kept)s", told=_price(exact), kept=format_decimal(kept)
        )
        return [Difference(text, self._tolerates(exact, kept))]

    def _get_change(self, old):
        if not old:
            return [Difference(_("is new: %s", self._tell(self.price)), True)]
        if old.currency_id != self.currency_id:
            told = {"old": f"{_price(self.old_price)} {old.currency_id.name}", "new": self._tell(self.price)}
            return [Difference(_("other currency: %(old)s, now %(new)s", **told), False)]
        digits = self.env["decimal.precision"].precision_get("Product Price")
        is_same = not float_compare(self.price, self.old_price, precision_digits=digits)
        if is_same and (old.date_end or None) == (self.valid_to or None):
            return []
        if is_same:
            until = self.valid_to or _("further notice")
            return [Difference(_("the same price, until %s", until), True)]
        text = _("price before %(old)s, now %(new)s", old=_price(self.old_price), new=self._tell(self.price))
        return [Difference(text, self._tolerates(self.old_price, self.price))]

    def _tolerates(self, expected, actual):
        return self.env["dist.edi.tolerance"]._tolerates(
            self.catalogue_id.edi_partner_id, CATALOGUE, "price", self.product_id, expected, actual
        )

    def _tell(self, price):
        return f"{_price(price)} {self.currency_id.name}"

    # following

    def _may_follow(self):
        """:return: False where others own the prices of an item, and are to be asked first
        :raises OwnershipConflict: the catalogue is refused for it
        """
        message, places = self.catalogue_id.message_id, self.catalogue_id.line_ids.ids
        sellers = self.env["product.supplierinfo"]
        for line in self:
            vals = {"price": line.price, "min_qty": line.minimum_quantity}
            pointer = f"/lines/{places.index(line.id)}"
            pointers = {"price": f"{pointer}/unit_price", "min_qty": f"{pointer}/minimum_quantity"}
            allowed = self.env["dist.ownership"]._filter_inbound(
                message, sellers, vals, pointers, document=line.product_id
            )
            if allowed != vals:
                return False
        return True

    def _follow(self):
        """Have the price list of the supplier say what these lines of an item say, from when on they say it."""
        sellers = self.env["product.supplierinfo"]
        present = sellers._dist_find_of(self.partner_id, self.product_id, self.company_id)
        model = present.sorted(lambda seller: seller.date_start or fields.Date.to_date("1900-01-01"))[-1:]
        kept = (
            {name: model[name] for name in ("delay", "product_name", "product_code", "sequence")}
            if model
            else {}
        )
        for period in {(line.valid_from, line.valid_to or None) for line in self}:
            present = present._dist_make_room(*period)
        sellers.create([line._prepare_seller(kept) for line in self if not line.is_discontinued])

    def _prepare_seller(self, kept):
        product = self.product_id
        return {
            "product_code": self.item_numbers.get("supplier_sku"),
            **kept,
            "partner_id": self.partner_id.id,
            "product_tmpl_id": product.product_tmpl_id.id,
            "product_id": product.id if product.product_variant_count > 1 else False,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "min_qty": self.minimum_quantity,
            "price": self.price,
            "date_start": self.valid_from,
            "date_end": self.valid_to,
        }

    # what a person does

    def action_accept(self):
        """Have the items of these lines cost what the supplier says."""
        for of_item in self._check_waiting():
            of_item._follow()
            of_item._decide("accepted", "approved")
        return True

    def action_refuse(self):
        """Leave the prices of the items as they are."""
        for of_item in self._check_waiting():
            of_item._decide("refused", "rejected")
        return True

    def _check_waiting(self):
        """:return: list of the waiting lines of each item of these lines, which share their fate
        :raises UserError: a line does not wait any more
        """
        self.catalogue_id._check_may_decide()
        if any(line.state != "waiting" for line in self):
            raise UserError(_("This was settled in between."))
        every = self.sudo().catalogue_id.line_ids.filtered(
            lambda line: line.state == "waiting" and line.product_id in self.product_id
        )
        return list(every.grouped(lambda line: (line.catalogue_id, line.product_id)).values())

    def _decide(self, state, action):
        catalogue = self.catalogue_id
        self.write({"state": state, "decided_by_id": self.env.uid, "decided_at": fields.Datetime.now()})
        told = "; ".join(line.differences for line in self if line.differences)
        self.env["dist.audit.entry"]._add(action, catalogue, part=self.product_id.display_name, reason=told)
        catalogue._close_exceptions()


def _price(number):
    """:return: decimal text of a price, without needless zeros"""
    return format_decimal(float_round(number, precision_digits=6))
