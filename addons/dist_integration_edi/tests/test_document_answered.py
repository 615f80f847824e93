from odoo.tests import tagged

from .test_outbound import OutboundCase


@tagged("post_install", "-at_install")
class TestDocumentAnswered(OutboundCase):
    """What the application of a partner says of our documents."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.edi_system, client, cls.edi_key = cls.make_edi_system("EUROPE")
        cls.profile.active = False
        cls.profile = cls.make_profile(
            cls.edi_system, client, standard="EDIFACT", qualifier="14", own_qualifier="14"
        )
        cls.agree(cls.profile, "in", "ORDERS")
        cls.agree(cls.profile, "in", "APERAK")

    def hear(self, *segments, code="APERAK"):
        raw = self.edifact(list(segments), code=code, control=next(self.numbers))
        taken = self.take(raw, key=self.edi_key, media_type="application/edifact")
        self.assertEqual(taken.document_ids.state, "accepted", taken.document_ids.problem)
        return taken.document_ids.message_id

    def test_refused_and_taken(self):
        """E5: the reasons reach a person, with the document that is meant; a later yes settles it."""
        self.connect("ORDRSP")
        self.hear(*self.order_edifact("E1"), code="ORDERS")
        self.get_sent("ORDRSP")
        order = self.get_order("E1")
        sent = self.env["dist.edi.document"].search(
            [("direction", "=", "out"), ("business_key", "=", order.name)]
        )
        message = self.hear(
            "BGM+313+AP-1+27",
            "DTM+137:20310301:102",
            f"RFF+ACW:{order.name}",
            "ERC+41",
            "FTX+AAO+++Unknown date",
        )
        self.assertEqual((message.state, sent.acknowledged), ("done", "rejected"), message.error)
        exception = self.exceptions_of(sent)
        self.assertEqual((exception.code, exception.detail), ("refused_by_partner", "41: Unknown date"))
        self.hear("BGM+312+AP-2+29", "DTM+137:20310301:102", f"RFF+ACW:{order.name}")
        self.assertEqual((sent.acknowledged, exception.state), ("accepted", "resolved"))

    def test_what_was_never_sent(self):
        """X1: an answer to nothing is for a person."""
        message = self.hear("BGM+313+AP-1+27", "RFF+ACW:NONE", "ERC+41")
        self.assertEqual((message.state, message.exception_id.code), ("dead", "unknown_document"))
