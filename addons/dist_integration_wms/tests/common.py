"""What tests of the warehouse addon share; other addons' tests may use it."""

import json
from itertools import count

from odoo import Command

from odoo.addons.dist_integration_base.tests.common import DistCase, DistHttpCase

INBOUND = [
    "shipment.acknowledged",
    "shipment.confirmed",
    "shipment.request.answered",
    "receipt.confirmed",
    "return.confirmed",
    "stock.adjusted",
    "stock.snapshot",
    "stock.status.changed",
]
OUTBOUND = [
    "shipment.requested",
    "shipment.cancelled",
    "shipment.hold.requested",
    "shipment.hold.released",
    "shipment.change.requested",
    "shipment.cancel.requested",
    "shipment.completed",
    "receipt.requested",
    "receipt.cancelled",
    "receipt.completed",
    "return.requested",
    "return.cancelled",
    "return.completed",
    "item.changed",
    "lot.changed",
    "location.changed",
]
SCOPES = [
    "shipments:acknowledge",
    "shipments:confirm",
    "shipments:read",
    "shipments:answer",
    "receipts:confirm",
    "returns:confirm",
    "stock:adjust",
    "stock:count",
]
CARRIER_INBOUND = ["shipment.milestone", "transport.answered"]
CARRIER_OUTBOUND = ["transport.requested", "transport.cancelled", "shipment.dispatched"]
CARRIER_SCOPES = ["milestones:write", "transport:answer"]
ACKNOWLEDGE = "/shipments/acknowledgements"
ANSWER = "/shipments/requests/answers"
SHIP = "/shipments/confirmations"
RECEIVE = "/receipts/confirmations"
RETURN = "/returns/confirmations"
MILESTONE = "/shipments/milestones"
TRANSPORT = "/transport/answers"


class WmsMixin:
    """A warehouse run by an external system, items in stock, and shortcuts to order and confirm."""

    @classmethod
    def _set_up_wms(cls):
        cls.numbers = count(1)
        cls.system, cls.client, cls.key = cls._make_wms("Northside")
        cls.warehouse = cls._make_warehouse(cls.system, "Northside", "NSIDE")
        cls.stock = cls.warehouse.lot_stock_id
        cls.customer = cls.env["res.partner"].create(
            {
                "name": "Fieldmart Berlin",
                "street": "Lindenstr. 5",
                "city": "Berlin",
                "zip": "10969",
                "country_id": cls.env.ref("base.de").id,
            }
        )
        cls.supplier = cls.env["res.partner"].create({"name": "Harbour Chemicals"})
        cls.dozen = cls.env.ref("uom.product_uom_dozen")
        cls.tape = cls._make_product("TAPE", barcode="7612345000015")
        cls.glove = cls._make_product("GLOVE", uom_id=cls.dozen.id, **cls._get_purchase_unit(cls.dozen))
        cls.seal = cls._make_product("SEAL", tracking="lot", use_expiration_date=True)
        cls.meter = cls._make_product("METER", tracking="serial")

    @classmethod
    def _get_purchase_unit(cls, unit):
        return {"uom_po_id": unit.id} if "uom_po_id" in cls.env["product.product"]._fields else {}

    @classmethod
    def _make_wms(cls, name, **values):
        """:return: (dist.system, dist.api.client, key) of a warehouse system that exchanges every message"""
        system, client, key = cls._make_system(
            name, scopes=SCOPES, message_types=INBOUND, kind="warehouse", **values
        )
        endpoint = cls._make_endpoint(system, "http://127.0.0.1:9/hook")
        for code in OUTBOUND:
            cls._make_flow(system, code, endpoint_id=endpoint.id)
        return system, client, key

    @classmethod
    def _make_warehouse(cls, system, name, code, **values):
        return cls.env["stock.warehouse"].create(
            {
                "name": name,
                "code": code,
                "company_id": system.company_id.id,
                "dist_system_id": system.id,
                **values,
            }
        )

    @classmethod
    def _make_product(cls, sku, **values):
        return cls.env["product.product"].create(
            {
                "name": f"Item {sku}",
                "default_code": sku,
                "detailed_type": "product",
                "list_price": 10.0,
                "standard_price": 4.0,
                **values,
            }
        )

    @classmethod
    def _make_lot(cls, product, name, **values):
        return cls.env["stock.lot"].create(
            {"product_id": product.id, "name": name, "company_id": cls.env.company.id, **values}
        )

    @classmethod
    def _map_code(cls, domain, code, record):
        return cls.env["dist.code.map"].create(
            {
                "system_id": cls.system.id,
                "domain": domain,
                "external_code": code,
                "res_model": record._name,
                "res_id": record.id,
            }
        )

    @classmethod
    def _put(cls, product, quantity, location=None, lot=None):
        cls.env["stock.quant"]._update_available_quantity(
            product, location or cls.stock, quantity, lot_id=lot
        )

    def _on_hand(self, product, location=None, lot=None):
        return self.env["stock.quant"]._get_available_quantity(
            product, location or self.stock, lot_id=lot, allow_negative=True
        ) + sum(
            self.env["stock.quant"]
            .search(
                [
                    ("product_id", "=", product.id),
                    ("location_id", "child_of", (location or self.stock).id),
                    *([("lot_id", "=", lot.id)] if lot else []),
                ]
            )
            .mapped("reserved_quantity")
        )

    def _sell(self, *lines, warehouse=None, **values):
        """Confirm an order of (product, quantity) lines.

        :return: its delivery, released if it is ready
        """
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "warehouse_id": (warehouse or self.warehouse).id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": quantity})
                    for product, quantity in lines
                ],
                **values,
            }
        )
        order.action_confirm()
        self._commit_events()
        return order.picking_ids

    def _buy(self, *lines, warehouse=None, **values):
        """Confirm a purchase of (product, quantity) lines.

        :return: its receipt, released
        """
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.supplier.id,
                "picking_type_id": (warehouse or self.warehouse).in_type_id.id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_qty": quantity, "price_unit": 4.0})
                    for product, quantity in lines
                ],
                **values,
            }
        )
        order.button_confirm()
        self._commit_events()
        return order.picking_ids

    def _get_events(self, picking, code=None):
        """:return: dist.event of a transfer, in the order in which they happened"""
        domain = [("res_model", "=", "stock.picking"), ("res_id", "in", picking.ids)]
        if code:
            domain.append(("message_type_id.code", "=", code))
        return self.env["dist.event"].search(domain, order="id")

    def _get_codes(self, picking):
        return [event.message_type_id.code for event in self._get_events(picking)]

    def _get_data(self, picking, code):
        """:return: dict, the payload of the only event of a type"""
        return json.loads(self._get_events(picking, code).ensure_one().payload)


