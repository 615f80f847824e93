from odoo import api, fields, models

from odoo.addons.dist_integration_wms.models.stock_picking import RELEASED

from .series import PURCHASE_UNIT

# what the supplier is told of a line
TOLD = {"date_planned", "discount", "price_unit", "product_id", "product_qty", PURCHASE_UNIT}


class PurchaseOrderLine(models.Model):
    """Lines keep the number under which the supplier knows them."""

    _inherit = "purchase.order.line"

    dist_line_ref = fields.Char(
        string="Line of the supplier",
        readonly=True,
        copy=False,
        help="Number of the line in what the supplier was sent.",
    )

    dist_supplier_available = fields.Float(
        string="Supplier has",
        digits="Product Unit of Measure",
        compute="_compute_dist_supplier_available",
        help="What the supplier reported last, in the unit of the line.",
    )

    @api.depends("product_id", "partner_id", PURCHASE_UNIT)
    def _compute_dist_supplier_available(self):
        for company, lines in self.grouped("company_id").items():
            stocks = self.env["dist.supplier.stock"]._find_of(lines.partner_id, lines.product_id, company)
            for line in lines:
                stock = stocks.get((line.partner_id.commercial_partner_id.id, line.product_id.id))
                line.dist_supplier_available = (
                    stock.uom_id._compute_quantity(stock.available, line[PURCHASE_UNIT] or stock.uom_id)
                    if stock
                    else 0.0
                )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.order_id.filtered("dist_is_transmitted")._dist_number_lines()
        lines.order_id._dist_watch_changes()
        return lines

    def write(self, vals):
        result = super().write(vals)
        if TOLD & set(vals):
            self.order_id._dist_watch_changes()
        return result

    def _dist_get_open_receipts(self):
        """:return: stock.move, of the item itself, that has not come yet"""
        self.ensure_one()
        return self.move_ids.filtered(
            lambda move: (
                move.state not in ("done", "cancel", "draft")
                and move.picking_id.picking_type_id.code == "incoming"
                and move.product_id == self.product_id
            )
        ).sorted("id")

    def _dist_get_expectable_moves(self):
        """:return: stock.move that expects no shipment yet, and that no other system works on"""
        return self._dist_get_open_receipts().filtered(
            lambda move: (
                not move.picking_id.dist_supplier_shipment_id
                and move.picking_id.dist_release_state not in RELEASED
            )
        )

    def _dist_schedule(self, parts):
        """Expect the goods of this line in parts: each day that is later than the first gets a receipt of its own.

        Receipts that expect a shipment, or that another system works on, are left alone.

        :param parts: list of (day, quantity in the line's unit), earliest first
        """
        self.ensure_one()
        moves = self._dist_get_expectable_moves()
        if len(parts) == 1 and len(moves.picking_id) < 2:
            return
        unit, own = self[PURCHASE_UNIT], self.product_id.uom_id
        for day, quantity in reversed(parts[1:]):
            later = moves._dist_take_off(unit._compute_quantity(quantity, own))
            later._dist_expect_on(day)
            moves -= later
        moves._dist_set_day(parts[0][0])

    def _dist_get_elsewhere(self):
        """:return: stock.move that a warehouse which another system runs was asked to receive"""
        return self._dist_get_open_receipts().filtered(
            lambda move: move.picking_id.dist_release_state in RELEASED
        )

    def _dist_get_receipts_elsewhere(self):
        """:return: stock.picking of these moves, as far as nothing else is left to expect the goods"""
        nothing = self.env["stock.picking"]
        return nothing if self._dist_get_expectable_moves() else self._dist_get_elsewhere().picking_id
