from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import OUTBOUND, WmsCase


@tagged("post_install", "-at_install")
class TestSerializers(WmsCase):
    """What the warehouse is told."""

    def _check(self, picking, code):
        """:return: payload of the only event of a type, which must fit its schema"""
        data = self._get_data(picking, code)
        version = self.env["dist.message.type"]._get_by_code(code)._get_default_version()
        self.assertEqual(version._get_validator().errors(data), [], code)
        return data

    def test_schemas(self):
        """G3: every type has a schema with an example that fits it."""
        for code in [*OUTBOUND, "shipment.acknowledged", "shipment.confirmed", "receipt.confirmed"]:
            version = self.env["dist.message.type"]._get_by_code(code)._get_default_version()
            examples = version._get_schema()["examples"]
            self.assertTrue(examples)
            for example in examples:
                self.assertEqual(version._get_validator().errors(example), [], code)

    def test_shipment_requested(self):
        """W1: everything a warehouse needs to pick, pack and ship."""
        self._put(self.tape, 100)
        lot = self._make_lot(self.seal, "L-1", expiration_date="2027-01-31 12:00:00")
        self._put(self.seal, 100, lot=lot)
        freight = self.env["product.product"].create({"name": "Freight", "type": "service"})
        carrier = self.env["delivery.carrier"].create({"name": "UPS Standard", "product_id": freight.id})
        for domain, code, record in (
            ("unit", "EA", self.tape.uom_id),
            ("carrier", "UPS", carrier),
            ("warehouse", "WH-7", self.warehouse),
            ("company", "C-1", self.env.company),
            ("product", "100-1", self.tape),
        ):
            self._map_code(domain, code, record)
        picking = self._sell(
            (self.tape, 4),
            (self.seal, 2),
            client_order_ref="PO-7781",
            carrier_id=carrier.id,
            picking_policy="one",
            note="<p>Ring twice</p>",
        )
        data = self._check(picking, "shipment.requested")
        self.assertEqual(data["shipment"], picking.name)
        self.assertEqual(data["company"], {"code": "C-1", "name": self.env.company.name})
        self.assertEqual(data["warehouse"], {"code": "WH-7", "name": "Northside"})
        self.assertEqual(data["order"], {"number": picking.sale_id.name, "reference": "PO-7781"})
        self.assertEqual(
            (data["shipping_policy"], data["priority"], data["backorder_of"]), ("complete", "normal", None)
        )
        self.assertEqual(data["carrier"], {"code": "UPS", "name": "UPS Standard"})
        address = {name: data["ship_to"][name] for name in ("name", "street", "zip", "city", "country")}
        self.assertEqual(
            address,
            {
                "name": "Fieldmart Berlin",
                "street": "Lindenstr. 5",
                "zip": "10969",
                "city": "Berlin",
                "country": "DE",
            },
        )
        first, second = data["lines"]
        self.assertEqual(first["line"], str(picking.move_ids[0].id))
        self.assertEqual(
            first["item"], {"sku": "TAPE", "code": "100-1", "gtin": "7612345000015", "name": "Item TAPE"}
        )
        self.assertEqual(
            (first["quantity"], first["reserved"], first["unit"], first["lots"]), ("4", "4", "EA", [])
        )
        self.assertEqual(second["lots"], [{"lot": "L-1", "quantity": "2", "expiry": "2027-01-31"}])

    def test_names_without_codes(self):
        """M8: without a code map Odoo's own codes and names are told."""
        self._put(self.tape, 100)
        data = self._check(self._sell((self.tape, 4)), "shipment.requested")
        self.assertEqual((data["warehouse"]["code"], data["company"]["code"]), ("NSIDE", None))
        self.assertEqual((data["lines"][0]["unit"], data["carrier"]), (self.tape.uom_id.name, None))

    def test_partly_reserved(self):
        """W1: a delivery that is ready in part says what is there."""
        self._put(self.tape, 3)
        picking = self._sell((self.tape, 4))
        data = self._check(picking, "shipment.requested")
        self.assertEqual((data["lines"][0]["quantity"], data["lines"][0]["reserved"]), ("4", "3"))

    def test_shipment_completed(self):
        """W2: what was shipped, of what was asked."""
        lot = self._make_lot(self.seal, "L-1")
        self._put(self.seal, 100, lot=lot)
        picking = self._sell((self.seal, 4))
        picking.move_ids.write({"quantity": 3, "picked": True})
        picking.carrier_tracking_ref = "1Z1, 1Z2"
        picking._action_done()
        self._commit_events()
        data = self._check(picking, "shipment.completed")
        line = data["lines"][0]
        self.assertEqual((line["shipped"], [lot["quantity"] for lot in line["lots"]]), ("3", ["3"]))
        self.assertEqual(
            (data["tracking_numbers"], data["backorder"]), (["1Z1", "1Z2"], picking.backorder_ids.name)
        )

    def test_cancelled(self):
        """W1: a cancellation names what is cancelled."""
        self._put(self.tape, 3)
        picking = self._sell((self.tape, 3))
        picking.action_cancel()
        receipt = self._buy((self.tape, 3))
        receipt.action_cancel()
        self._commit_events()
        self.assertEqual(self._check(picking, "shipment.cancelled")["shipment"], picking.name)
        self.assertEqual(self._check(receipt, "receipt.cancelled")["receipt"], receipt.name)

    def test_receipt(self):
        """W3: what is on its way, from whom, and what must be noted; then what came."""
        picking = self._buy((self.seal, 12), (self.tape, 5), partner_ref="AB-5512")
        data = self._check(picking, "receipt.requested")
        self.assertEqual(data["order"], {"number": picking.purchase_id.name, "reference": "AB-5512"})
        self.assertEqual(data["supplier"]["name"], "Harbour Chemicals")
        wanted = [
            (line["item"]["sku"], line["quantity"], line["tracking"], line["expiry_required"])
            for line in data["lines"]
        ]
        self.assertEqual(wanted, [("SEAL", "12", "lot", True), ("TAPE", "5", "none", False)])
        lot = self._make_lot(self.seal, "L-1")
        picking.move_ids[0].move_line_ids.lot_id = lot
        picking.move_ids.picked = True
        picking._action_done()
        self._commit_events()
        data = self._check(picking, "receipt.completed")
        self.assertEqual([line["received"] for line in data["lines"]], ["12", "5"])
        self.assertEqual(data["lines"][0]["lots"][0]["lot"], "L-1")

    def test_item_without_number(self):
        """X1: an item without a number cannot be told; the order stands, a person is asked, the rebuild delivers."""
        nameless = self._make_product(False)
        self._put(nameless, 3)
        with mute_logger("odoo.addons.dist_integration_base.models.dist_event"):
            picking = self._sell((nameless, 3))
        event = self._get_events(picking)
        self.assertEqual((picking.state, event.state), ("assigned", "error"))
        self.assertEqual(event.error, f"Product {nameless.display_name} has no internal reference.")
        nameless.default_code = "NAMED"
        event.action_rebuild()
        self.assertEqual((event.state, event.message_ids.state), ("recorded", "pending"))

    @mute_logger("odoo.addons.dist_integration_base.models.dist_event")
    def test_who_is_told(self):
        """X1: what cannot be told to a warehouse lies before the owner of its flow, by the number of the delivery."""
        owner = new_test_user(self.env, "keeper", groups="dist_integration_base.group_dist_operator")
        self._make_wms("Elsewhere")
        flow = self.system.flow_ids.filtered(lambda flow: flow.message_type_id.code == "shipment.requested")
        flow.technical_owner_id = owner
        nameless = self._make_product(False)
        self._put(nameless, 3)
        picking = self._sell((nameless, 3))
        self.env["dist.event"]._open_missing_exceptions()
        exception = self.env["dist.exception"].with_user(owner).search([("assignee_id", "=", owner.id)])
        self.assertEqual(exception.name, f"No message could be made of {picking.name}")
        self.assertEqual(exception.detail, f"Product {nameless.display_name} has no internal reference.")
        self.assertEqual(exception.document_name, picking.name)
        self.assertEqual((exception.flow_id, exception.system_id), (flow, self.system))
        self.assertEqual(exception.activity_ids.user_id, owner)
