from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DistHttpCase

ROWS = [
    {"target": "external_id", "source": "nr", "required": True},
    {"target": "name", "source": "firma.name", "converter": "text"},
    {"target": "country", "source": "land", "code_map": "their_country"},
]


@tagged("post_install", "-at_install")
class TestMapping(DistHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system, _client, cls.key = cls._make_system(
            scopes=["test:write"], message_types=["partner.submit"]
        )
        cls.mapping = cls.env["dist.mapping"].create(
            {
                "name": "Partner",
                "system_id": cls.system.id,
                "message_type_id": cls.system.flow_ids.message_type_id.id,
                "row_ids": [(0, 0, {"sequence": number, **row}) for number, row in enumerate(ROWS)],
            }
        )
        cls.mapping.action_approve()
        cls.system.flow_ids.mapping_id = cls.mapping

    def _submit(self, **values):
        body = {"nr": "7", "firma": {"name": "Nordwind"}, **values}
        response = self._call("POST", "/test/partners", body, self.key)
        return response, self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])

    def test_partner_words(self):
        """M8: a partner's words meet the canonical message by rows."""
        response, message = self._submit()
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(message.business_key, "7")
        self.assertEqual(self.env["res.partner"].browse(message.res_id).name, "Nordwind")
        self.assertIn('"external_id"', message.sudo().payload)
        self.assertIn(b'"nr"', message.sudo()._get_raw())

    def test_missing_code(self):
        """M8: a code no map explains stops only its own message."""
        response, message = self._submit(land="XY")
        self.assertEqual((response.status_code, message.state), (202, "error"))
        self.assertEqual(message.exception_id.external_code, "XY")

    def test_required(self):
        response, message = self._submit(nr=None)
        self.assertEqual((response.status_code, response.json()["code"]), (422, "not_mappable"))
        self.assertEqual(message.state, "dead")

    def test_preview(self):
        """Decision 9: the mapping is tried on a stored message while it is edited."""
        _response, message = self._submit()
        self.mapping.preview_message_id = message
        self.assertIn("external_id", self.mapping.preview_result)
        self.mapping.preview_source = "{"
        self.assertIn("Cannot be mapped", self.mapping.preview_result)

    def test_approved_is_frozen(self):
        with self.assertRaises(ValidationError):
            self.mapping.row_ids[0].target = "other"
        version = self.env["dist.mapping"].browse(self.mapping.action_new_version()["res_id"])
        self.assertEqual((version.version, version.state, len(version.row_ids)), (2, "draft", 3))

    def test_bad_rows(self):
        draft = self.env["dist.mapping"].browse(self.mapping.action_new_version()["res_id"])
        with self.assertRaises(ValidationError):
            draft.row_ids[0].source = "a["
