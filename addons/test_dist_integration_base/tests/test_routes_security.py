import time
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.dist_integration_base.lib import signature
from odoo.addons.dist_integration_base.tests.common import DistHttpCase

HOSTILE = (
    b"[" * 200_000,
    b'{"a":' * 50_000,
    b'{"external_id": "\\ud800", "name": "x"}',
    b'{"external_id": "\\u0000", "name": "x"}',
    b'{"external_id": 1e999999, "name": "x"}',
    b'{"external_id": ' + b"9" * 100_000 + b"}",
    b'{"external_id": true, "name": ["x"]}',
    b'{"external_id": "a", "external_id": "b", "name": "x"}',
    b"null",
    b'"text"',
    b"\x00\x01\x02",
    "\ufeff{".encode(),
    b'{"external_id": "' + b"x" * 65 + b'", "name": "x"}',
)


@tagged("post_install", "-at_install")
class TestRoutesSecurity(DistHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system, cls.client, cls.key = cls._make_system(
            scopes=["test:write", "test:read"], message_types=["partner.submit"]
        )
        cls.routes = cls.env["dist.openapi"]._get_routes()

    def _path(self, route):
        start, _separator, rest = route.path.partition("<")
        return start + ("nothing" + rest.split(">")[-1] if rest else "")

    def _ask(self, route, key, **headers):
        body = {} if route.method in ("POST", "PUT", "PATCH") else None
        return self._call(route.method, self._path(route), body, key, **headers)

    def test_every_route_needs_a_key(self):
        """G8: no route answers without a valid key."""
        self.assertGreater(len(self.routes), 4)
        for route in self.routes:
            for key in (None, "dik_test_00000000_nothing", self.key.swapcase()):
                self.assertEqual(self._ask(route, key).status_code, 401, route.path)

    def test_every_route_needs_its_scope(self):
        """G8: a key without scopes is refused by every route that has one."""
        self.client.scope_ids = False
        scoped = [route for route in self.routes if route.scope]
        self.assertGreater(len(scoped), 3)
        for route in scoped:
            response = self._ask(route, self.key)
            self.assertEqual(
                (response.status_code, response.json()["code"]), (403, "scope_missing"), route.path
            )

    def test_every_route_refuses_an_expired_key(self):
        """G8: expired, revoked, archived: one answer."""
        self.client.key_ids.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        for route in self.routes:
            self.assertEqual(self._ask(route, self.key).status_code, 401, route.path)

    def test_every_route_refuses_another_address(self):
        """G8: a key is bound to its ranges on every route, whatever the caller claims of itself."""
        self.client.allowed_networks = "203.0.113.7/32"
        for route in self.routes:
            response = self._ask(route, self.key, X_Forwarded_For="203.0.113.7")
            self.assertEqual(
                (response.status_code, response.json()["code"]), (403, "address_refused"), route.path
            )

    def test_inactive_system(self):
        self.system.action_suspend()
        self.assertEqual(self._call("GET", "/test/partners", key=self.key).json()["code"], "system_inactive")

    def test_hostile_bodies(self):
        """M4: hostile JSON gets a clear refusal, quickly, and has no effect."""
        before = self.env["res.partner"].search_count([])
        started = time.monotonic()
        for body in HOSTILE:
            response = self._call("POST", "/test/partners", body, self.key)
            self.assertIn(response.status_code, (400, 422), body[:40])
            self.assertIn("code", response.json())
        self.assertLess(time.monotonic() - started, 30)
        self.assertEqual(self.env["res.partner"].search_count([]), before)

    def test_hostile_headers(self):
        for headers in (
            {"Idempotency_Key": "k" * 256},
            {"Message_Version": "9" * 400},
            {"If_Match": "," * 4000},
            {"traceparent": "00-" + "0" * 32 + "-" + "0" * 16 + "-01"},
            {"Prefer": "x" * 4000},
        ):
            response = self._call("PUT", "/test/partners/H", {"name": "H"}, self.key, **headers)
            self.assertLess(response.status_code, 500, headers)
        for key in ("k" * 256, "k\x7f", "k\xe9", "k\tk"):
            response = self._call("PUT", "/test/partners/H", {"name": "H"}, self.key, Idempotency_Key=key)
            self.assertEqual(
                (response.status_code, response.json()["code"]), (400, "invalid_idempotency_key"), repr(key)
            )

    def test_hostile_paths(self):
        for path in (
            "/operations/..%2f..",
            "/operations/%00",
            "/test/partners/%F0%9F%92%A9",
            "/test/partners/line%0A",
            "/operations/%19",
            "/test/partners/" + "x" * 3000,
        ):
            response = self._call("GET", path, key=self.key)
            self.assertIn(response.status_code, (400, 404), path[:40])
            self.assertRegex(response.json()["instance"], r"^[!-~]+$", "a URI reference")

    def _signed(self, body, secret, moment=None, sent=None):
        headers = signature.sign("msg_from_partner", moment or int(time.time()), body, [secret])
        return self._call("POST", "/test/partners", sent or body, self.key, **headers)

    def test_signature(self):
        """G8: where signatures are agreed, a call without a right one is refused."""
        credential = self.env["dist.credential"].create({"name": "Inbound", "system_id": self.system.id})
        secret = credential._generate()
        self.client.write({"signature_required": True, "signing_credential_id": credential.id})
        body = b'{"external_id": "S", "name": "Signed"}'
        unsigned = self._call("POST", "/test/partners", body, self.key)
        self.assertEqual((unsigned.status_code, unsigned.json()["code"]), (401, "signature_missing_header"))
        tampered = self._signed(body, secret, sent=body.replace(b"Signed", b"Forged"))
        self.assertEqual((tampered.status_code, tampered.json()["code"]), (401, "signature_no_match"))
        old = self._signed(body, secret, int(time.time()) - 3600)
        self.assertEqual(old.json()["code"], "signature_timestamp_too_old")
        early = self._signed(body, secret, int(time.time()) + 3600)
        self.assertEqual(early.json()["code"], "signature_timestamp_too_new")
        other = self._signed(body, signature.new_secret())
        self.assertEqual(other.status_code, 401)
        self.assertFalse(self.env["res.partner"].search([("name", "in", ("Signed", "Forged"))]))
        first = self._signed(body, secret)
        self.assertEqual(first.status_code, 200, first.text)
        again = self._signed(body, secret)
        self.assertEqual(
            again.headers.get("Idempotent-Replayed"), "true", "M5: the webhook-id names the message"
        )
        named = b'{"name": "Signed"}'
        headers = signature.sign("msg_put", int(time.time()), named, [secret])
        for path, status in (("S", 200), ("T", 422), ("S", 200)):
            heard = self._call("PUT", f"/test/partners/{path}", named, self.key, **headers)
            self.assertEqual(heard.status_code, status, heard.text)
        self.assertFalse(self.env["dist.binding"].search([("external_id", "=", "T")]))

    def test_other_company(self):
        """G8: what a key makes belongs to its company, whatever else exists."""
        company = self.env["res.company"].create({"name": "Second"})
        system, _client, key = self._make_system(
            "Second shop",
            scopes=["test:write", "test:read"],
            message_types=["partner.submit"],
            company_id=company.id,
        )
        self._call("PUT", "/test/partners/X", {"name": "First company"}, self.key)
        self.assertEqual(self._call("GET", "/test/partners/X", key=key).status_code, 404)
        self.assertEqual(self._call("GET", "/test/partners", key=key).json()["items"], [])
        response = self._call("PUT", "/test/partners/X", {"name": "Second company"}, key)
        message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
        self.assertEqual((message.company_id, message.system_id), (company, system))

    def test_service_user_cannot_log_in(self):
        """G8: the service account only lends its name."""
        self.client.user_id.password = "a password somebody set"
        response = self.url_open(
            "/jsonrpc",
            data=(
                '{"jsonrpc": "2.0", "method": "call", "params": {"service": "common", "method": "login", "args": '
                f'["{self.env.cr.dbname}", "{self.client.user_id.login}", "a password somebody set"]}}}}'
            ),
            headers={"Content-Type": "application/json"},
        )
        self.assertFalse(response.json().get("result"))
