from datetime import datetime

from odoo.addons.dist_integration_base.delivery import LaneDrain
from odoo.addons.dist_integration_base.tests.common import Receiver
from odoo.addons.dist_integration_base.tests.folders import FolderMixin
from odoo.addons.dist_integration_commerce.tests.common import CommerceCase

from ..lib.envelope import Address, Envelope, Outgoing, build_interchange
from ..lib.interchange import read_interchanges
from ..lib.segment import Segment
from ..lib.separators import EDIFACT_DEFAULT, X12_DEFAULT

NOW = datetime(2026, 3, 2, 14, 5)
GROUPS = {
    "850": "PO",
    "810": "IN",
    "855": "PR",
    "856": "SH",
    "860": "PC",
    "865": "CA",
    "997": "FA",
    "940": "OW",
    "944": "RE",
    "945": "SW",
    "947": "AW",
    "832": "SC",
    "846": "IB",
}
INBOUND = (
    "edi.interchange",
    "edi.document.answered",
    "order.cancel",
    "order.change",
    "order.submit",
    "sale.received",
)
SUPPLIER_INBOUND = (
    "edi.interchange",
    "purchase.acknowledged",
    "purchase.invoiced",
    "purchase.priced",
    "purchase.shipped",
    "supplier.stock",
)