class CarrierMixin:
    """A transport management system that carries what the warehouse ships."""

    @classmethod
    def _set_up_carrier(cls):
        cls.tms, cls.tms_client, cls.tms_key = cls._make_tms("Roadlink")
        cls.warehouse.dist_transport_system_id = cls.tms
        cls.freight = cls.env["product.product"].create({"name": "Freight", "type": "service"})
        cls.courier = cls.env["delivery.carrier"].create({"name": "Courier", "product_id": cls.freight.id})
        cls._put(cls.tape, 100)

    @classmethod
    def _make_tms(cls, name, **values):
        """:return: (dist.system, dist.api.client, key) of a system that plans transport and reports milestones"""
        system, client, key = cls._make_system(
            name, scopes=CARRIER_SCOPES, message_types=CARRIER_INBOUND, kind="carrier", **values
        )
        endpoint = cls._make_endpoint(system, "http://127.0.0.1:9/hook")
        for code in CARRIER_OUTBOUND:
            cls._make_flow(system, code, endpoint_id=endpoint.id)
        return system, client, key

    def _get_open_exceptions(self, picking, *codes):
        return self.env["dist.exception"].search(
            [
                ("res_model", "=", picking._name),
                ("res_id", "in", picking.ids),
                ("code", "in", codes),
                ("state", "in", ("open", "in_progress")),
            ]
        )


class WmsCase(WmsMixin, DistCase):
    """For rules: no HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_wms()


class WmsHttpCase(WmsMixin, DistHttpCase):
    """For what the warehouse sees: calls of the API."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_wms()

    def _post(self, path, body, key=None):
        """:return: (response, the stored message)"""
        response = self._call("POST", path, body, key or self.key)
        message = self.env["dist.message"].search([("uuid", "=", response.headers.get("Message-Id"))])
        return response, message

    def _ship(self, picking, *lines, key=None, **values):
        """Confirm a shipment; each line is a dict, or (product, quantity)."""
        number = picking.dist_release_ref or picking.name
        body = {
            "confirmation": f"C-{next(self.numbers)}",
            "shipment": number,
            "lines": [_line(line) for line in lines],
            **values,
        }
        return self._post(SHIP, {name: value for name, value in body.items() if value is not None}, key)

    def _receive(self, picking, *lines, key=None, **values):
        number = picking.dist_release_ref or picking.name
        body = {
            "confirmation": f"C-{next(self.numbers)}",
            "receipt": number,
            "lines": [_line(line) for line in lines],
            **values,
        }
        return self._post(RECEIVE, {name: value for name, value in body.items() if value is not None}, key)

    def _assert_ok(self, response):
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def _assert_refused(self, response, status, code):
        self.assertEqual((response.status_code, response.json().get("code")), (status, code), response.text)
        return response.json()


def _line(line):
    if isinstance(line, dict):
        return line
    product, quantity = line
    return {"sku": product.default_code, "quantity": str(quantity)}
