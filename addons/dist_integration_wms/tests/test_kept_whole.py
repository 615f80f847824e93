from odoo import Command
from odoo.tests import tagged

from .common import WmsHttpCase


@tagged("post_install", "-at_install")
class TestKeptWhole(WmsHttpCase):
    """W9: what Odoo does around a warehouse that is run outside goes on working."""

    def _make_inside(self):
        """:return: a warehouse that Odoo runs itself"""
        return self.env["stock.warehouse"].create({"name": "Inside", "code": "INSD"})

    def _resupply(self, warehouse, supplier, quantity):
        """Let one warehouse be supplied by another.

        :return: (shipment of the supplying one, receipt of the other)
        """
        warehouse.resupply_wh_ids = supplier
        route = warehouse.resupply_route_ids.filtered(lambda found: found.supplier_wh_id == supplier)
        self.tape.route_ids = [Command.link(route.id)]
        orderpoint = self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.tape.id,
                "warehouse_id": warehouse.id,
                "location_id": warehouse.lot_stock_id.id,
                "product_min_qty": quantity,
                "product_max_qty": quantity,
                "route_id": route.id,
            }
        )
        orderpoint.action_replenish()
        moves = self.env["stock.move"].search(
            [("product_id", "=", self.tape.id), ("picking_id", "!=", False)]
        )
        moves.picking_id.action_assign()
        self._commit_events()
        shipment = moves.filtered(lambda move: move.location_dest_id.usage == "transit").picking_id
        return shipment, moves.filtered(lambda move: move.location_id.usage == "transit").picking_id

    def _validate(self, picking):
        """Do what a person does with a transfer that is done in Odoo."""
        picking.action_assign()
        for move in picking.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        picking._action_done()
        self._commit_events()

    # between warehouses

    def test_transfer_to_outside(self):
        """W9: what an inside warehouse sends is a receipt of the outside one, as soon as it has left."""
        inside = self._make_inside()
        self._put(self.tape, 20, location=inside.lot_stock_id)
        shipment, receipt = self._resupply(self.warehouse, inside, 6)
        self.assertEqual((shipment.dist_release_state, receipt.dist_release_state), ("not_released",) * 2)
        self._validate(shipment)
        self.assertEqual(receipt.dist_release_state, "requested")
        data = self._get_data(receipt, "receipt.requested")
        self.assertEqual([line["quantity"] for line in data["lines"]], ["6"])
        version = self.env["dist.message.type"]._get_by_code("receipt.requested")._get_default_version()
        self.assertEqual(version._get_validator().errors(data), [])
        self._assert_ok(self._receive(receipt, (self.tape, 4), complete=False)[0])
        self._assert_ok(self._receive(receipt, (self.tape, 2))[0])
        self._commit_events()
        self.assertEqual(self._on_hand(self.tape), 6)
        self.assertEqual(self._on_hand(self.tape, inside.lot_stock_id), 14)
        self.assertFalse(self._on_hand(self.tape, receipt.location_id))

    def test_transfer_lost_on_the_way(self):
        """W9: what did not arrive stays in transit, and a person is told."""
        inside = self._make_inside()
        self._put(self.tape, 20, location=inside.lot_stock_id)
        shipment, receipt = self._resupply(self.warehouse, inside, 6)
        self._validate(shipment)
        _response, message = self._receive(receipt, (self.tape, 5))
        self.assertEqual((message.state, message.exception_id.code), ("done", "short_receipt"))
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.tape, receipt.location_id)), (5, 1))

    def test_transfer_from_outside(self):
        """W9: the outside warehouse ships to an inside one: it is asked, confirms less, the rest of the way is
        Odoo's.
        """
        inside = self._make_inside()
        self._put(self.tape, 20)
        shipment, receipt = self._resupply(inside, self.warehouse, 6)
        self.assertEqual(
            (shipment.dist_release_state, receipt.dist_release_state), ("requested", "not_released")
        )
        data = self._get_data(shipment, "shipment.requested")
        version = self.env["dist.message.type"]._get_by_code("shipment.requested")._get_default_version()
        self.assertEqual(version._get_validator().errors(data), [])
        self._assert_ok(self._ship(shipment, (self.tape, 4))[0])
        self.assertEqual(self._on_hand(self.tape), 16)
        self.assertEqual(self._on_hand(self.tape, shipment.location_dest_id), 4)
        receipt.action_assign()
        self.assertEqual(sum(receipt.move_ids.mapped("quantity")), 4)
        for move in receipt.move_ids:
            move.picked = True
        receipt._action_done()
        self._commit_events()
        self.assertEqual(self._on_hand(self.tape, inside.lot_stock_id), 4)
        self.assertNotIn("receipt.requested", self._get_codes(receipt))

    # several steps

    def test_receipt_in_two_steps(self):
        """W9: the outside warehouse confirms what came in; putting it away goes on in Odoo."""
        self.warehouse.reception_steps = "two_steps"
        receipt = self._buy((self.tape, 8)).filtered(
            lambda picking: picking.picking_type_id == self.warehouse.in_type_id
        )
        self.assertEqual(receipt.dist_release_state, "requested")
        self._assert_ok(self._receive(receipt, (self.tape, 8))[0])
        self._commit_events()
        self.assertEqual(self._on_hand(self.tape, self.warehouse.wh_input_stock_loc_id), 8)
        inner = receipt.move_ids.move_dest_ids.picking_id
        self.assertEqual((inner.state, inner.dist_release_state), ("assigned", "not_released"))
        self._validate(inner)
        self.assertEqual(self._on_hand(self.tape), 8)

    def test_delivery_in_two_steps(self):
        """W9: picking goes on in Odoo; shipping is released once it is done, and confirmed with a rest."""
        self.warehouse.delivery_steps = "pick_ship"
        self._put(self.tape, 20)
        pickings = self._sell((self.tape, 5))
        order = pickings.sale_id
        pick = pickings.filtered(lambda picking: picking.picking_type_id == self.warehouse.pick_type_id)
        self.assertEqual(set(pickings.mapped("dist_release_state")), {"not_released"})
        self._validate(pick)
        ship = order.picking_ids.filtered(
            lambda picking: picking.picking_type_id == self.warehouse.out_type_id
        )
        self.assertEqual((ship.state, ship.dist_release_state), ("assigned", "requested"))
        self._assert_ok(self._ship(ship, (self.tape, 3))[0])
        self._commit_events()
        self.assertEqual(order.order_line.qty_delivered, 3)
        output = self.warehouse.wh_output_stock_loc_id
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.tape, output)), (15, 2))
        self.assertEqual(ship.backorder_ids.dist_release_state, "requested")

    def test_cross_dock(self):
        """W9: goods that only pass through are received and shipped outside, and never lie in the stock."""
        self.warehouse.write({"reception_steps": "two_steps", "delivery_steps": "pick_ship"})
        entry, output = self.warehouse.wh_input_stock_loc_id, self.warehouse.wh_output_stock_loc_id
        receipt = self._buy((self.tape, 8)).filtered(
            lambda picking: picking.picking_type_id == self.warehouse.in_type_id
        )
        # what a cross-dock route makes of it: through the dock instead of into the stock
        receipt.move_ids.move_dest_ids._action_cancel()
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "warehouse_id": self.warehouse.id,
                "order_line": [Command.create({"product_id": self.tape.id, "product_uom_qty": 8})],
            }
        )
        ship = self._make_step(output, self._get_customers(), self.warehouse.out_type_id, order.order_line)
        dock = self._make_step(entry, output, self.warehouse.int_type_id)
        dock.move_ids.write(
            {
                "move_orig_ids": [Command.set(receipt.move_ids.ids)],
                "move_dest_ids": [Command.set(ship.move_ids.ids)],
                "procure_method": "make_to_order",
            }
        )
        ship.move_ids.procure_method = "make_to_order"
        (dock | ship).action_confirm()
        self._commit_events()
        self.assertEqual((dock.state, ship.state), ("waiting", "waiting"))
        self._assert_ok(self._receive(receipt, (self.tape, 8))[0])
        self._commit_events()
        self.assertEqual((dock.state, dock.dist_release_state), ("assigned", "not_released"))
        self._validate(dock)
        self.assertEqual(ship.dist_release_state, "requested")
        self._assert_ok(self._ship(ship, (self.tape, 8))[0])
        self.assertEqual(ship.state, "done")
        for location in (self.stock, entry, output):
            self.assertFalse(self._on_hand(self.tape, location))

    def _get_customers(self):
        return self.env.ref("stock.stock_location_customers")

    def _make_step(self, source, target, picking_type, line=None):
        return self.env["stock.picking"].create(
            {
                "picking_type_id": picking_type.id,
                "location_id": source.id,
                "location_dest_id": target.id,
                "partner_id": self.customer.id,
                "move_ids": [
                    Command.create(
                        {
                            "name": self.tape.name,
                            "product_id": self.tape.id,
                            "product_uom_qty": 8,
                            "product_uom": self.tape.uom_id.id,
                            "location_id": source.id,
                            "location_dest_id": target.id,
                            "sale_line_id": line.id if line else False,
                        }
                    )
                ],
            }
        )

    # owners

    def _owned(self, owner, location=None):
        quants = self.env["stock.quant"].search(
            [
                ("product_id", "=", self.tape.id),
                ("owner_id", "=", owner.id),
                ("location_id", "=", (location or self.stock).id),
            ]
        )
        return sum(quants.mapped("quantity"))

    def test_consigned_receipt(self):
        """W9: goods of a consignor stay the consignor's, those of a second part and of more than asked too."""
        self.warehouse.dist_over_receipt_percent = 50
        receipt = self._buy((self.tape, 8))
        receipt.owner_id = self.supplier
        self._assert_ok(self._receive(receipt, (self.tape, 5), complete=False)[0])
        self._commit_events()
        self.assertEqual(self._owned(self.supplier), 5)
        self._assert_ok(self._receive(receipt, (self.tape, 4))[0])
        self.assertEqual((self._owned(self.supplier), self._on_hand(self.tape)), (9, 9))

    def test_consigned_shipment(self):
        """W9: shipped out of consigned goods, it is the consignor's stock that goes down."""
        quants = self.env["stock.quant"]
        quants._update_available_quantity(self.tape, self.stock, 10, owner_id=self.supplier)
        picking = self._sell((self.tape, 6))
        self.assertEqual(picking.move_line_ids.owner_id, self.supplier)
        self._assert_ok(self._ship(picking, (self.tape, 4), complete=False)[0])
        self._assert_ok(self._ship(picking, (self.tape, 2))[0])
        self.assertEqual((self._owned(self.supplier), self._owned(quants.owner_id)), (4, 0))
        self.assertEqual(self._owned(self.supplier, self._get_customers()), 6)

    def test_consigned_serials(self):
        """W9: serial numbers of a consignor that were not the reserved ones are the consignor's too."""
        quants = self.env["stock.quant"]
        lots = [self._make_lot(self.meter, f"SN-{number}") for number in range(3)]
        for lot in lots:
            quants._update_available_quantity(self.meter, self.stock, 1, lot_id=lot, owner_id=self.supplier)
        picking = self._sell((self.meter, 1))
        other = next(lot for lot in lots if lot != picking.move_line_ids.lot_id)
        line = {"sku": "METER", "quantity": "1", "serials": [other.name]}
        self._assert_ok(self._ship(picking, line)[0])
        left = quants.search([("product_id", "=", self.meter.id), ("location_id", "=", self.stock.id)])
        left = left.filtered("quantity")
        self.assertEqual((set(left.mapped("quantity")), left.owner_id), ({1.0}, self.supplier))
        self.assertNotIn(other, left.lot_id)

    # past the warehouse

    def test_drop_ship(self):
        """W9: what the supplier ships to the customer is nobody's business in the warehouse."""
        drop = self.env["stock.picking.type"].create(
            {
                "name": "Drop-ship",
                "code": "incoming",
                "sequence_code": "DS",
                "default_location_src_id": self.env.ref("stock.stock_location_suppliers").id,
                "default_location_dest_id": self._get_customers().id,
                "warehouse_id": False,
            }
        )
        drop.dist_system_id = self.system
        picking = self._buy((self.tape, 5), picking_type_id=drop.id, dest_address_id=self.customer.id)
        self.assertEqual(picking.location_dest_id.usage, "customer")
        self.assertEqual((picking.dist_release_state, self._get_codes(picking)), ("not_released", []))
        table = self.env["dist.availability"]._get_availability(self.tape.ids, self.warehouse.ids)
        self.assertEqual(tuple(table[self.tape.id, self.warehouse.id]), (0, 0, 0, 0))
        self.assertFalse(picking.dist_is_locked)
        self._validate(picking)
        self.assertEqual((picking.state, self._on_hand(self.tape)), ("done", 0))
        self.assertEqual(self._on_hand(self.tape, self._get_customers()), 5)

    # kits

    def test_kit(self):
        """W9: a kit is sold as one line and shipped as its components, in parts; it is worth its price, once."""
        kit = self._make_product("KIT", list_price=100.0)
        self.glove.standard_price = 12.0
        self._put(self.tape, 50)
        self._put(self.glove, 50)
        self.warehouse.dist_release_mode = "manual"
        picking = self._sell((kit, 2))
        self._explode(picking, {self.tape: 6, self.glove: 2})
        picking.action_dist_release()
        self._commit_events()
        data = self._get_data(picking, "shipment.requested")
        self.assertEqual(
            {line["item"]["sku"]: line["quantity"] for line in data["lines"]}, {"TAPE": "6", "GLOVE": "2"}
        )
        impact = picking._dist_get_impact()
        self.assertEqual((impact["orders"], impact["lines"]), (1, 2))
        self.assertAlmostEqual(impact["value"], 200.0)
        self._assert_ok(self._ship(picking, (self.tape, 3), (self.glove, 2), complete=False)[0])
        rest = picking.backorder_ids
        self.assertEqual((rest.move_ids.product_id, rest.move_ids.product_uom_qty), (self.tape, 3))
        self.assertEqual(rest.move_ids.sale_line_id, picking.sale_id.order_line)
        # six tapes of 4.0 and two gloves of 12.0: half of what is worth 200.0 are tapes, half of them are left
        self.assertAlmostEqual(rest._dist_get_impact()["value"], 50.0)
        self._assert_ok(self._ship(picking, (self.tape, 3))[0])
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.glove)), (44, 48))
        self.assertEqual(rest.state, "done")

    def _explode(self, picking, components):
        """Put components in the place of a kit, as a bill of materials of the type kit does."""
        move = picking.move_ids
        parts = self.env["stock.move"]
        for product, quantity in components.items():
            parts |= move.copy(
                {
                    "product_id": product.id,
                    "product_uom_qty": quantity,
                    "product_uom": product.uom_id.id,
                    "sale_line_id": move.sale_line_id.id,
                    "picking_id": picking.id,
                }
            )
        move._action_cancel()
        move.unlink()
        parts._action_confirm(merge=False)
        picking.action_assign()
        self._commit_events()
