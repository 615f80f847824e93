from contextlib import suppress

from odoo import _, models
from odoo.tools import float_compare, float_is_zero

from odoo.addons.dist_integration_base.lib.errors import IntegrationError
from odoo.addons.dist_integration_base.lib.handling import ApplyError, BusinessError

from ...lib import formats

# lines that an exception tells of, the dearest
DESCRIBED = 10


class StockAdjustedHandler(models.AbstractModel):
    """The warehouse has more or less than it thought."""

    _name = "dist.handler.stock.adjusted"
    _inherit = "dist.handler.stock"
    _description = "Stock adjusted"

    def _get_kind(self):
        return "adjustment"

    def _read_line(self, message, payload, warehouse, line, product, pointer):
        status = line.get("status", "available")
        location = self._find_place(warehouse, status, f"{pointer}/status")
        change = self._read_quantity(message, line, "change", product, pointer)
        if float_is_zero(change, precision_rounding=product.uom_id.rounding):
            raise BusinessError(
                "no_change", _("The line changes nothing."), f"{pointer}/change", open_exception=False
            )
        reason = self._read_reason(message, payload, line, pointer)
        lot = self._find_lot(warehouse, line, product, pointer, create=change > 0)
        quants = self._get_sources(warehouse, status, product, lot)
        before = sum(quants.mapped("quantity"))
        moves, missing = self._plan_moves(payload, warehouse, location, product, lot, reason, quants, change)
        cost = product.with_company(warehouse.company_id).standard_price
        return {
            "pointer": pointer,
            "product": product,
            "expected": self._read_previous(message, line, product, pointer),
            "missing": missing,
            "elsewhere": self._find_elsewhere(product, lot, change),
            "reason": reason,
            "moves": moves,
            "values": {
                "product_id": product.id,
                "lot_id": lot.id,
                "reason_id": reason.id,
                "from_status": status if change < 0 else False,
                "to_status": status if change > 0 else False,
                "quantity": change,
                "previous_quantity": before,
                "value": change * cost,
            },
        }

    def _find_elsewhere(self, product, lot, change):
        """:return: as of `_dist_get_stock`, of a serial number that was found although Odoo has it in stock"""
        return lot._dist_get_stock() if product.tracking == "serial" and change > 0 else []

    def _get_payload_impact(self, message, payload):
        """What was found and what was lost, at cost; as far as it can be read."""
        impact, currency = super()._get_payload_impact(message, payload), message.company_id.currency_id
        lines, value = self._get_payload_lines(payload), 0.0
        for line, product in zip(lines, self._find_known_products(message, lines), strict=True):
            if not product or not all(isinstance(line.get(name, ""), str) for name in ("change", "unit")):
                continue
            with suppress(IntegrationError, ApplyError, LookupError):
                change = self._read_quantity(message, line, "change", product, "")
                value += abs(change) * product.with_company(message.company_id).standard_price
        return {**impact, "value": value, "currency": currency}

    def _read_previous(self, message, line, product, pointer):
        """:return: what the warehouse had before, in the product's unit; None when it does not say"""
        if "previous_on_hand" not in line:
            return None
        return self._read_quantity(message, line, "previous_on_hand", product, pointer)

    def _plan_moves(self, payload, warehouse, location, product, lot, reason, quants, change):
        """:return: (list of move values, quantity that Odoo does not have)"""
        company = warehouse.company_id
        virtual = (
            reason.with_company(company).location_id or product.with_company(company).property_stock_inventory
        )
        name = " ".join(filter(None, (payload["adjustment"], reason.name)))
        nowhere = self._make_quant(warehouse, location, product, lot)
        if change > 0:
            return [self._prepare_move(nowhere, change, virtual, location, name)], 0.0
        taken, missing = self._take(quants, -change, product)
        moves = [
            self._prepare_move(quant, amount, quant.location_id, virtual, name) for quant, amount in taken
        ]
        if missing:
            moves.append(self._prepare_move(nowhere, missing, location, virtual, name))
        return moves, missing

    def _read_effects(self, message, warehouse, line, product, pointer):
        place = self._find_place(warehouse, line.get("status", "available"), pointer)
        return [(place, self._read_quantity(message, line, "change", product, pointer))]

    def _get_variances(self, message, payload, warehouse, lines):
        errors = []
        for line in lines:
            errors += self._get_line_variances(line)
        return errors + self._get_value_variances(warehouse, lines)

    def _get_line_variances(self, line):
        errors, product, before = [], line["product"], line["values"]["previous_quantity"]
        rounding = product.uom_id.rounding
        expected = line["expected"]
        if expected is not None and float_compare(expected, before, precision_rounding=rounding):
            errors.append(
                {
                    "pointer": f"{line['pointer']}/previous_on_hand",
                    "code": "on_hand_differs",
                    "detail": _(
                        "%(product)s: the warehouse had %(theirs)s %(unit)s before, Odoo has %(ours)s.",
                        product=product.display_name,
                        theirs=formats.quantity_text(expected),
                        ours=formats.quantity_text(before),
                        unit=product.uom_id.name,
                    ),
                }
            )
        if line["missing"]:
            errors.append(
                {
                    "pointer": f"{line['pointer']}/change",
                    "code": "stock_negative",
                    "detail": _(
                        "%(product)s: Odoo has only %(ours)s %(unit)s; its stock would be negative.",
                        product=product.display_name,
                        ours=formats.quantity_text(before),
                        unit=product.uom_id.name,
                    ),
                }
            )
        for lot, location in line["elsewhere"]:
            errors.append(
                {
                    "pointer": f"{line['pointer']}/lot",
                    "code": "serial_in_stock",
                    "detail": lot._dist_describe_in_stock(location),
                }
            )
        return errors

    def _get_value_variances(self, warehouse, lines):
        """Gains and losses are not netted: two mistakes do not make one small one."""
        value = sum(abs(line["values"]["value"]) for line in lines if line["reason"].approval != "never")
        always = [line for line in lines if line["reason"].approval == "always"]
        over = warehouse.dist_currency_id.compare_amounts(value, warehouse.dist_adjustment_limit) > 0
        if not over and not always:
            return []
        why = (
            _(
                "The adjustment is worth %(value)s; up to %(limit)s need no approval.",
                value=warehouse.dist_currency_id.format(value),
                limit=warehouse.dist_currency_id.format(warehouse.dist_adjustment_limit),
            )
            if over
            else _("The reason %s always needs approval.", always[0]["reason"].name)
        )
        dearest = sorted(lines, key=lambda line: -abs(line["values"]["value"]))[:DESCRIBED]
        return [
            {
                "pointer": (always or lines)[0]["pointer"],
                "code": "adjustment_approval",
                "detail": "\n".join([why, *map(self._describe_line, dearest)]),
            }
        ]

    def _describe_line(self, line):
        change = line["values"]["quantity"]
        return _(
            "%(product)s: %(change)s %(unit)s (%(reason)s)",
            product=line["product"].display_name,
            change=("+" if change > 0 else "") + formats.quantity_text(change),
            unit=line["product"].uom_id.name,
            reason=line["reason"].name or _("no reason given"),
        )
