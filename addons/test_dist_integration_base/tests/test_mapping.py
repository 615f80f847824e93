from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DistHttpCase

from .people import PeopleMixin

ROWS = [
    {"target": "external_id", "source": "nr", "required": True},
    {"target": "name", "source": "firma.name", "converter": "text"},
    {"target": "country", "source": "land", "code_map": "their_country"},
]


@tagged("post_install", "-at_install")
class TestMapping(PeopleMixin, DistHttpCase):
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
        """G4: nothing of an approved mapping is written, added or deleted, by whichever door; what is tried is."""
        mapping, row = self.mapping, self.mapping.row_ids[0]
        other = mapping.browse(mapping.action_new_version()["res_id"])
        rows = self.env["dist.mapping.row"]
        for change in (
            lambda: row.write({"target": "other"}),
            lambda: row.write({"sequence": 99}),
            lambda: row.write({"parent_target": "lines"}),
            lambda: row.write({"mapping_id": other.id}),
            lambda: other.row_ids[0].write({"mapping_id": mapping.id}),
            lambda: rows.create({"mapping_id": mapping.id, "target": "ref", "source": "x"}),
            row.unlink,
            lambda: row.copy({"target": "ref"}),
            lambda: mapping.write({"row_ids": [Command.create({"target": "ref", "source": "x"})]}),
            lambda: mapping.write({"row_ids": [Command.update(row.id, {"source": "x"})]}),
            lambda: mapping.write({"row_ids": [Command.clear()]}),
            lambda: mapping.write({"row_ids": [Command.link(other.row_ids[0].id)]}),
            lambda: mapping.write({"name": "Other"}),
            lambda: mapping.write({"system_id": self._make_system("Second")[0].id}),
            lambda: mapping.write({"version": 7}),
            lambda: mapping.write({"state": "draft"}),
            mapping.unlink,
            lambda: other.write({"row_ids": [Command.update(row.id, {"source": "x"})]}),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                change()
            self.env.invalidate_all()
        mapping.preview_source = "{}"
        self.assertEqual((len(mapping.row_ids), row.target), (3, "external_id"))

    def test_new_version(self):
        """G4: another content is a new version, a draft without what was tried; it asks for no right to change the
        approved one.
        """
        self.mapping.preview_source = '{"nr": "secret"}'
        manager = self._make_people()["manager"]
        action = self.mapping.with_user(manager).action_new_version()
        version = self.env["dist.mapping"].browse(action["res_id"])
        self.assertEqual((version.version, version.state, len(version.row_ids)), (2, "draft", 3))
        self.assertFalse(version.preview_source)
        version.row_ids[0].with_user(manager).source = "number"
        self.assertEqual(self.mapping.row_ids[0].source, "nr")

    def test_starts_as_draft(self):
        """G4: a mapping is a draft whatever created it, and is approved only with rows."""
        values = {
            "name": "Other",
            "system_id": self.system.id,
            "message_type_id": self.mapping.message_type_id.id,
            "state": "approved",
        }
        mapping = self.env["dist.mapping"].create({**values, "row_ids": [Command.create(ROWS[0])]})
        empty = self.env["dist.mapping"].create({**values, "name": "Empty"})
        fields = ["name", "system_id/.id", "message_type_id/.id", "state", "row_ids/target", "row_ids/source"]
        row = ["Loaded", str(self.system.id), str(mapping.message_type_id.id), "approved", "name", "n"]
        loaded = self.env["dist.mapping"].load(fields, [row])
        self.assertFalse([message for message in loaded["messages"] if message["type"] == "error"])
        copied = self.mapping.copy({"name": "Copied", "state": "approved"})
        drafts = mapping + empty + copied + mapping.browse(loaded["ids"])
        self.assertEqual(set(drafts.mapped("state")), {"draft"})
        with self.assertRaisesRegex(ValidationError, "no rows"):
            empty.action_approve()

    def test_retired(self):
        """G4: a mapping that a flow uses is not retired; one that is none uses can come back, as it was."""
        with self.assertRaisesRegex(UserError, "used by"):
            self.mapping.action_retire()
        self.system.flow_ids.mapping_id = False
        self.mapping.action_retire()
        with self.assertRaises(UserError):
            self.mapping.row_ids[0].source = "x"
        with self.assertRaises(UserError):
            self.mapping.state = "draft"
        self.mapping.action_approve()

    def test_bad_rows(self):
        draft = self.env["dist.mapping"].browse(self.mapping.action_new_version()["res_id"])
        with self.assertRaises(ValidationError):
            draft.row_ids[0].source = "a["
