from odoo.tests import tagged

from .common import SHIP, WmsHttpCase

SSCC = "376123450000000016"
OTHER_SSCC = "376123450000000023"
PALLET = "376123450000000030"


@tagged("post_install", "-at_install")
class TestShipmentPackages(WmsHttpCase):
    """Packages, tracking numbers, carrier."""

    def setUp(self):
        super().setUp()
        self._put(self.tape, 100)
        self._put(self.glove, 50)

    def test_packages(self):
        """W2: packages with SSCC, weight and tracking; a line may be spread over them."""
        picking = self._sell((self.tape, 10), (self.glove, 2))
        lines = (
            {
                "sku": "TAPE",
                "quantity": "10",
                "allocations": [{"quantity": "6", "package": "1"}, {"quantity": "4", "package": "2"}],
            },
            {"sku": "GLOVE", "quantity": "2", "package": "1"},
        )
        packages = [
            {
                "package": "1",
                "sscc": f"(00){SSCC}",
                "tracking_number": "1Z1",
                "weight": {"value": "2500", "unit": "g"},
            },
            {"package": "2", "tracking_number": "1Z2", "weight": {"value": "1.5"}},
        ]
        self._assert_ok(self._ship(picking, *lines, packages=packages, tracking_numbers=["1Z0", "1Z1"])[0])
        first, second = picking.move_line_ids.result_package_id.sorted("id")
        self.assertEqual((first.name, first.shipping_weight, second.shipping_weight), (SSCC, 2.5, 1.5))
        self.assertTrue(second.name)
        contents = sorted(
            (line.result_package_id.id, line.product_id.default_code, line.quantity)
            for line in picking.move_line_ids
        )
        self.assertEqual(contents, [(first.id, "GLOVE", 2), (first.id, "TAPE", 6), (second.id, "TAPE", 4)])
        self.assertEqual(picking.carrier_tracking_ref, "1Z0,1Z1,1Z2")
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.glove)), (90, 48))
        self._commit_events()
        data = self._get_data(picking, "shipment.completed")
        self.assertEqual(data["tracking_numbers"], ["1Z0", "1Z1", "1Z2"])
        self.assertEqual([package["weight"] for package in data["packages"]], ["2.5", "1.5"])
        self.assertEqual([package["tracking_number"] for package in data["packages"]], ["1Z1", "1Z2"])

    def test_package_of_two_parts(self):
        """W2: a carton that a later part of the shipment fills up is as heavy as it is told to be then."""
        picking = self._sell((self.tape, 10))
        for number, weight in (("4", "1"), ("6", "7")):
            package = {"package": "1", "sscc": SSCC, "weight": {"value": weight}, "tracking_number": "1Z1"}
            line = {"sku": "TAPE", "quantity": number, "package": "1"}
            self._assert_ok(self._ship(picking, line, packages=[package], complete=number == "6")[0])
        carton = (picking | picking.backorder_ids).move_line_ids.result_package_id
        self.assertEqual((carton.name, carton.shipping_weight, carton.dist_tracking_number), (SSCC, 7, "1Z1"))
        self.assertFalse(carton.dist_kind)

    def test_nested(self):
        """W2: cartons on a pallet, each with its SSCC and weight; the pallet holds nothing by itself."""
        picking = self._sell((self.tape, 10))
        allocations = [{"quantity": "6", "package": "1"}, {"quantity": "4", "package": "2"}]
        line = {"sku": "TAPE", "quantity": "10", "allocations": allocations}
        packages = [
            {"package": "1", "kind": "carton", "inside": "P", "sscc": SSCC, "weight": {"value": "3"}},
            {"package": "2", "kind": "carton", "inside": "P", "sscc": OTHER_SSCC},
            {"package": "P", "kind": "pallet", "sscc": PALLET, "tracking_number": "PAL-1"},
            {"package": "unused"},
        ]
        self._assert_ok(self._ship(picking, line, packages=packages)[0])
        cartons = picking.move_line_ids.result_package_id.sorted("name")
        pallet = cartons.dist_outer_id
        self.assertEqual(cartons.mapped("name"), [SSCC, OTHER_SSCC])
        self.assertEqual((pallet.name, pallet.dist_kind, pallet.dist_inner_ids), (PALLET, "pallet", cartons))
        self.assertEqual(sum(pallet._dist_get_contents().mapped("quantity")), 10)
        self._commit_events()
        told = self._get_data(picking, "shipment.completed")["packages"]
        self.assertEqual(
            {package["package"]: (package["kind"], package["inside"]) for package in told},
            {SSCC: ("carton", PALLET), OTHER_SSCC: ("carton", PALLET), PALLET: ("pallet", None)},
        )

    def test_pallet_in_use(self):
        """W2: the SSCC of a pallet whose cartons are elsewhere is refused."""
        pallet = self.env["stock.quant.package"].create({"name": PALLET})
        carton = self.env["stock.quant.package"].create({"name": OTHER_SSCC, "dist_outer_id": pallet.id})
        self.env["stock.quant"]._update_available_quantity(self.glove, self.stock, 1, package_id=carton)
        picking = self._sell((self.tape, 10))
        line = {"sku": "TAPE", "quantity": "10", "package": "1"}
        packages = [{"package": "1", "inside": "P"}, {"package": "P", "sscc": PALLET}]
        self._assert_refused(self._ship(picking, line, packages=packages)[0], 422, "package_in_use")

    def test_package_of_an_earlier_part(self):
        """W2: two parts of a shipment may share a pallet."""
        picking = self._sell((self.tape, 10))
        packages = [{"package": "1", "sscc": SSCC}]
        for quantity in ("4", "6"):
            line = {"sku": "TAPE", "quantity": quantity, "package": "1"}
            self._assert_ok(self._ship(picking, line, packages=packages, complete=False)[0])
        package = (picking | picking.backorder_ids).move_line_ids.result_package_id
        self.assertEqual((package.name, sum(package.quant_ids.mapped("quantity"))), (SSCC, 10))

    def test_packages_in_a_circle(self):
        """W2: what is around a package does not come inside it with a later part."""
        picking = self._sell((self.tape, 10))
        line = {"sku": "TAPE", "quantity": "5", "package": "1"}
        inner, outer = {"package": "1", "sscc": SSCC}, {"package": "2", "sscc": OTHER_SSCC}
        packages = [{**inner, "inside": "2"}, outer]
        self._assert_ok(self._ship(picking, line, packages=packages, complete=False)[0])
        packages = [inner, {**outer, "inside": "1"}]
        response, _message = self._ship(picking, {**line, "package": "2"}, packages=packages)
        self._assert_refused(response, 422, "package_in_itself")
        package = picking.move_line_ids.result_package_id
        self.assertEqual((package.name, package.dist_outer_id.name), (SSCC, OTHER_SSCC))
        self.assertFalse(package.dist_outer_id.dist_outer_id)

    def test_package_of_another_shipment(self):
        """W2: an SSCC stands for one package: what left with another shipment does not leave once more."""
        packages = [{"package": "1", "sscc": SSCC}]
        line = {"sku": "TAPE", "quantity": "5", "package": "1"}
        first, second = self._sell((self.tape, 5)), self._sell((self.tape, 5))
        self._assert_ok(self._ship(first, line, packages=packages)[0])
        response, message = self._ship(second, line, packages=packages)
        self._assert_refused(response, 422, "package_in_use")
        self.assertIn(first.name, message.error)
        self.assertEqual(second.state, "assigned")

    def test_package_twice_in_one_call(self):
        """W2: of two shipments in one call that name one SSCC, the first has it."""
        pickings = [self._sell((self.tape, 5)), self._sell((self.tape, 5))]
        line = {"sku": "TAPE", "quantity": "5", "package": "1"}
        packages = [{"package": "1", "sscc": SSCC}]
        items = [
            {
                "confirmation": f"C-{picking.id}",
                "shipment": picking.dist_release_ref,
                "lines": [line],
                "packages": packages,
            }
            for picking in pickings
        ]
        response = self._call("POST", f"{SHIP}/bulk", {"items": items}, self.key)
        self.assertEqual([item["status"] for item in response.json()["items"]], [200, 422], response.text)
        self.env.invalidate_all()
        self.assertEqual([picking.state for picking in pickings], ["done", "assigned"])

    def test_bad_packages(self):
        """W2: packages that do not fit are refused."""
        picking = self._sell((self.tape, 10))
        line = {"sku": "TAPE", "quantity": "10", "package": "1"}
        cases = [
            ([{"package": "2"}], "unknown_package"),
            ([{"package": "1"}, {"package": "1"}], "package_twice"),
            ([{"package": "1", "inside": "2"}], "unknown_package"),
            ([{"package": "1", "inside": "1"}], "package_in_itself"),
            ([{"package": "1", "inside": "2"}, {"package": "2", "inside": "1"}], "package_in_itself"),
            ([{"package": "1", "sscc": SSCC}, {"package": "2", "sscc": f"(00){SSCC}"}], "package_twice"),
            ([{"package": "1", "kind": "barrel"}], "invalid_message"),
            ([{"package": "1", "sscc": SSCC[:-1] + "0"}], "invalid_sscc"),
            ([{"package": "1", "sscc": "12345"}], "invalid_sscc"),
            ([{"package": "1", "weight": {"value": "-1"}}], "invalid_message"),
            ([{"package": "1", "weight": {"value": "1", "unit": "stone"}}], "invalid_message"),
        ]
        for packages, code in cases:
            with self.subTest(code=code):
                self._assert_refused(self._ship(picking, line, packages=packages)[0], 422, code)
        self.assertFalse(picking.move_line_ids.result_package_id)

    def test_package_in_use(self):
        """W2: an SSCC that stands for a pallet elsewhere is refused."""
        package = self.env["stock.quant.package"].create({"name": OTHER_SSCC})
        self.env["stock.quant"]._update_available_quantity(self.glove, self.stock, 1, package_id=package)
        picking = self._sell((self.tape, 10))
        line = {"sku": "TAPE", "quantity": "10", "package": "1"}
        response, _message = self._ship(picking, line, packages=[{"package": "1", "sscc": OTHER_SSCC}])
        self._assert_refused(response, 422, "package_in_use")
        self.assertEqual(picking.state, "assigned")

    def test_carrier(self):
        """M8: the carrier comes as a code; an unknown one waits for one answer."""
        freight = self.env["product.product"].create({"name": "Freight", "type": "service"})
        carrier = self.env["delivery.carrier"].create({"name": "UPS Standard", "product_id": freight.id})
        picking = self._sell((self.tape, 10))
        response, message = self._ship(picking, (self.tape, 10), carrier="UPS")
        self.assertEqual(response.status_code, 202)
        self.assertEqual(
            (message.exception_id.mapping_domain, message.exception_id.mapping_model),
            ("carrier", "delivery.carrier"),
        )
        self._map_code("carrier", "UPS", carrier)
        message.exception_id.action_retry()
        self.env.invalidate_all()
        self.assertEqual((picking.state, picking.carrier_id), ("done", carrier))
