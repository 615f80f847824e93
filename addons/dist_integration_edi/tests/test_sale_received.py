from odoo.tests import tagged

from .test_outbound import OutboundCase


@tagged("post_install", "-at_install")
class TestSaleReceived(OutboundCase):
    """What a customer says of a delivery."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.edi_system, client, cls.edi_key = cls.make_edi_system("EUROPE")
        cls.profile.active = False
        cls.profile = cls.make_profile(
            cls.edi_system, client, standard="EDIFACT", qualifier="14", own_qualifier="14", version="D01B"
        )
        cls.agree(cls.profile, "in", "ORDERS")
        cls.agree(cls.profile, "in", "RECADV")

    def deliver_order(self):
        """:return: stock.picking of 10 pieces of corn, shipped"""
        self.take_edifact(self.order_edifact("E1"), code="ORDERS")
        return self.ship(self.get_order("E1"))

    def take_edifact(self, document, code="RECADV"):
        raw = self.edifact(document, code=code, version="D01B", control=next(self.numbers))
        taken = self.take(raw, key=self.edi_key, media_type="application/edifact")
        self.assertEqual(taken.document_ids.state, "accepted", taken.document_ids.problem)
        return taken.document_ids.message_id

    def advise(self, reference, *quantities):
        """:return: dist.message of a RECADV"""
        return self.take_edifact(
            ["BGM+632+R-1+9", "DTM+137:20310306:102", "DTM+50:20310305:102", reference, "CPS+1",
             "LIN+1++B-CORN:IN", *quantities, "CNT+2:1"]
        )  # fmt: skip

    def test_as_it_was_shipped(self):
        """E3: the delivery says that it has come; nobody is asked."""
        picking = self.deliver_order()
        message = self.advise(f"RFF+AAK:{picking.name}", "QTY+48:10:PCE")
        self.assertEqual(message.state, "done", message.error)
        self.assertEqual((picking.dist_customer_receipt, str(picking.dist_customer_received_at)[:10]),
                         ("R-1", "2031-03-05"))  # fmt: skip
        self.assertFalse(self.exceptions_of(picking))

    def test_otherwise(self):
        """E3, X1: what is missing or broken is told to a person, once for a delivery."""
        picking = self.deliver_order()
        for _time in range(2):
            message = self.advise("RFF+ON:E1", "QTY+48:8:PCE", "QTY+124:1:PCE")
            self.assertEqual(message.state, "done", message.error)
        exception = self.exceptions_of(picking)
        self.assertEqual((len(exception), exception.code), (1, "received_otherwise"))
        self.assertIn("shipped 10 Units, received 8", exception.detail)
        self.assertIn("1 Units damaged", exception.detail)
        notes = picking.message_ids.filtered(lambda note: "R-1" in (note.body or ""))
        self.assertEqual(len(notes), 1)

    def test_an_unknown_delivery(self):
        """X1: a delivery that there is not is for a person."""
        message = self.advise("RFF+AAK:NONE", "QTY+48:10:PCE")
        self.assertEqual((message.state, message.exception_id.code), ("dead", "unknown_delivery"))
