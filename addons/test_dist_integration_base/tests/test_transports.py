import json
import sys
from unittest import mock

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DistCase, Receiver, remove_flow
from odoo.addons.dist_integration_base.tests.folders import FolderMixin

from .people import PeopleMixin

# made for this test, opens nothing
SSH_KEY = """-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
-----END OPENSSH PRIVATE KEY-----
"""


@tagged("post_install", "-at_install")
class TestTransports(PeopleMixin, FolderMixin, DistCase):
    """Outbound by another way than a webhook; the drivers themselves are tested against real servers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.system, cls.client, _key = cls._make_system()
        cls.partner = cls.env["res.partner"].create({"name": "Nordwind"})

    def setUp(self):
        super().setUp()
        self.base = self._open_base()

    def _emit(self, endpoint):
        flow = endpoint.flow_ids or self._make_flow(self.system, "partner.changed", endpoint_id=endpoint.id)
        self.partner._dist_emit("partner.changed")
        self._commit_events()
        return self.env["dist.message"].search([("flow_id", "=", flow.id)], order="id desc", limit=1)

    def _deliver(self, endpoint):
        message = self._emit(endpoint)
        self._drain(endpoint)
        return message

    def test_folder(self):
        """M9: a message is a file, complete under its final name."""
        endpoint, path = self._make_folder_endpoint(self.system, self.base, "out")
        message = self._deliver(endpoint)
        (file,) = path.iterdir()
        self.assertEqual(file.name, f"partner.changed-{message.uuid}.json")
        document = json.loads(file.read_bytes())
        self.assertEqual((document["type"], document["data"]["name"]), ("partner.changed", "Nordwind"))
        self.assertEqual((message.state, message.attempt_ids.response_excerpt), ("done", file.name))

    def test_folder_formats(self):
        """M3, M9: as an envelope, as a CloudEvent, or the document alone."""
        for content, expected in (
            ("envelope", "partner.changed"),
            ("cloudevents", "com.example.partner.changed.v1"),
            ("data", None),
        ):
            endpoint, path = self._make_folder_endpoint(
                self.system, self.base, content, content=content, event_prefix="com.example"
            )
            endpoint.file_name = "{key}_{sequence}_{date}_{id}.json"
            message = self._deliver(endpoint)
            (file,) = path.iterdir()
            document = json.loads(file.read_bytes())
            self.assertEqual(document.get("type"), expected)
            data = document if content == "data" else document["data"]
            self.assertEqual(data["name"], "Nordwind")
            self.assertNotIn("/", file.name)
            self.assertIn(message.uuid, file.name)
            remove_flow(endpoint.flow_ids)

    def test_cloudevents_over_http(self):
        """M3: structured mode over HTTP, signed like any webhook."""
        with Receiver() as receiver:
            endpoint = self._make_endpoint(self.system, receiver.url, content="cloudevents")
            message = self._deliver(endpoint)
        headers, body = receiver.calls[0]
        event = json.loads(body)
        self.assertEqual(headers["Content-Type"], "application/cloudevents+json; charset=utf-8")
        self.assertEqual((event["specversion"], event["id"]), ("1.0", message.event_id.uuid))
        self.assertEqual(event["partitionkey"], message.ordering_key)
        self.assertTrue(event["source"].endswith(f"/odoo/{self.env.cr.dbname}/{self.system.company_id.id}"))
        self.assertEqual(headers["webhook-id"], message.uuid)

    def test_folder_is_not_there(self):
        """M7, M9: a message waits until the folder is there; the owner of the endpoint is told why."""
        endpoint, path = self._make_folder_endpoint(self.system, self.base, "out")
        path.rmdir()
        message = self._deliver(endpoint)
        self.assertEqual((message.state, message.error_code), ("retry", "file"))
        path.mkdir()
        message.sudo().next_attempt_at = "2020-01-01"
        self._drain(endpoint)
        self.assertEqual(message.state, "done")

    def test_no_base_folder(self):
        """M9: no folder of the server is open unless its configuration says which."""
        endpoint, _path = self._make_folder_endpoint(self.system, self.base, "out")
        with mock.patch(
            "odoo.addons.dist_integration_base.models.dist_endpoint_transport.get_config_section",
            lambda name: {},
        ):
            message = self._deliver(endpoint)
            with self.assertRaisesRegex(UserError, "folder_base"):
                endpoint.action_test_connection()
        self.assertEqual((message.state, message.error_code), ("retry", "no_folder_base"))
        self.assertEqual(len(endpoint.activity_ids), 1, "it needs a person")

    def test_driver_is_missing(self):
        """M9: without its driver a transport says so on the form and in the test; nothing is lost."""
        endpoint = self._make_endpoint(self.system, "amqp://127.0.0.1", transport="amqp")
        with mock.patch.dict(sys.modules, {"pika": None}):
            endpoint.invalidate_recordset()
            self.assertIn("pip install pika", endpoint.missing_driver)
            with self.assertRaisesRegex(UserError, "pip install pika"):
                endpoint.action_test_connection()
            message = self._deliver(endpoint)
        self.assertEqual(message.state, "pending")
        self.assertIn("pika", endpoint.last_error)
        self.assertEqual(len(endpoint.activity_ids), 1)
        endpoint.invalidate_recordset()
        self.assertFalse(endpoint.missing_driver)

    def test_broker_is_away(self):
        """M3, M7: a broker that is not there defers, with the breaker's pause."""
        endpoint = self._make_endpoint(
            self.system, "amqp://127.0.0.1:9", transport="amqp", timeout=1, breaker_threshold=1
        )
        message = self._deliver(endpoint)
        self.assertEqual((message.state, message.error_code), ("retry", "connect"))
        self.assertEqual(endpoint.breaker_state, "open")

    def test_private_address(self):
        """M9: addresses are checked whatever the transport."""
        for transport, url in (
            ("amqp", "amqp://127.0.0.1"),
            ("kafka", "127.0.0.1:9092"),
            ("sftp", "sftp://127.0.0.1/out"),
        ):
            endpoint = self._make_endpoint(
                self.system,
                url,
                transport=transport,
                allowed_networks=False,
                host_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g",
            )
            with self.assertRaisesRegex(UserError, "may not be called", msg=transport):
                endpoint.action_test_connection()

    def test_addresses_are_checked_when_saved(self):
        """M9: an address that cannot work is refused in words, not at night."""
        for transport, url in (
            ("http", "ftp://partner"),
            ("amqp", "https://broker"),
            ("amqp", "amqps://user:secret@broker"),
            ("kafka", "broker:x"),
            ("sftp", "partner.example/out"),
            ("folder", "../../etc"),
            ("folder", "/etc"),
        ):
            with self.assertRaises(ValidationError, msg=url):
                self._make_endpoint(self.system, url, transport=transport)

    def test_templates_are_checked_when_saved(self):
        endpoint, _path = self._make_folder_endpoint(self.system, self.base, "out")
        for name in ("{type}.json", "{id}/{type}", "{nonsense}-{id}"):
            with self.assertRaises(ValidationError, msg=name):
                endpoint.file_name = name
        broker = self._make_endpoint(self.system, "amqp://broker", transport="amqp")
        with self.assertRaises(ValidationError):
            broker.routing_key = "{secret}"

    def test_credentials(self):
        """G7: keys are checked when they are saved, stored encrypted and not shown."""
        credentials = self.env["dist.credential"]
        for kind in ("certificate", "ssh_key"):
            credential = credentials.create({"name": kind, "system_id": self.system.id, "kind": kind})
            with self.assertRaises(ValidationError):
                credential.pem = SSH_KEY
            self.assertFalse(credential.version_ids)
        client = credentials.create(
            {
                "name": "OAuth",
                "system_id": self.system.id,
                "kind": "oauth_client",
                "username": "odoo",
                "secret": "s3cret",
            }
        )
        endpoint = self._make_endpoint(
            self.system,
            "https://partner.example",
            auth_type="oauth2",
            credential_id=client.id,
            oauth_token_url="https://partner.example/token",
        )
        settings = endpoint._get_transport_settings()
        self.assertEqual((settings.oauth.client_id, settings.oauth.client_secret), ("odoo", "s3cret"))
        self.assertNotIn("s3cret", repr(settings))
        with self.assertRaises(ValidationError):
            endpoint.oauth_token_url = False

    def test_rotated_secret_reaches_a_running_drain(self):
        """G7: settings are compared between batches, so a change takes effect with the next."""
        endpoint = self._make_endpoint(self.system, "http://127.0.0.1:9")
        before = endpoint._get_transport_settings()
        self.assertEqual(before, endpoint._get_transport_settings())
        endpoint.timeout = 3
        self.assertNotEqual(before, endpoint._get_transport_settings())

    def test_host_key_is_approved_by_a_person(self):
        """M9: the fingerprint is shown for comparison; approving writes the key."""
        key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
        endpoint = self._make_endpoint(self.system, "sftp://127.0.0.1/out", transport="sftp")
        wizard = self.env["dist.host.key"].create({"endpoint_id": endpoint.id, "host_key": key})
        self.assertTrue(wizard.shown_fingerprint.startswith("SHA256:"))
        self.assertFalse(wizard.approved_fingerprint)
        wizard.action_approve()
        self.assertEqual(endpoint.host_key, key)
        self.assertEqual(endpoint.host_key_fingerprint, wizard.shown_fingerprint)
        with self.assertRaises(ValidationError):
            endpoint.host_key = "ssh-ed25519 nonsense"
        operator = self.people["operator"]
        with self.assertRaises(AccessError):
            endpoint.with_user(operator).action_fetch_host_key()
        with self.assertRaises(AccessError):
            self.env["dist.host.key"].with_user(operator).create(
                {"endpoint_id": endpoint.id, "host_key": key}
            )
