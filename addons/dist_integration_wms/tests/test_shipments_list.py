from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import WmsHttpCase


@tagged("post_install", "-at_install")
class TestShipmentsList(WmsHttpCase):
    """A warehouse that asks instead of being told."""

    def _list(self, **query):
        text = "&".join(f"{name}={value}" for name, value in query.items())
        return self._call("GET", f"/shipments?{text}", key=self.key)

    def test_list(self):
        """W1, M4: the shipments handed to this warehouse, page by page, as they were requested."""
        self._put(self.tape, 10)
        pickings = [self._sell((self.tape, 1)) for _number in range(3)]
        other, _client, _key = self._make_wms("Southside")
        south = self._make_warehouse(other, "Southside", "SSIDE")
        self._put(self.tape, 10, south.lot_stock_id)
        self._sell((self.tape, 1), warehouse=south)
        page = self._assert_ok(self._list(state="requested", limit=2))
        self.assertEqual([item["shipment"] for item in page["items"]], [pickings[0].name, pickings[1].name])
        page = self._assert_ok(self._list(state="requested", limit=2, cursor=page["next"]))
        self.assertEqual([item["shipment"] for item in page["items"]], [pickings[2].name])
        self.assertIsNone(page["next"])
        self.assertEqual(self._assert_ok(self._list(state="acknowledged"))["items"], [])
        one = self._assert_ok(self._list(shipment=pickings[1].name))["items"]
        self.assertEqual((len(one), one[0]["state"]), (1, "requested"))
        data = self._get_data(pickings[1], "shipment.requested")
        self.assertEqual(one[0], {**data, "state": "requested", "on_hold": False, "requests": []})
        schema = self.env["dist.message.type.version"]._load_schema_file(
            "dist_integration_wms/schemas/shipment.page.v1.json"
        )
        self.assertEqual(set(one[0]), set(schema["properties"]["items"]["items"]["properties"]))

    @mute_logger("odoo.addons.dist_integration_base.models.dist_event")
    def test_not_presentable(self):
        """W1, M8: a shipment with an item without a number is named with the reason; the others are told."""
        nameless = self._make_product(False)
        self._put(nameless, 3)
        self._put(self.tape, 2)
        before = self._sell((self.tape, 1))
        untold = self._sell((nameless, 1))
        after = self._sell((self.tape, 1))
        page = self._assert_ok(self._list(state="requested"))
        self.assertEqual([item["shipment"] for item in page["items"]], [before.name, after.name])
        self.assertEqual([item["shipment"] for item in page["left_out"]], [untold.name])
        self.assertIn("has no internal reference", page["left_out"][0]["reason"])
        nameless.default_code = "NAMED"
        page = self._assert_ok(self._list(shipment=untold.name))
        self.assertEqual((page["items"][0]["lines"][0]["item"]["sku"], page["left_out"]), ("NAMED", []))

    def test_unknown_state(self):
        """M4: a state that there is not is refused."""
        self._assert_refused(self._list(state="lost"), 400, "invalid_parameter")
