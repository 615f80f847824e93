from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.dist_integration_base.lib import gs1
from odoo.addons.dist_integration_base.lib.handling import BusinessError, MissingCodes, MissingMapping

from ...lib import formats

# locks between which the products of a company are shared out: a long order takes few
STOCK_SHARES = 256
# a partner's clock may be ahead of ours, or its zone be wrong, without anything being in doubt
CLOCKS_DIFFER = timedelta(days=1)
# what says which product an item is
CANDIDATE_FIELDS = {
    "dist.binding": ["system_id", "res_model", "res_id", "external_id"],
    "dist.code.map": ["system_id", "domain", "res_model", "res_id", "external_code"],
    "product.product": ["default_code", "barcode"],
}


class DistHandler(models.AbstractModel):
    """Items, units and stock locks, for the handlers of every addon that knows products."""

    _inherit = "dist.handler"

    # items

    def _find_product(self, message, item, pointer):
        """Product of an item.

        :param item: dict with ``sku``, ``gtin`` or both
        :return: product.product
        :raises MissingMapping: no product, or several, could be meant
        """
        return self._find_products(message, [(item, pointer)])[0]

    def _find_products(self, message, items):
        """Products of many items, with a handful of queries.

        An item's number is first looked up in what persons said it means (code map, binding), then it is an
        internal reference, then its GTIN is a barcode.

        :param items: list of (item, pointer)
        :return: list of product.product, in the same order
        :raises MissingMapping: of one or more items no product, or several, could be meant
        """
        missing = MissingCodes()
        products = self._look_up_products(message, items, missing)
        missing.check()
        return products

    def _find_known_products(self, message, items):
        """:param items: list of items; what is no item is nothing that is known
        :return: list of product.product, in the same order, empty for those that nobody knows
        """
        return self._look_up_products(message, [(_clean_item(item), "") for item in items], MissingCodes())

    def _look_up_products(self, message, items, missing):
        """:param items: list of (item, pointer)
        :param missing: MissingCodes, takes those that nobody knows
        :return: list of product.product, in the same order, empty for those that nobody knows
        """
        read = self._read_item_products(message, [item for item, _pointer in items])
        products = []
        for item, pointer in items:
            product = self.env["product.product"]
            with missing.gathered():
                product = self._choose_product(item, pointer, *read)
            products.append(product)
        # what is read of one is read of all
        together = [product.id for product in products if product]
        return [product.with_prefetch(together) for product in products]

    def _read_item_products(self, message, items):
        """:return: (what the system's numbers mean, products by internal reference, products by barcode)"""
        texts = {item[name] for item in items for name in ("sku", "gtin") if item.get(name)}
        known = self._read_known_products(message.system_id, texts)
        by_sku = self._read_products("default_code", {text for text in texts if text not in known})
        by_gtin = self._read_products(
            "barcode",
            {form for item in items if item.get("gtin") for form in _gtin_forms(item["gtin"])},
        )
        return known, by_sku, by_gtin

    def _read_known_products(self, system, texts):
        """:return: dict, text to product, of what the code map and the bindings of the system know"""
        rows = self.env["dist.code.map"].search_read(
            [
                ("system_id", "=", system.id),
                ("domain", "=", "product"),
                ("external_code", "in", sorted(texts)),
                ("res_model", "=", "product.product"),
            ],
            ["external_code", "res_id"],
        )
        ids = self.env["dist.binding"]._find_many(system, "product.product", sorted(texts))
        ids.update({row["external_code"]: row["res_id"] for row in rows})
        found = self.env["product.product"].browse(set(ids.values())).exists()
        existing = set(found._dist_filter_of(system.company_id).ids)
        products = self.env["product.product"]
        return {text: products.browse(record_id) for text, record_id in ids.items() if record_id in existing}

    def _read_products(self, field, texts):
        """:return: dict, text to the products that have it"""
        if not texts:
            return {}
        found = {}
        for product in self.env["product.product"].search(
            [(field, "in", sorted(texts)), ("company_id", "in", (False, self.env.company.id))]
        ):
            found[product[field]] = found.get(product[field], product.browse()) | product
        return found

    def _find_candidate_ids(self, message, items):
        """Products that items could mean, with one question: all that are found in any of the ways above.

        :param items: list of items
        :return: set of ids
        """
        texts = {item[name] for item in items for name in ("sku", "gtin") if item.get(name)}
        barcodes = {form for item in items if item.get("gtin") for form in _gtin_forms(item["gtin"])}
        for model, names in CANDIDATE_FIELDS.items():
            self.env[model].flush_model(names)
        self.env.cr.execute(
            """
            SELECT res_id FROM dist_binding
            WHERE system_id = %(system)s AND res_model = 'product.product' AND external_id = ANY(%(texts)s)
            UNION
            SELECT res_id FROM dist_code_map
            WHERE system_id = %(system)s AND domain = 'product' AND res_model = 'product.product'
              AND external_code = ANY(%(texts)s)
            UNION
            SELECT id FROM product_product WHERE default_code = ANY(%(texts)s)
            UNION
            SELECT id FROM product_product WHERE barcode = ANY(%(barcodes)s)
            """,
            {"system": message.system_id.id, "texts": sorted(texts), "barcodes": sorted(barcodes)},
        )
        return {product_id for (product_id,) in self.env.cr.fetchall()}

    @api.model
    def _get_share_keys(self, company, product_ids):
        """Lock keys for what decides on the last pieces of products: of two who want them one gets a yes.

        :param product_ids: iterable of ids
        """
        shares = {product_id % STOCK_SHARES for product_id in product_ids}
        return [f"stock/{company.id}/{share}" for share in shares]

    def _choose_product(self, item, pointer, known, by_sku, by_gtin):
        sku, gtin = item.get("sku"), item.get("gtin")
        for text in (sku, gtin):
            if text in known:
                return known[text]
        products = by_sku.get(sku)
        if gtin:
            forms = [form for form in _gtin_forms(gtin) if form in by_gtin]
            barcoded = self.env["product.product"].union(*(by_gtin[form] for form in forms))
            products = (
                (products & barcoded or products | barcoded)
                if products and barcoded
                else products or barcoded
            )
        if products and len(products) == 1:
            return products
        raise self._prepare_unknown_product(sku, gtin, pointer, products)

    def _prepare_unknown_product(self, sku, gtin, pointer, products):
        text = sku or gtin
        if products:
            detail = _(
                "Item %(item)s could be %(products)s.",
                item=text,
                products=", ".join(sorted(products.mapped("display_name"))),
            )
        elif sku and gtin:
            detail = _(
                "There is no product with the number %(sku)s or the GTIN %(gtin)s.", sku=sku, gtin=gtin
            )
        else:
            detail = _("There is no product with the number %s.", text)
        return MissingMapping("product", text, pointer, detail, model="product.product")

    def _name_items(self, items, products):
        """:param products: as of `_find_known_products`
        :return: list of names, without those of items that name nothing
        """
        names = []
        for item, product in zip(map(_clean_item, items), products, strict=True):
            names.append(product.default_code or product.display_name or item.get("sku") or item.get("gtin"))
        return sorted({name for name in names if name})

    def _read_moment(self, payload, name):
        """:return: datetime, None when there is none
        :raises BusinessError: not a moment, or one that nobody means
        """
        return self._read_moment_until(payload, name, None)

    def _read_past_moment(self, message, payload, name):
        """:return: datetime of something that has happened, None when there is none
        :raises BusinessError: not a moment, or one that has not come yet
        """
        return self._read_moment_until(payload, name, message.received_at + CLOCKS_DIFFER)

    def _read_happened(self, message, payload, name):
        """:return: datetime of what a message tells of: as it says, else when it came; to the second, as snapshots are
        :raises BusinessError: as of `_read_past_moment`
        """
        told = self._read_past_moment(message, payload, name)
        return told or message.received_at.replace(microsecond=0)

    def _read_moment_until(self, payload, name, latest):
        """:param latest: datetime after which it has not come yet; None for what may still come"""
        moment = self._read_text(payload.get(name), formats.read_moment, f"/{name}")
        if moment and latest and moment > latest:
            text = _("%s has not come yet: is the year or the time zone wrong?", payload[name])
            raise BusinessError("in_future", text, f"/{name}")
        if moment and formats.is_slip(moment, fields.Datetime.now()):
            text = _("%s is too far from today: is the year wrong?", payload[name])
            raise BusinessError("date_far_off", text, f"/{name}")
        return moment

    def _read_text(self, text, reader, pointer):
        if not text:
            return None
        try:
            return reader(text)
        except (ValueError, OverflowError) as error:
            raise BusinessError("invalid_date", _("There is no such date: %s", text), pointer) from error

    def _get_payload_lines(self, payload):
        """:return: list of dicts, the lines of a content that need not fit its schema"""
        lines = (payload or {}).get("lines")
        return [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []

    # units

    def _get_products_counted_in(self, message, payload, code):
        """:param payload: as of `_get_payload_lines`
        :param code: the sender's code of a unit
        :return: product.product of the lines that are in this unit, as far as they are known
        """
        lines = [line for line in self._get_payload_lines(payload) if line.get("unit") == code]
        items = [line["item"] if isinstance(line.get("item"), dict) else line for line in lines]
        return self.env["product.product"].union(*self._find_known_products(message, items))

    def _find_unit(self, message, code, pointer, known):
        """Unit of a code.

        :param known: units that may be called by their own name, such as the one in which a quantity was asked
        :return: uom.uom
        :raises MissingMapping: nobody has said yet what the code means
        """
        found = self.env["dist.code.map"]._find(message.system_id, "unit", code)
        if getattr(found, "_name", None) == "uom.uom":
            return found
        for unit in known:
            if unit.name == code:
                return unit
        raise MissingMapping(
            "unit", code, pointer, _("The unit %s is not known here.", code), model="uom.uom"
        )

    def _convert_quantity(self, text, unit, product, pointer):
        """:return: quantity in the product's unit
        :raises BusinessError: the unit cannot count the product, or not as finely
        """
        quantity = float(self._decimal(text, pointer))
        if not self._is_same_kind(unit, product.uom_id):
            raise BusinessError(
                "unit_mismatch",
                _("%(product)s is not counted in %(unit)s.", product=product.display_name, unit=unit.name),
                pointer,
            )
        exact = unit._compute_quantity(quantity, product.uom_id, round=False)
        rounded = unit._compute_quantity(quantity, product.uom_id, rounding_method="HALF-UP")
        if abs(exact - rounded) > max(1e-6, abs(exact) * 1e-9):
            raise BusinessError(
                "quantity_precision",
                _(
                    "%(quantity)s %(unit)s is finer than %(product)s is counted in %(own)s.",
                    quantity=text,
                    unit=unit.name,
                    product=product.display_name,
                    own=product.uom_id.name,
                ),
                pointer,
            )
        return rounded

    def _is_same_kind(self, unit, other):
        if hasattr(unit, "_has_common_reference"):  # from 19.0 on
            return unit._has_common_reference(other)
        try:
            unit._compute_quantity(1.0, other)
        except UserError:
            return False
        return True

    # locks

    def _get_stock_lock_keys(self, product_ids):
        """Lock keys for what changes the stock of products: transactions that touch the same product's quants, if
        only at the customer location they share, would fail each other.
        """
        return [f"stock.quant/{product_id}" for product_id in set(product_ids)]


def _clean_item(item):
    """:return: dict with those of sku and gtin that are texts"""
    item = item if isinstance(item, dict) else {}
    return {name: item[name] for name in ("sku", "gtin") if isinstance(item.get(name), str) and item[name]}


def _gtin_forms(gtin):
    """The ways a GTIN can be written: with and without zeros in front."""
    bare = gtin.lstrip("0")
    return [bare.zfill(length) for length in gs1.GTIN_LENGTHS if len(bare) <= length]
