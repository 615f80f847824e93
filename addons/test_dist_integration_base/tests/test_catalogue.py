import json

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DistCase, DistHttpCase

OPEN = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


@tagged("post_install", "-at_install")
class TestCatalogue(DistCase):
    def _version(self, number, **values):
        message_type = self.env["dist.message.type"]._get_by_code("partner.submit")
        return self.env["dist.message.type.version"].create(
            {"message_type_id": message_type.id, "number": number, "schema_text": json.dumps(OPEN), **values}
        )

    def test_not_a_schema(self):
        """G3: a schema that cannot be used is refused when it is saved."""
        for text in ("{", '{"type": "nonsense"}', "[]"):
            with self.assertRaises(ValidationError):
                self._version(2, schema_text=text)

    def test_breaking_change(self):
        """G3: a breaking change cannot be published over a version in use."""
        version = self._version(2, state="active")
        narrowed = json.dumps({**OPEN, "required": ["name", "vat"]})
        version.schema_text = narrowed
        version.schema_text = json.dumps(OPEN)
        system, _client, _key = self._make_system(message_types=["partner.submit"])
        system.flow_ids.version_id = version
        with self.assertRaises(ValidationError):
            version.schema_text = narrowed
        version.schema_text = json.dumps(
            {**OPEN, "properties": {**OPEN["properties"], "note": {"type": "string"}}}
        )

    def test_unknown_type(self):
        """G3: the catalogue only holds types that something can work with."""
        with self.assertRaises(ValidationError):
            self.env["dist.message.type"].create({"code": "no.such", "name": "X", "direction": "in"})


@tagged("post_install", "-at_install")
class TestVersions(DistHttpCase):
    def test_side_by_side(self):
        """G3: two versions are served at once; who asks for none gets the one agreed, else the oldest."""
        _system, _client, key = self._make_system(scopes=["test:write"], message_types=["partner.submit"])
        message_type = self.env["dist.message.type"]._get_by_code("partner.submit")
        schema = {
            "type": "object",
            "required": ["external_id", "name", "note"],
            "properties": {name: {"type": "string"} for name in ("external_id", "name", "note")},
        }
        self.env["dist.message.type.version"].create(
            {
                "message_type_id": message_type.id,
                "number": 2,
                "state": "active",
                "schema_text": json.dumps(schema),
            }
        )
        body = {"external_id": "V", "name": "V"}
        self.assertEqual(
            self._call("POST", "/test/partners", body, key, Idempotency_Key="1").status_code, 200
        )
        second = self._call("POST", "/test/partners", body, key, Idempotency_Key="2", Message_Version="2")
        self.assertEqual((second.status_code, second.json()["errors"][0]["pointer"]), (422, "/note"))
        third = self._call("POST", "/test/partners", body, key, Idempotency_Key="3", Message_Version="9")
        self.assertEqual(third.json()["code"], "version_not_served")