class EdiCase(FolderMixin, CommerceCase):
    """A customer who sends orders by X12, and another by EDIFACT, each with a system, a channel and a profile."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.edi_system, cls.edi_client, cls.edi_key = cls.make_edi_system("HARBOUR")
        cls.profile = cls.make_profile(cls.edi_system, cls.edi_client)
        cls.agree(cls.profile, "in", "850")

    @classmethod
    def make_edi_system(cls, code, contact=None):
        """:return: (dist.system, dist.api.client, key) of a customer with a channel, units and a bound contact"""
        system, client, key = cls._make_system(
            f"Customer {code}",
            scopes=("edi:submit",),
            message_types=INBOUND,
            code=code,
            kind="customer",
            company_id=cls.company.id,
        )
        cls.make_channel(system, price_policy="contract")
        cls.map_code("unit", "EA", cls.units, system=system)
        cls.map_code("unit", "DZN", cls.dozen, system=system)
        cls.map_code("product", "B-CORN", cls.corn, system=system)
        cls.bind(contact or cls.customer, "BUYER", system=system)
        return system, client, key

    @classmethod
    def make_profile(cls, system, client, **values):
        return cls.env["dist.edi.partner"].create(
            {
                "name": f"Partner {system.code}",
                "system_id": system.id,
                "client_id": client.id,
                "partner_id": cls.customer.id,
                "channel_id": cls.env["dist.sales.channel"].search([("system_id", "=", system.id)]).id,
                "own_qualifier": "ZZ",
                "own_identifier": "SELLER",
                "qualifier": "ZZ",
                "identifier": "BUYER",
                "is_test": False,
                **values,
            }
        )

    @classmethod
    def agree(cls, profile, direction, code, **values):
        return cls.env["dist.edi.agreement"].create(
            {"edi_partner_id": profile.id, "direction": direction, "code": code, **values}
        )

    def make_receiver(self, *codes, system=None):
        """A partner's web server, to which flows of these message types lead.

        :return: (Receiver, dist.endpoint)
        """
        receiver = Receiver()
        receiver.__enter__()
        self.addCleanup(receiver.__exit__)
        system = system or self.edi_system
        endpoint = self._make_endpoint(system, receiver.url, content="edi", lanes=1)
        for code in codes:
            self._make_flow(system, code, endpoint_id=endpoint.id)
        return receiver, endpoint

    def make_folder(self, **values):
        """An endpoint of a folder below the one that the server's configuration would name.

        :return: (dist.endpoint, path)
        """
        path = self._open_base() / "edi"
        path.mkdir()
        values = {"transport": "folder", "quiet_seconds": 0, **values}
        return self._make_endpoint(self.edi_system, "edi", **values), path

    # documents

    def order_850(self, number, *lines):
        """:return: segments of an 850"""
        lines = lines or ("PO1*1*10*EA*10**BP*B-CORN",)
        return [
            f"BEG*00*SA*{number}**20260302",
            "DTM*002*20310514",
            "N1*BY*Meadow Farms*92*BUYER",
            *lines,
            f"CTT*{len(lines)}",
        ]

    def order_edifact(self, number, *lines):
        """:return: segments of an ORDERS"""
        lines = lines or (("LIN+1++B-CORN:IN", "QTY+21:10:PCE", "PRI+AAA:10"),)
        return [
            f"BGM+220+{number}+9",
            "DTM+137:20260302:102",
            "DTM+2:20310514:102",
            "NAD+BY+BUYER::92",
            *(segment for line in lines for segment in line),
            "UNS+S",
            f"CNT+2:{len(lines)}",
        ]

    def x12(self, *documents, control=7, code="850", test=False, version="004010", sender="BUYER"):
        """:param documents: lists of segments as texts
        :return: bytes of an interchange
        """
        outgoing = [
            Outgoing(code, [Segment(text.split("*")) for text in segments], version, GROUPS[code])
            for segments in documents
        ]
        envelope = Envelope(Address(sender, "ZZ"), Address("SELLER", "ZZ"), control, control, NOW, test=test)
        return build_interchange(envelope, outgoing, X12_DEFAULT)

    def edifact(
        self, *documents, control=7, code="ORDERS", version="D96A", test=False, sender="BUYER", qualifier="14"
    ):
        outgoing = [
            Outgoing(code, [Segment(_split(text)) for text in segments], version) for segments in documents
        ]
        addresses = Address(sender, qualifier), Address("SELLER", qualifier)
        envelope = Envelope(*addresses, control, control, NOW, test=test)
        return build_interchange(envelope, outgoing, EDIFACT_DEFAULT)

    # receiving

    def post(self, raw, key=None, status=200, media_type="application/edi-x12"):
        """Hand over a file as the partner does.

        :return: body of the answer
        """
        headers = {"Content-Type": media_type}
        response = self._call("POST", "/edi/interchanges", raw, key or self.edi_key, **headers)
        self.assertEqual(response.status_code, status, response.text)
        return response.json()

    def take(self, raw, **options):
        """Hand over a file and do what its jobs do.

        :return: dist.edi.interchange that came of it
        """
        before = self.env["dist.edi.interchange"].search([])
        self.post(raw, **options)
        self._commit_events()
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        return self.env["dist.edi.interchange"].search([]) - before

    def get_order(self, reference):
        return self.env["sale.order"].search([("dist_external_ref", "=", reference)])

    def get_exceptions(self, code):
        return self.env["dist.exception"].search([("code", "=", code)])

    # sending

    def deliver(self, endpoint):
        self._commit_events()
        self._drain(endpoint)

    def sent(self, receiver):
        """:return: list of lib.interchange.Interchange that the partner got"""
        return [read_interchanges(body)[0] for _headers, body in receiver.calls]

    def prepare_only(self, endpoint):
        """Do what a worker does that is killed before it sends."""
        self.env.flush_all()
        LaneDrain(self.env.registry, endpoint.id, "normal", 0)._next_batch()
        self.env.invalidate_all()


class SupplierCase(EdiCase):
    """A supplier who takes orders by EDI and answers them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls.env["res.partner"].create({"name": "Mill", "is_company": True})
        cls.supplier, cls.supplier_client, cls.mill_key = cls._make_system(
            "Mill",
            scopes=("edi:submit",),
            message_types=SUPPLIER_INBOUND,
            kind="supplier",
            company_id=cls.company.id,
        )
        cls.map_code("unit", "EA", cls.units, system=cls.supplier)
        cls.map_code("unit", "DZN", cls.dozen, system=cls.supplier)
        cls.map_code("product", "MILL-1", cls.corn, system=cls.supplier)
        cls.mill = cls.make_mill()
        (cls.corn | cls.gloves).supplier_taxes_id = False

    @classmethod
    def make_mill(cls, **values):
        return cls.env["dist.edi.partner"].create(
            {
                "name": "Mill",
                "system_id": cls.supplier.id,
                "client_id": cls.supplier_client.id,
                "partner_id": cls.vendor.id,
                "own_qualifier": "ZZ",
                "own_identifier": "SELLER",
                "qualifier": "ZZ",
                "identifier": "MILL",
                "acknowledgement": "none",
                "is_test": False,
                **values,
            }
        )

    def tolerate(self, subject, direction="both", **values):
        return self.env["dist.edi.tolerance"].create(
            {"edi_partner_id": self.mill.id, "subject": subject, "direction": direction, **values}
        )

    def buy(self, *lines, user=None, **values):
        """A confirmed order; of 12 pieces of corn for 3.25 when no lines are given.

        :param lines: tuples of product, quantity and price
        """
        lines = lines or [(self.corn, 12, 3.25)]
        order = (
            self.env["purchase.order"]
            .with_user(user or self.env.user)
            .create(
                {
                    "partner_id": self.vendor.id,
                    "order_line": [
                        (
                            0,
                            0,
                            {
                                "product_id": product.id,
                                "product_qty": quantity,
                                "price_unit": price,
                                "date_planned": "2031-05-14 10:00:00",
                            },
                        )
                        for product, quantity, price in lines
                    ],
                    **values,
                }
            )
        )
        order.button_confirm()
        return order

    def receive(self, order, quantity=None):
        """The goods of an order come, or some of each line."""
        picking = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        for move in picking.move_ids:
            move.write({"quantity": quantity or move.product_uom_qty, "picked": True})
        picking._action_done()
        return picking

    def hear(self, *documents, code="855"):
        """What the supplier sends by X12.

        :param documents: lists of segments as texts
        :return: dist.message that came of the first document
        """
        raw = self.x12(*documents, code=code, control=next(self.numbers), sender="MILL")
        return self.take(raw, key=self.mill_key).document_ids.sorted("id")[:1].message_id


def _split(text):
    parts = text.split("+")
    return [part.split(":") if ":" in part else part for part in parts]
