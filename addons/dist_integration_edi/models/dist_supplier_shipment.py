from odoo import _, api, fields, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, ExceptionSpec

DIFFERS = "ship_notice_differs"


class DistSupplierShipment(models.Model):
    """What a supplier says is on its way; receipts expect it, with its lots and packages."""

    _name = "dist.supplier.shipment"
    _description = "Supplier's ship notice"
    _inherit = ["dist.supplier.document.mixin"]
    _order = "id desc"
    _rec_name = "external_id"

    shipped_at = fields.Datetime(string="Shipped", readonly=True)
    expected_at = fields.Datetime(string="Expected", readonly=True)
    carrier = fields.Char(readonly=True)
    tracking = fields.Char(string="Tracking number", readonly=True)
    bill_of_lading = fields.Char(readonly=True)
    note = fields.Text(string="Supplier's note", readonly=True)
    state = fields.Selection(
        [("expected", "Expected"), ("cancelled", "Cancelled")],
        required=True,
        readonly=True,
        default="expected",
        index=True,
    )
    line_ids = fields.One2many("dist.supplier.shipment.line", "shipment_id", string="Lines", readonly=True)
    picking_ids = fields.One2many(
        "stock.picking", "dist_supplier_shipment_id", string="Receipts", readonly=True
    )
    announced_picking_ids = fields.Many2many(
        "stock.picking",
        "dist_supplier_shipment_announced_rel",
        "shipment_id",
        "picking_id",
        string="Receipts of warehouses that others run",
        readonly=True,
    )
    receipt_names = fields.Char(
        compute="_compute_receipt_names", compute_sudo=True, string="Expected by receipts"
    )

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS dist_supplier_shipment_number_uniq ON dist_supplier_shipment "
            "(edi_partner_id, external_id) WHERE state != 'cancelled'"
        )

    @api.depends("picking_ids.name", "announced_picking_ids.name")
    def _compute_receipt_names(self):
        for shipment in self:
            shipment.receipt_names = ", ".join(shipment._get_receipts().mapped("name"))

    def _get_receipts(self):
        """:return: stock.picking that expect these shipments, here and in warehouses that others run"""
        return (self.picking_ids | self.announced_picking_ids).sorted("id")

    @api.model
    def _find_known(self, partner, number):
        """:return: what is announced under a number of the supplier"""
        return self.search(
            [("edi_partner_id", "=", partner.id), ("external_id", "=", number), ("state", "!=", "cancelled")],
            limit=1,
        )

    @api.model
    def _find_cancelled(self, partner, number):
        """:return: what was announced under a number of the supplier and taken back last"""
        domain = [("edi_partner_id", "=", partner.id), ("external_id", "=", number)]
        return self.search([*domain, ("state", "=", "cancelled")], order="id desc", limit=1)

    # announcing

    def _announce(self):
        """Have receipts expect this shipment."""
        self.ensure_one()
        announced = {}
        for line in self.line_ids.filtered("order_line_id"):
            announced.setdefault(line.order_line_id, self.line_ids.browse())
            announced[line.order_line_id] |= line
        taken = {}
        for order_line, lines in announced.items():
            self._allocate(order_line, lines, taken)
        self.env["stock.picking"].union(
            *(order_line._dist_get_receipts_elsewhere() for order_line in announced)
        )._dist_announce(self)
        packages = self._make_packages()
        for picking in self.env["stock.move"].union(*taken).picking_id:
            parts = {move: parts for move, parts in taken.items() if move.picking_id == picking}
            picking._dist_expect(self, parts, packages)
        self._note_differences()

    def _allocate(self, order_line, lines, taken):
        """Share shipped lines out over the open moves of an order line; what is too much goes to the last one.

        :param taken: dict, stock.move to list of (line, quantity in the product's unit), is added to
        """
        moves = order_line._dist_get_expectable_moves()
        parts = [[line, line.product_quantity] for line in lines]
        for move in moves:
            free = move.product_qty
            while parts and not move._dist_is_zero(free):
                line, quantity = parts[0]
                part = min(quantity, free)
                taken.setdefault(move, []).append((line, part))
                free -= part
                parts[0][1] -= part
                if move._dist_is_zero(parts[0][1]):
                    parts.pop(0)
        elsewhere = order_line._dist_get_elsewhere()
        for line, quantity in parts if moves or not elsewhere else self._get_too_much(parts, elsewhere):
            if moves:
                taken.setdefault(moves[-1], []).append((line, quantity))
            line._note(_("%s more than is still to come", line._tell(quantity)))

    def _get_too_much(self, parts, moves):
        """:param moves: stock.move of warehouses that others run, with all that was announced of them
        :return: list of (line, quantity in the product's unit) that is more than these expect
        """
        others = moves.picking_id.dist_announced_ids.line_ids - self.line_ids
        announced = others.filtered(lambda line: line.order_line_id == moves.purchase_line_id)
        free = sum(moves.mapped("product_qty")) - sum(announced.mapped("product_quantity"))
        found = []
        for line, quantity in parts:
            over = quantity - max(free, 0.0)
            free -= quantity
            if over > 0 and not moves[0]._dist_is_zero(over):
                found.append((line, over))
        return found

    def _get_codes(self):
        """:return: list of SSCC"""
        return sorted(set(self.line_ids.filtered("sscc").mapped("sscc")))

    def _make_packages(self):
        """:return: dict, SSCC to its package"""
        codes = self._get_codes()
        made = self.env["stock.quant.package"].create([{"name": code} for code in codes])
        return dict(zip(codes, made, strict=True))

    def _find_packages(self):
        return self.env["stock.quant.package"].search([("name", "in", self._get_codes())])

    def _note_differences(self):
        for line in self.line_ids.filtered(lambda line: not line.order_line_id):
            line._note(_("was not ordered"))
        for line in self.line_ids.filtered(lambda line: line._has_too_few_serials()):
            line._note(
                _(
                    "%(quantity)s have the one serial number %(serial)s: enter that of each piece",
                    quantity=line._tell(line.product_quantity),
                    serial=line.lot_name,
                )
            )
        if any(self.line_ids.mapped("differences")):
            self.env["dist.exception"]._open_without_message(
                self._prepare_exception(), self.company_id, self.edi_partner_id.system_id
            )

    def _prepare_exception(self):
        """:return: ExceptionSpec"""
        return ExceptionSpec(
            category="business",
            code=DIFFERS,
            summary=_(
                "%(supplier)s ships otherwise than ordered: %(number)s",
                supplier=self.partner_id.name,
                number=self.external_id,
            ),
            detail="\n".join(self._get_differences()),
            record=self,
            suggestion=_("Agree with the supplier, or correct the receipt; then settle this by hand."),
            fingerprint=str(self.id),
        )

    def _get_differences(self):
        """:return: list of sentences"""
        return [f"{line.display_name}: {line.differences}" for line in self.line_ids if line.differences]

    # taking back

    def _withdraw(self):
        """The supplier takes back what it announced.

        :raises BusinessError: some of it has come
        """
        self.ensure_one()
        if "done" in self._get_receipts().mapped("state"):
            raise BusinessError(
                "shipment_received",
                _(
                    "Shipment %(number)s has come already: %(receipts)s.",
                    number=self.external_id,
                    receipts=self.receipt_names,
                ),
                "/number",
                record=self,
                severity="high",
                suggestion=_("Ask the supplier what it means, then ignore this or correct the receipt."),
            )
        self.picking_ids._dist_expect_no_more()
        self.announced_picking_ids._dist_announce_no_more(self)
        self._find_packages().filtered(lambda package: not package.quant_ids).unlink()
        self.state = "cancelled"
        # another one may come under the number at once
        self.flush_recordset(["state"])
        self.env["dist.exception"]._close_for_record(self, [DIFFERS])

    def _get_answer(self):
        """:return: dict for the sender"""
        differences = self._get_differences()
        return {
            "status": self.state,
            "number": self.external_id,
            "receipts": self._get_receipts().mapped("name"),
            **({"differences": differences} if differences else {}),
        }

    def _dist_get_impact(self):
        lines = self.line_ids.filtered("differences")
        orders = lines.order_id
        return {
            "orders": len(orders),
            "lines": len(lines),
            "skus": sorted({product.default_code or product.name for product in lines.product_id}),
            "warehouses": sorted(set(orders.picking_type_id.warehouse_id.mapped("name"))),
            "value": sum(line._get_value() for line in lines),
            "currency": self.company_id[:1].currency_id,
        }

    def _dist_get_orders(self):
        return {
            shipment.id: {("purchase.order", order.id) for order in shipment.line_ids.order_id}
            for shipment in self
            if shipment.line_ids.order_id
        }

    def action_view_receipts(self):
        """Open the receipts that expect this shipment."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("stock.action_picking_tree_all")
        return {**action, "domain": [("id", "in", self._get_receipts().ids)], "context": {}}
