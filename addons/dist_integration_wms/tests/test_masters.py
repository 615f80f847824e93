import json

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.dist_integration_base.models import dist_flow_full
from odoo.addons.dist_integration_base.tests.common import Receiver

from ..models.series import PACKAGING_MODEL
from .common import WmsCase

MASTERS = ("item.changed", "lot.changed", "location.changed")


@tagged("post_install", "-at_install")
class TestMasters(WmsCase):
    """What a warehouse is told of items, lots and locations."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = cls.system.flow_ids.endpoint_id

    def setUp(self):
        super().setUp()
        self._commit_events()
        self.start = self._find_messages()

    def _find_messages(self, code=None, system=None):
        domain = [("direction", "=", "out"), ("system_id", "=", (system or self.system).id)]
        return self.env["dist.message"].search(
            [*domain, ("message_type_id.code", "in", [code] if code else MASTERS)], order="id"
        )

    def _get_new(self, code=None, system=None):
        """:return: list of payloads of the messages since the start of the test"""
        self._commit_events()
        messages = self._find_messages(code, system) - self.start
        for message in messages:
            version = message.version_id or message.message_type_id._get_default_version()
            data = json.loads(message.event_id.payload)
            self.assertEqual(version._get_validator().errors(data), [], message.message_type_id.code)
        return [json.loads(message.event_id.payload) for message in messages]

    def _pack(self, product, name, quantity, barcode):
        if PACKAGING_MODEL == "product.packaging":
            values = {"name": name, "product_id": product.id, "qty": quantity, "barcode": barcode}
            return self.env[PACKAGING_MODEL].create(values)
        unit = self.env["uom.uom"].create(
            {"name": name, "relative_factor": quantity, "relative_uom_id": product.uom_id.id}
        )
        return self.env[PACKAGING_MODEL].create(
            {"product_id": product.id, "uom_id": unit.id, "barcode": barcode}
        )

    def test_item(self):
        """W6: an item with number, barcodes, packagings, unit, weight and tracking; changes make one message."""
        self.seal.write({"weight": 1.25, "barcode": "7612345000022"})
        self.seal.product_tmpl_id.write({"expiration_time": 90, "dist_count_class": "B"})
        self._pack(self.seal, "Case of 12", 12, "17612345000012")
        (data,) = self._get_new()
        self.assertEqual((data["sku"], data["name"], data["active"]), ("SEAL", "Item SEAL", True))
        self.assertEqual((data["barcode"], data["gtin"]), ("7612345000022", "7612345000022"))
        self.assertEqual(
            data["packagings"], [{"name": "Case of 12", "quantity": "12", "barcode": "17612345000012"}]
        )
        self.assertEqual((data["unit"], data["weight"]), (self.seal.uom_id.name, "1.25"))
        self.assertEqual((data["tracking"], data["expires"], data["shelf_life_days"]), ("lot", True, 90))
        self.assertEqual(data["count_class"], "B")

    def test_item_changes(self):
        """W6: what a warehouse need not know sends nothing; archiving, renaming and packing do."""
        self.tape.write({"list_price": 12.0, "description_sale": "Sticky"})
        self.assertEqual(self._get_new(), [])
        packaging = self._pack(self.tape, "Box", 6, "7612345000039")
        self.assertEqual(len(self._get_new()), 1)
        packaging.unlink()
        self.assertEqual(self._get_new()[-1]["packagings"], [])
        self.tape.product_tmpl_id.name = "Tape, clear"
        self.assertEqual(self._get_new()[-1]["name"], "Tape, clear")
        self.tape.action_archive()
        self.assertIs(self._get_new()[-1]["active"], False)
        sequences = (self._find_messages("item.changed") - self.start).event_id.mapped("sequence")
        self.assertEqual(sequences, sorted(set(sequences)))

    def test_items_without_number(self):
        """W6: what has no number yet, or is no goods, cannot be spoken of."""
        product = self._make_product(False)
        self.env["product.product"].create({"name": "Fee", "default_code": "FEE", "type": "service"})
        self.assertEqual(self._get_new(), [])
        product.default_code = "NEW"
        self.assertEqual([data["sku"] for data in self._get_new()], ["NEW"])

    def test_companies(self):
        """W6: an item that companies share goes to the warehouses of each; one of a company to its own alone."""
        other = self.env["res.company"].create({"name": "Other"})
        system, _client, _key = self._make_system("Abroad", kind="warehouse", company_id=other.id)
        endpoint = self._make_endpoint(system, "http://127.0.0.1:9/hook")
        self._make_flow(system, "item.changed", endpoint_id=endpoint.id)
        self.tape.weight = 2.0
        self.assertEqual((len(self._get_new()), len(self._get_new(system=system))), (1, 1))
        ours, theirs = (
            self._find_messages("item.changed", one) - self.start for one in (self.system, system)
        )
        self.assertEqual((ours.company_id, theirs.company_id), (self.env.company, other))
        self.assertEqual(ours.event_id, theirs.event_id)
        self.assertTrue(ours.event_id.is_shared)
        self.glove.product_tmpl_id.company_id = self.env.company
        self.glove.weight = 3.0
        self.assertEqual((len(self._get_new()), len(self._get_new(system=system))), (2, 1))
        user = new_test_user(
            self.env,
            "abroad",
            groups="dist_integration_base.group_dist_user",
            company_id=other.id,
            company_ids=[fields.Command.set(other.ids)],
        )
        self.assertEqual(theirs.with_user(user).event_id.business_key, "TAPE")
        self.assertFalse(self.env["dist.message"].with_user(user).search([("id", "in", ours.ids)]))

    def test_lot(self):
        """W6: a lot with its dates, when it is made and when they change."""
        lot = self._make_lot(self.seal, "L-9", expiration_date="2028-03-01 12:00:00")
        (data,) = self._get_new("lot.changed")
        self.assertEqual((data["lot"], data["sku"], data["expiry"]), ("L-9", "SEAL", "2028-03-01"))
        lot.expiration_date = "2028-04-01 12:00:00"
        self.assertEqual(self._get_new("lot.changed")[-1]["expiry"], "2028-04-01")
        lot.note = "Nothing new"
        self.assertEqual(len(self._get_new("lot.changed")), 2)

    def test_location(self):
        """W6: a warehouse hears of its own locations alone, with those whose path changed."""
        other = self._make_warehouse(self.system, "Own", "OWN", dist_system_id=False)
        self._commit_events()
        self.start = self._find_messages()
        aisle, _foreign = self.env["stock.location"].create(
            [
                {"name": "Aisle", "barcode": "A-01", "location_id": self.stock.id},
                {"name": "Aisle", "location_id": other.lot_stock_id.id},
            ]
        )
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": aisle.id})
        told = {data["location"]: data for data in self._get_new("location.changed")}
        self.assertEqual(set(told), {"A-01", "Shelf"})
        self.assertEqual((told["Shelf"]["parent"], told["Shelf"]["path"]), ("A-01", shelf.complete_name))
        self.assertEqual(told["A-01"]["warehouse"], {"code": "NSIDE", "name": "Northside"})
        aisle.name = "Lane"
        paths = {data["path"] for data in self._get_new("location.changed")[2:]}
        self.assertEqual(paths, {aisle.complete_name, shelf.complete_name})
        shelf.action_archive()
        self.assertIs(self._get_new("location.changed")[-1]["active"], False)

    # everything

    def _send_everything(self, flow):
        """Press the button and do its jobs."""
        flow.action_send_everything()
        done = 0
        while jobs := self._find_jobs(flow):
            self.assertEqual(set(jobs.mapped("channel")), {"root.dist_bulk"})
            for job in jobs:
                job.records._job_send_everything(*job.args)
                done += 1
            jobs.unlink()
            self.env.flush_all()
        return done

    def _find_jobs(self, flow):
        return self.env["queue.job"].search(
            [("identity_key", "like", f"dist-everything:{flow.id}:"), ("state", "=", "pending")]
        )

    def _get_flow(self, code):
        return self.system.flow_ids.filtered(lambda flow: flow.message_type_id.code == code)

    def test_everything(self):
        """W6, M11: every item in batches on the bulk lane of this flow alone, then the flow tells."""
        self.glove.action_archive()
        self._get_new()
        self.start = self._find_messages()
        other, _client, _key = self._make_wms("Second")
        self.patch(dist_flow_full, "FULL_BATCH", 2)
        flow = self._get_flow("item.changed")
        flow.filter_domain = "[('default_code', 'in', ['TAPE', 'GLOVE', 'SEAL', 'METER'])]"
        self.assertTrue(flow.can_send_everything and self.system.can_send_everything)
        self.assertGreater(self._send_everything(flow), 2)
        sent = self._get_new("item.changed")
        self.assertEqual({data["sku"] for data in sent}, {"TAPE", "GLOVE", "SEAL", "METER"})
        self.assertEqual(len(sent), 4)
        messages = self._find_messages("item.changed") - self.start
        self.assertEqual(set(messages.mapped("criticality")), {"bulk"})
        self.assertFalse(self._find_messages("item.changed", other))
        self._assert_told(flow, "Everything was sent: 4 records")

    def _assert_told(self, flow, text):
        self.assertTrue([body for body in flow.message_ids.mapped("body") if text in body])

    def test_everything_of_a_system(self):
        """W6: one button for all master data of a system."""
        self.system.action_send_everything()
        flows = self.system.flow_ids.filtered(lambda flow: flow.message_type_id.code in MASTERS)
        self.assertEqual(len(flows), 3)
        self.assertTrue(all(self._find_jobs(flow) for flow in flows))
        shop, _client, _key = self._make_system("Shop")
        self.assertFalse(shop.can_send_everything)
        with self.assertRaisesRegex(UserError, "No active flow of master data"):
            shop.action_send_everything()

    def test_everything_of_each_kind(self):
        """W6: lots and locations as well."""
        self._make_lot(self.seal, "L-9")
        self._get_new()
        self.start = self._find_messages()
        for code in ("lot.changed", "location.changed"):
            self._send_everything(self._get_flow(code))
            self.assertTrue(self._get_new(code), code)
        self.assertIn("L-9", [data["lot"] for data in self._get_new("lot.changed")])
        warehouses = {data["warehouse"]["code"] for data in self._get_new("location.changed")}
        self.assertEqual(warehouses, {"NSIDE"})

    def test_everything_twice(self):
        """W6: pressed again while it is being sent: told so. A flow that ended stops it."""
        flow = self._get_flow("item.changed")
        flow.action_send_everything()
        with self.assertRaisesRegex(UserError, "sending everything already"):
            flow.action_send_everything()
        self._find_messages().write({"state": "cancelled"})
        flow.state = "retired"
        (job,) = self._find_jobs(flow)
        job.records._job_send_everything(*job.args)
        self.assertEqual(self._get_new("item.changed"), [])
        self._assert_told(flow, "Stopped after 0 records")
        with self.assertRaisesRegex(UserError, "Only active flows"):
            flow.action_send_everything()
        with self.assertRaisesRegex(UserError, "Only active flows"):
            self._get_flow("shipment.requested").action_send_everything()

    def test_everything_rights(self):
        """G8: only who manages flows sends everything."""
        user = new_test_user(self.env, "operator", groups="dist_integration_base.group_dist_operator")
        with self.assertRaises(AccessError):
            self._get_flow("item.changed").with_user(user).action_send_everything()

    def test_delivered(self):
        """W6, M2: what the partner's server gets."""
        with Receiver() as receiver:
            self.env["dist.message"].search([("endpoint_id", "=", self.endpoint.id)]).write(
                {"state": "cancelled"}
            )
            self.endpoint.url = receiver.url
            self.tape.weight = 2.5
            self._commit_events()
            self._drain(self.endpoint)
            bodies = [json.loads(body) for _headers, body in receiver.calls]
        self.assertEqual([body["type"] for body in bodies], ["item.changed"])
        self.assertEqual((bodies[0]["data"]["sku"], bodies[0]["data"]["weight"]), ("TAPE", "2.5"))
