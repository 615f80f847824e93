from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.screens import ScreensMixin

from .as2 import make_pair, read_pair
from .common import SupplierCase

MODULE = "dist_integration_edi"
# made when the screen is opened
NO_FORMS = {"dist.edi.onboarding", "dist.edi.upload"}


@tagged("post_install", "-at_install")
class TestEveryScreen(ScreensMixin, SupplierCase):
    """Interchanges that were taken, refused and sent, looked at by people who have one right only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = cls._make_screen_users(
            purchaser="purchase.group_purchase_user",
            clerk="account.group_account_invoice",
        )

    def setUp(self):
        super().setUp()
        self.agree(self.profile, "out", "855")
        _receiver, endpoint = self.make_receiver("edi.acknowledgement", "purchase.acknowledgement")
        self.take(self.x12(self.order_850("P1"), control=7))
        bad = [segment.replace("20260302", "20261302") for segment in self.order_850("P2")]
        self.take(self.x12(bad, control=8))
        self.deliver(endpoint)
        self.answer_orders()
        self.hear_of_prices_and_stock()
        self.exchange_by_as2()
        self.receive_mail()
        self.env.flush_all()

    def exchange_by_as2(self):
        """An agreement with its certificates, and messages that were taken, refused and awaited."""
        names = {"system_id": self.edi_system.id, "client_id": self.edi_client.id}
        partner = self.env["dist.as2.partner"].create(
            {"name": "Harbour", "own_name": "US", "partner_name": "THEM", **names}
        )
        credential = self.env["dist.credential"].create(
            {"name": "AS2 key", "system_id": self.edi_system.id, "kind": "certificate"}
        )
        credential._add_version(make_pair("Ours"))
        certificate = {"as2_partner_id": partner.id}
        self.env["dist.as2.certificate"].create(
            [
                {**certificate, "owner": "own", "credential_id": credential.id},
                {**certificate, "pem": read_pair(make_pair("Theirs")).certificate.pem},
                {**certificate, "pem": read_pair(make_pair("Theirs, expired", -10, -1)).certificate.pem},
            ]
        )
        message = self.env["dist.edi.interchange"].search([("direction", "=", "out")], limit=1).message_id
        for number, (direction, state) in enumerate(
            (
                ("in", "received"),
                ("in", "not_taken"),
                ("out", "waiting"),
                ("out", "confirmed"),
                ("out", "refused"),
            )
        ):
            self.env["dist.as2.exchange"].create(
                {
                    "as2_partner_id": partner.id,
                    "direction": direction,
                    "state": state,
                    "reference": f"<{number}@them>",
                    "message_id": message.id,
                    "due_at": "2026-01-01",
                    "receipt_state": "failed" if state == "received" else False,
                }
            )

    def receive_mail(self):
        """A mailbox, and a mail from somebody who is not known."""
        mailbox = self.env["dist.edi.mailbox"].create(
            {
                "name": "Harbour",
                "system_id": self.edi_system.id,
                "client_id": self.edi_client.id,
                "senders": "@harbour.example",
            }
        )
        mail = {"subject": "Order", "email_from": "x@evil.example", "message_id": "<1@evil>"}
        self.env["dist.edi.mail"].message_new(mail, {"mailbox_id": mailbox.id})

    def answer_orders(self):
        """Purchase orders that the supplier confirms as ordered, and otherwise."""
        self.agree(self.mill, "out", "850")
        for code in ("810", "855", "856"):
            self.agree(self.mill, "in", code)
        self.tolerate("price", absolute=1)
        self.orders = self.buy() | self.buy()
        for order, price in zip(self.orders, ("3.25", "5"), strict=True):
            self.hear([f"BAK*00*AC*{order.name}*20260302", f"PO1*1*12*EA*{price}**VP*MILL-1", "CTT*1"])
        for order in self.orders:
            head = [f"BSN*00*S-{order.id}*20310505*1015*0001", "HL*1**S", "HL*2*1*O", f"PRF*{order.name}"]
            self.hear([*head, "HL*3*2*I", "LIN**VP*MILL-1", "SN1**14*EA", "CTT*3"], code="856")
        self.receive(self.orders[0])
        for order in self.orders:
            head = f"BIG*20260320*I-{order.id}*20260302*{order.name}***DI"
            self.hear([head, "IT1*1*12*EA*3.25**VP*MILL-1", "TDS*3900", "CTT*1"], code="810")

    def hear_of_prices_and_stock(self):
        """A catalogue with a price that waits and an item nobody knows, and what the supplier has."""
        for code in ("832", "846"):
            self.agree(self.mill, "in", code)
        lines = ["LIN*1*VN*MILL-1", "CTP**UCP*9**EA", "LIN*2*VN*NOBODY", "CTP**UCP*9**EA"]
        self.env["product.supplierinfo"].create(
            {"partner_id": self.vendor.id, "product_tmpl_id": self.corn.product_tmpl_id.id, "price": 3.25}
        )
        self.hear(["BCT*PC*CAT-1", "DTM*007*20310401", *lines, "CTT*2"], code="832")
        self.hear(["BIA*00*SI*INV-1*20310301*1015", "LIN*1*VN*MILL-1", "QTY*QA*10*EA", "CTT*1"], code="846")

    def test_orders(self):
        """E2: the form of an order leads to what the supplier answered."""
        self._check_form(self.orders, {"purchaser": self.users["purchaser"]})

    def test_every_screen(self):
        """E1, E2, E5, E6, E9, E10: each opens for whoever sees its menu, with filters, forms and buttons."""
        self._check_reachable(MODULE, self.users)
        opened = self._check_menus(MODULE, self.users)
        self._check_all_opened(MODULE, opened, but=NO_FORMS)

    def test_queue(self):
        """X1, M10: so do the screens of the framework."""
        self._check_menus("dist_integration_base", self.users)
