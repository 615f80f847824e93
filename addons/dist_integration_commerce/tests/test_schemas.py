import json
from pathlib import Path

from odoo.tests import TransactionCase, tagged

from odoo.addons.dist_integration_base.lib.schema import compile_schema

SCHEMAS = Path(__file__).parents[1] / "schemas"
TYPES = {
    "customer.upsert": "in",
    "order.submit": "in",
    "order.change": "in",
    "order.cancel": "in",
    "quotation.submit": "in",
    "quotation.order": "in",
    "return.submit": "in",
    "hold.create": "in",
    "hold.release": "in",
    "order.confirmed": "out",
    "order.held": "out",
    "order.cancelled": "out",
    "order.changed": "out",
    "order.shipped": "out",
    "order.milestone": "out",
    "return.received": "out",
    "availability.changed": "out",
    "invoice.posted": "out",
    "invoice.paid": "out",
    "invoice.cancelled": "out",
}


@tagged("post_install", "-at_install")
class TestSchemas(TransactionCase):
    def test_examples(self):
        """G3: every schema has an example that fits it, says what it is, and is closed."""
        files = sorted(SCHEMAS.glob("*.json"))
        self.assertGreaterEqual(len(files), 16)
        for file in files:
            with self.subTest(file=file.name):
                schema = json.loads(file.read_text())
                self.assertTrue(schema["title"] and schema["description"])
                self.assertIs(schema["additionalProperties"], False)
                self.assertTrue(schema["examples"])
                for example in schema["examples"]:
                    self.assertEqual(compile_schema(schema).errors(example), [])

    def test_objects_are_closed_and_described(self):
        """G3: no object takes unknown members, no text or list is without a limit."""

        def walk(node, path):
            if isinstance(node, dict):
                if node.get("type") == "object":
                    self.assertIs(node.get("additionalProperties"), False, path)
                if node.get("type") == "string" and not {"enum", "format", "pattern"} & set(node):
                    self.assertIn("maxLength", node, path)
                if node.get("type") == "array":
                    self.assertIn("maxItems", node, path)
                for key, value in node.items():
                    if key != "examples":
                        walk(value, f"{path}/{key}")

        for file in SCHEMAS.glob("*.json"):
            walk(json.loads(file.read_text()), file.name)

    def test_message_types(self):
        """G3: the catalogue holds every type of this addon, in an active version."""
        for code, direction in TYPES.items():
            with self.subTest(code=code):
                message_type = self.env["dist.message.type"]._get_by_code(code)
                self.assertEqual(message_type.direction, direction)
                version = message_type._get_default_version()
                self.assertEqual((version.number, version.state), (1, "active"))
                self.assertTrue(version._get_schema()["properties"])
                self.assertTrue(version.example)
                if direction == "in":
                    self.assertTrue(version._get_answer_schema()["properties"])

    def test_openapi(self):
        """M4: every route is described, with its schemas, and every event as a webhook."""
        document = self.env["dist.openapi"]._get_document()
        for path, methods in {
            "/dist/v1/customers/{external_id}": {"get", "put"},
            "/dist/v1/orders": {"get", "post"},
            "/dist/v1/orders/bulk": {"post"},
            "/dist/v1/orders/{reference}": {"get"},
            "/dist/v1/orders/changes": {"post"},
            "/dist/v1/orders/cancellations": {"post"},
            "/dist/v1/quotations": {"post"},
            "/dist/v1/quotations/orders": {"post"},
            "/dist/v1/returns": {"post"},
            "/dist/v1/availability/query": {"post"},
            "/dist/v1/invoices": {"get"},
            "/dist/v1/invoices/{number}": {"get"},
            "/dist/v1/invoices/{number}/pdf": {"get"},
        }.items():
            with self.subTest(path=path):
                self.assertLessEqual(methods, set(document["paths"][path]))
                for method in methods:
                    operation = document["paths"][path][method]
                    self.assertTrue(operation["summary"])
                    self.assertTrue(operation["tags"])
        for code, direction in TYPES.items():
            if direction == "out":
                self.assertIn(code, document["webhooks"])
