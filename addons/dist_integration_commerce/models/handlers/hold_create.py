from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo import _, fields, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult

from ...lib.submission import format_decimal, get_digest


class HoldCreateHandler(models.AbstractModel):
    """Sets goods aside for a buyer who has not ordered yet: all that is asked for, or nothing."""

    _name = "dist.handler.hold.create"
    _inherit = "dist.handler.hold"
    _description = "Soft hold"

    def _get_lock_keys(self, message, payload):
        ids = self._find_candidate_ids(message, [line["item"] for line in payload["lines"]])
        own = f"hold/{message.system_id.id}/{payload['hold']}"
        return [own, *self._get_share_keys(message.company_id, ids)]

    def _apply(self, message, payload):
        holds = self.env["dist.availability.hold"]
        known, digest = holds._find(message.system_id, payload["hold"]), get_digest(payload)
        if known:
            self._check_same(known, digest)
            return HandlerResult(self._get_answer(known), record=known)
        channel = self._get_channel(message, payload)
        warehouse = self._get_warehouse(channel, payload)
        lines = self._read_lines(message, payload)
        self._check_promised(channel, warehouse, lines)
        hold = holds.create(self._prepare_hold(message, payload, channel, warehouse, lines, digest))
        self.env["dist.availability.feed"]._touch(hold.line_ids.product_id.ids)
        return HandlerResult(self._get_answer(hold), record=hold)

    def _check_same(self, known, digest):
        if known.digest != digest:
            raise BusinessError(
                "hold_differs",
                _("Hold %s was made before, with other content. Nothing was changed.", known.reference),
                "/hold",
                status=409,
                open_exception=False,
            )

    def _get_channel(self, message, payload):
        channel = self.env["dist.sales.channel"]._choose(
            message.system_id, message.company_id, payload.get("channel")
        )
        if not channel.allow_holds:
            raise BusinessError(
                "holds_not_allowed",
                _("The channel %s may not hold goods.", channel.code),
                status=403,
                open_exception=False,
            )
        return channel

    def _get_warehouse(self, channel, payload):
        """:return: the named warehouse, among the published ones; else that which ships the orders of the channel"""
        code = payload.get("warehouse")
        if not code:
            return channel.warehouse_id
        found = channel._get_published_warehouses().filtered(lambda warehouse: warehouse.code == code)
        if not found:
            raise BusinessError(
                "unknown_warehouse",
                _("No warehouse %s is published to this channel.", code),
                "/warehouse",
                open_exception=False,
            )
        return found[0]

    def _read_lines(self, message, payload):
        """:return: list of (JSON pointer, product, quantity in its unit)"""
        items = [(line["item"], f"/lines/{index}/item") for index, line in enumerate(payload["lines"])]
        lines = []
        for index, product in enumerate(self._find_products(message, items)):
            line, pointer = payload["lines"][index], f"/lines/{index}"
            unit = product.uom_id
            if line.get("unit"):
                unit = self._find_unit(message, line["unit"], f"{pointer}/unit", unit)
            quantity = self._convert_quantity(line["quantity"], unit, product, f"{pointer}/quantity")
            if quantity <= 0:
                raise BusinessError(
                    "quantity_zero",
                    _("Nothing is asked for."),
                    f"{pointer}/quantity",
                    open_exception=False,
                )
            lines.append((pointer, product, quantity))
        return lines

    def _check_promised(self, channel, warehouse, lines):
        """:raises BusinessError: of a line there is too little; lines of one item share what is there"""
        product_ids = sorted({product.id for _pointer, product, _quantity in lines})
        promised = self.env["dist.availability.promise"]._get_promised(channel, product_ids, warehouse.ids)
        taken, errors = defaultdict(Decimal), []
        for pointer, product, quantity in lines:
            wanted = Decimal(format_decimal(quantity))
            left = promised[product.id, warehouse.id] - taken[product.id]
            if wanted > left:
                errors.append(
                    {
                        "pointer": f"{pointer}/quantity",
                        "code": "insufficient_stock",
                        "detail": _(
                            "%(left)s of %(wanted)s %(unit)s %(product)s are available.",
                            left=format_decimal(max(left, Decimal(0))),
                            wanted=format_decimal(wanted),
                            unit=product.uom_id.name,
                            product=product.default_code or product.display_name,
                        ),
                    }
                )
            taken[product.id] += wanted
        if errors:
            raise BusinessError(
                "insufficient_stock",
                " ".join(error["detail"] for error in errors),
                errors[0]["pointer"],
                status=409,
                open_exception=False,
                errors=errors,
            )

    def _prepare_hold(self, message, payload, channel, warehouse, lines, digest):
        longest = channel.hold_minutes * 60
        seconds = min(payload.get("expires_in") or longest, longest)
        expires_at = fields.Datetime.now() + timedelta(seconds=seconds)
        return {
            "reference": payload["hold"],
            "system_id": message.system_id.id,
            "channel_id": channel.id,
            "company_id": message.company_id.id,
            "expires_at": expires_at,
            "digest": digest,
            "line_ids": [
                (
                    0,
                    0,
                    {
                        "product_id": product.id,
                        "warehouse_id": warehouse.id,
                        "quantity": quantity,
                        "expires_at": expires_at,
                    },
                )
                for _pointer, product, quantity in lines
            ],
        }
