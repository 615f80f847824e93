import json

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools.misc import file_open

from ..lib.documents import ACKNOWLEDGEMENTS, DECLARATIONS
from ..lib.envelope import Address, Envelope, Outgoing, build_interchange
from ..lib.interchange import read_interchanges
from ..lib.reading import read_document
from ..lib.writing import write_document
from .common import NOW, EdiCase

IN, OUT, BOTH = ("in",), ("out",), ("in", "out")
# what partners exchange with a distributor, and who of them sends it; a way that does not exist is refused
DOCUMENTS = {
    ("X12", "850"): BOTH,
    ("X12", "855"): BOTH,
    ("X12", "856"): BOTH,
    ("X12", "810"): BOTH,
    ("X12", "860"): BOTH,
    ("X12", "865"): BOTH,
    ("X12", "846"): BOTH,
    ("X12", "832"): IN,
    ("X12", "940"): OUT,
    ("X12", "943"): OUT,
    ("X12", "944"): IN,
    ("X12", "945"): IN,
    ("X12", "947"): IN,
    ("EDIFACT", "ORDERS"): BOTH,
    ("EDIFACT", "ORDCHG"): BOTH,
    ("EDIFACT", "ORDRSP"): BOTH,
    ("EDIFACT", "DESADV"): BOTH,
    ("EDIFACT", "INVOIC"): BOTH,
    ("EDIFACT", "INVRPT"): BOTH,
    ("EDIFACT", "PRICAT"): IN,
    ("EDIFACT", "RECADV"): BOTH,
    ("EDIFACT", "APERAK"): IN,
}
VERSIONS = {"X12": ("004010", "005010"), "EDIFACT": ("D96A", "D01B")}
# the form of the profile says that they are exchanged: no document of its own is agreed for them
BY_PROFILE = {("X12", "997"), ("X12", "999"), ("EDIFACT", "CONTRL")}


@tagged("post_install", "-at_install")
class TestEveryDocument(EdiCase):
    """Each document moves in each way that exists, in each version."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.profiles = {"X12": cls.profile}
        system, client, _key = cls.make_edi_system("EUROPE")
        cls.profiles["EDIFACT"] = cls.make_profile(
            system, client, standard="EDIFACT", qualifier="14", own_qualifier="14"
        )
        (cls.profiles["X12"] | cls.profiles["EDIFACT"]).agreement_ids.unlink()

    def test_nothing_is_missing(self):
        """E1: the table names every document the library knows."""
        self.assertEqual(set(DOCUMENTS), set(DECLARATIONS))
        self.assertEqual(BY_PROFILE, ACKNOWLEDGEMENTS)

    def test_every_way(self):
        """E1, E6: agreed in each version, it has a message type with a schema, and whoever turns one into the other."""
        for (standard, code), ways in DOCUMENTS.items():
            for direction in BOTH:
                with self.subTest(f"{standard} {code} {direction}"):
                    if direction not in ways:
                        with self.assertRaisesRegex(ValidationError, "Nothing in the installed addons"):
                            self.agree(self.profiles[standard], direction, code)
                        continue
                    agreement = self.agree(self.profiles[standard], direction, code)
                    for version in VERSIONS[standard]:
                        agreement.version = version
                        self._check_way(agreement, direction)

    def _check_way(self, agreement, direction):
        type_code, document = agreement._get_message_type_code(), agreement._get_document()
        message_type = self.env["dist.message.type"]._get_by_code(type_code)
        self.assertEqual(message_type.direction, direction)
        version = message_type._get_default_version()
        declaration = agreement._get_declaration()
        example = self._get_example(document)
        if direction == "out":
            self.assertIn(f"dist.serializer.{type_code}", self.env)
            self.assertTrue(write_document(example, declaration, agreement.edi_partner_id._get_separators()))
            return
        self.assertIn(f"dist.handler.{type_code}", self.env)
        payload = self.env[f"dist.edi.translator.{document}"]._to_message(
            self._make_document(agreement), self._read_back(agreement, example)
        )
        self.assertEqual(version._get_validator().errors(json.loads(json.dumps(payload))), [])

    def _make_document(self, agreement):
        """:return: dist.edi.document of a partner"""
        partner = agreement.edi_partner_id
        interchange = self.env["dist.edi.interchange"].create(
            {
                "direction": "in",
                "state": "processed",
                "system_id": partner.system_id.id,
                "company_id": partner.company_id.id,
                "edi_partner_id": partner.id,
                "standard": partner.standard,
            }
        )
        return self.env["dist.edi.document"].create(
            {"interchange_id": interchange.id, "direction": "in", "state": "accepted", "code": agreement.code}
        )

    def _read_back(self, agreement, example):
        """:return: canonical document, as it comes out of an interchange"""
        separators, declaration = agreement.edi_partner_id._get_separators(), agreement._get_declaration()
        segments = write_document(example, declaration, separators)
        outgoing = Outgoing(agreement.code, segments, agreement._get_version(), declaration.group)
        envelope = Envelope(Address("BUYER", "ZZ"), Address("SELLER", "ZZ"), 1, 1, NOW)
        (interchange,) = read_interchanges(build_interchange(envelope, [outgoing], separators))
        (transaction,) = interchange.transactions
        reading = read_document(transaction, declaration)
        self.assertFalse([issue.detail for issue in reading.issues if issue.severity == "error"])
        return reading.canonical

    def _get_example(self, document):
        """:return: dict, the example of a document's schema"""
        if document in ("receipt.requested", "receipt.confirmed", "shipment.requested", "shipment.confirmed"):
            addon = "dist_integration_wms"
        else:
            addon = "dist_integration_edi"
        with file_open(f"{addon}/schemas/{document}.v1.json") as schema:
            return json.load(schema)["examples"][0]
