from odoo import fields, models

from odoo.addons.dist_integration_wms.models.stock_picking import RELEASED

WAREHOUSE_TYPES = ("receipt.requested", "shipment.requested")


class StockPicking(models.Model):
    _inherit = "stock.picking"

    dist_supplier_shipment_id = fields.Many2one(
        "dist.supplier.shipment",
        string="Announced as",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        help="What the supplier says is on its way.",
    )

    dist_announced_ids = fields.Many2many(
        "dist.supplier.shipment",
        "dist_supplier_shipment_announced_rel",
        "picking_id",
        "shipment_id",
        string="Announced to the warehouse",
        readonly=True,
        copy=False,
        help="What the supplier says is on its way, as whoever runs the warehouse was told.",
    )

    dist_customer_receipt = fields.Char(
        string="Received by the customer as",
        readonly=True,
        copy=False,
        help="The customer's number of its receipt.",
    )
    dist_customer_received_at = fields.Datetime(string="Received by the customer", readonly=True, copy=False)
    dist_customer_receipt_digest = fields.Char(readonly=True, copy=False)

    def _dist_get_edi_contacts(self):
        order = self.sale_id or self.purchase_id
        return order._dist_get_edi_contacts() | self.partner_id

    def _dist_get_edi_orderer(self):
        return self.sudo().sale_id._dist_get_edi_orderer()

    def _dist_get_announced(self):
        """:return: dist.supplier.shipment that this receipt expects"""
        return self.dist_supplier_shipment_id | self.dist_announced_ids

    def _dist_get_edi_receiver(self, code, system=None):
        # what a warehouse is asked to do goes to whoever runs it, not to the customer
        if code not in WAREHOUSE_TYPES:
            return super()._dist_get_edi_receiver(code, system)
        return self.env["dist.edi.partner"]._find_warehouse(code, system or self.dist_system_id)

    def _dist_after_done(self):
        result = super()._dist_after_done()
        self.filtered(lambda picking: picking.picking_type_code == "outgoing" and picking.sale_id)._dist_emit(
            "ship.notice"
        )
        # which of them are of a purchase is asked where somebody wants to know
        self._dist_emit("receiving.advice")
        return result

    def _dist_expect(self, shipment, parts, packages):
        """Prepare a receipt for a shipment; what is not in the shipment goes to a receipt of its own.

        :param shipment: dist.supplier.shipment
        :param parts: dict, stock.move to list of (dist.supplier.shipment.line, quantity in the product's unit)
        :param packages: dict, SSCC to its package
        """
        self.ensure_one()
        self._dist_split_off(parts)
        for move, portions in parts.items():
            move._dist_expect(portions, packages)
        vals = {"dist_supplier_shipment_id": shipment.id, "carrier_tracking_ref": shipment.tracking}
        if shipment.expected_at:
            vals["scheduled_date"] = shipment.expected_at
        self.write(vals)

    def _dist_split_off(self, parts):
        """Leave only what is in a shipment."""
        rest = self.env["stock.move"]
        for move in self.move_ids.filtered(lambda move: move.state not in ("done", "cancel")):
            left = move.product_qty - sum(quantity for _line, quantity in parts.get(move, []))
            if move not in parts:
                rest |= move
            elif left > 0 and not move._dist_is_zero(left):
                move.move_line_ids.unlink()
                rest |= rest.create(move._split(left))
        if not rest:
            return
        other = self.copy({"name": "/", "move_ids": [], "move_line_ids": [], "backorder_id": self.id})
        rest.write({"picking_id": other.id})
        rest.move_line_ids.write({"picking_id": other.id})
        rest.filtered(lambda move: move.state == "draft")._action_confirm(merge=False)
        other.action_assign()

    def _dist_get_receipt_on(self, day, moves):
        """:param moves: stock.move of this receipt that come on another day
        :return: stock.picking of the same order on that day; this one where nothing else is in it
        """
        self.ensure_one()
        others = self.purchase_id.picking_ids.filtered(
            lambda picking: (
                picking != self
                and picking.state not in ("done", "cancel")
                and picking.picking_type_id == self.picking_type_id
                and not picking._dist_get_announced()
                and picking.dist_release_state not in RELEASED
                and picking.scheduled_date.date() == day
            )
        )
        if others:
            return others[0]
        if not self.move_ids - moves:
            return self
        return self.copy({"name": "/", "move_ids": [], "move_line_ids": [], "scheduled_date": day})

    def _dist_announce(self, shipment):
        """Tell whoever runs the warehouse what is on its way of receipts it was asked for; they stay whole."""
        vals = {"dist_announced_ids": [fields.Command.link(shipment.id)]}
        if shipment.expected_at:
            vals["scheduled_date"] = shipment.expected_at
        self.write(vals)
        self._dist_emit_by_kind("requested")

    def _dist_announce_no_more(self, shipment):
        """The supplier takes back what was announced of these receipts."""
        self.write({"dist_announced_ids": [fields.Command.unlink(shipment.id)]})
        self._dist_emit_by_kind("requested")

    def _dist_expect_no_more(self):
        """The shipment these receipts expect was taken back."""
        for picking in self.filtered(lambda picking: picking.state != "cancel"):
            picking.move_line_ids.unlink()
            picking.action_assign()
        self.write({"dist_supplier_shipment_id": False, "carrier_tracking_ref": False})
