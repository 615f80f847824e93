import json
from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields, http
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.dist_integration_base.controllers import api
from odoo.addons.dist_integration_base.tests.common import DistHttpCase

ONE = {"external_id": "P-1", "name": "Fieldmart"}


@tagged("post_install", "-at_install")
class TestApi(DistHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system, cls.client, cls.key = cls._make_system(
            scopes=["test:write", "test:read"], message_types=["partner.submit"]
        )

    def _partners(self, name="Fieldmart"):
        return self.env["res.partner"].search([("name", "=", name)])

    def test_submit(self):
        """M4: a message is stored, applied and answered in one call."""
        response = self._call("POST", "/test/partners", ONE, self.key)
        self.assertEqual(response.status_code, 200, response.text)
        partner = self._partners()
        self.assertEqual(response.json(), {"status": "accepted", "partner_id": partner.id})
        message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
        self.assertEqual((message.state, message.res_id, message.business_key), ("done", partner.id, "P-1"))
        self.assertEqual(message.attempt_ids.outcome, "success")
        self.assertEqual(partner.create_uid, self.client.user_id)

    def test_same_key_same_answer(self):
        """M5: the same key and body have one effect and one answer."""
        first = self._call("POST", "/test/partners", ONE, self.key, Idempotency_Key="k1")
        again = self._call("POST", "/test/partners", ONE, self.key, Idempotency_Key='"k1"')
        self.assertEqual(first.json(), again.json())
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assertEqual(len(self._partners()), 1)
        self.assertEqual(first.headers["Message-Id"], again.headers["Message-Id"])

    def test_same_key_other_body(self):
        """M5: a key that came with another body is refused."""
        self._call("POST", "/test/partners", ONE, self.key, Idempotency_Key="k1")
        other = self._call("POST", "/test/partners", {**ONE, "name": "Other"}, self.key, Idempotency_Key="k1")
        self.assertEqual((other.status_code, other.json()["code"]), (422, "idempotency_key_reused"))
        self.assertFalse(self._partners("Other"))

    def test_put_is_never_a_replay(self):
        """M5: putting A, B and A again ends with A."""
        for name in ("A", "B", "A"):
            response = self._call("PUT", "/test/partners/P-9", {"name": name}, self.key)
            self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(len(self._partners("A")), 1)

    def test_path_and_body_differ(self):
        response = self._call("PUT", "/test/partners/P-9", {"external_id": "P-8", "name": "A"}, self.key)
        self.assertEqual((response.status_code, response.json()["code"]), (422, "path_and_body_differ"))

    def test_every_schema_error_is_named(self):
        """M4: problem+json with a pointer for every error."""
        response = self._call("POST", "/test/partners", {"name": "", "extra": 1, "credit": "1,5"}, self.key)
        self.assertEqual(response.status_code, 422)
        self.assertIn("application/problem+json", response.headers["Content-Type"])
        pointers = {error["pointer"] for error in response.json()["errors"]}
        self.assertEqual(pointers, {"/external_id", "/name", "/extra", "/credit"})
        message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
        self.assertEqual(message.state, "dead")
        self.assertEqual(message.exception_id.category, "validation")
        self.assertFalse(message.business_key)

    def test_document_that_does_not_fit_is_named(self):
        """X1: which document is meant is seen in the list, though the rest of it does not fit."""
        for named, key in (("P-7", "P-7"), (7, False), ("P" * 500, False)):
            response = self._call("POST", "/test/partners", {"external_id": named, "name": ""}, self.key)
            message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
            self.assertEqual((message.state, message.business_key), ("dead", key))

    def test_unreadable(self):
        """M4: what is not JSON is refused in words, and kept."""
        for body in (
            b"",
            b"{",
            b'{"a": NaN}',
            b"\xff",
            b'{"a": 1, "a": 2}',
            b"[" * 100000,
            b'{"name": "\\u0000"}',
        ):
            response = self._call("POST", "/test/partners", body, self.key)
            self.assertEqual(
                (response.status_code, response.json()["code"]), (400, "unreadable_message"), body[:20]
            )
        self.assertTrue(self.env["dist.exception"].search([("category", "=", "decode")]))

    def test_no_key(self):
        """G8: every call needs a key."""
        for key in (None, "nonsense", self.key[:-1], self.key + "x"):
            response = self._call("POST", "/test/partners", ONE, key)
            self.assertEqual(response.status_code, 401)
            self.assertIn("WWW-Authenticate", response.headers)

    def test_service_user_left(self):
        """G8: the key of a service user who is archived opens nothing."""
        self.client.user_id.active = False
        self.assertEqual(self._call("GET", "/test/partners", key=self.key).status_code, 401)

    def test_found_by_code(self):
        """M2: scopes and message types are found by the codes that refusals and documents name."""
        for model, code in (("dist.api.scope", "test:write"), ("dist.message.type", "partner.submit")):
            self.assertEqual(len(self.env[model].name_search(code)), 1)

    def test_two_keys_while_rotating(self):
        """G8: the former key works until its overlap ends."""
        newer = self.client._generate_key()
        for key in (self.key, newer):
            self.assertEqual(self._call("GET", "/test/partners", key=key).status_code, 200)
        former = self.client.key_ids.sorted("id")[0]
        self.assertTrue(former.expires_at)
        former.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.assertEqual(self._call("GET", "/test/partners", key=self.key).status_code, 401)
        self.client.key_ids.sorted("id")[1].action_revoke()
        self.assertEqual(self._call("GET", "/test/partners", key=newer).status_code, 401)

    def test_two_keys_at_most(self):
        """G8: of the keys before the newest, one is left for the overlap."""
        second = self.client._generate_key()
        third = self.client._generate_key()
        statuses = [
            self._call("GET", "/test/partners", key=key).status_code for key in (self.key, second, third)
        ]
        self.assertEqual(statuses, [401, 200, 200])

    def test_options_does_nothing(self):
        """M4: whoever asks what a path takes is told; nothing happens."""
        response = self._call("OPTIONS", "/test/partners", ONE, self.key)
        self.assertEqual((response.status_code, response.content), (204, b""))
        self.assertEqual(response.headers["Allow"], "GET, OPTIONS, POST")
        self.assertFalse(self._partners())

    def test_scope(self):
        """G8: a key only does what its scopes allow."""
        self.client.scope_ids = self.env["dist.api.scope"].search([("code", "=", "test:read")])
        response = self._call("POST", "/test/partners", ONE, self.key)
        self.assertEqual((response.status_code, response.json()["code"]), (403, "scope_missing"))

    def test_address(self):
        """G8: a key is only accepted from its ranges."""
        self.client.allowed_networks = "203.0.113.0/24"
        response = self._call("GET", "/test/partners", key=self.key)
        self.assertEqual((response.status_code, response.json()["code"]), (403, "address_refused"))
        self.client.allowed_networks = "127.0.0.0/8"
        self.assertEqual(self._call("GET", "/test/partners", key=self.key).status_code, 200)

    def test_rate(self):
        """G8, M4: the limit is told and kept."""
        self.client.write({"rate_per_minute": 6, "burst": 2})
        self.assertIn("RateLimit-Policy", self._call("GET", "/test/partners", key=self.key).headers)
        self.assertEqual(self._call("GET", "/test/partners", key=self.key).status_code, 200)
        refused = self._call("GET", "/test/partners", key=self.key)
        self.assertEqual(refused.status_code, 429)
        self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)

    def test_inactive_flow(self):
        """G3: nothing moves on a flow that is not active."""
        self.system.flow_ids.state = "retired"
        response = self._call("POST", "/test/partners", ONE, self.key)
        self.assertEqual((response.status_code, response.json()["code"]), (403, "flow_inactive"))

    def test_etag(self):
        """M4: unchanged answers 304, a change of something unseen 412."""
        self._call("PUT", "/test/partners/P-1", {"name": "A"}, self.key)
        etag = self._call("GET", "/test/partners/P-1", key=self.key).headers["ETag"]
        same = self._call("GET", "/test/partners/P-1", key=self.key, If_None_Match=etag)
        self.assertEqual((same.status_code, same.content), (304, b""))
        stale = self._call("PUT", "/test/partners/P-1", {"name": "B"}, self.key, If_Match='"other"')
        self.assertEqual(stale.status_code, 412)
        fresh = self._call("PUT", "/test/partners/P-1", {"name": "B"}, self.key, If_Match=etag)
        self.assertEqual(fresh.status_code, 200)
        exists = self._call("PUT", "/test/partners/P-1", {"name": "C"}, self.key, If_None_Match="*")
        self.assertEqual(exists.status_code, 412)

    def test_weak_etag(self):
        """M4: a version marked as weak is never the one to change, but it is the one that was read (RFC 9110 13.1)."""

        def put(name, tag):
            return self._call("PUT", "/test/partners/P-1", {"name": name}, self.key, If_Match=tag).status_code

        self._call("PUT", "/test/partners/P-1", {"name": "A"}, self.key)
        etag = self._call("GET", "/test/partners/P-1", key=self.key).headers["ETag"]
        self.assertEqual(put("B", f"W/{etag}"), 412)
        self.assertEqual(put("B", f'"other", W/{etag}'), 412)
        same = self._call("GET", "/test/partners/P-1", key=self.key, If_None_Match=f"W/{etag}")
        self.assertEqual(same.status_code, 304)
        self.assertEqual(put("B", f'W/"other", {etag}'), 200)

    def test_pages(self):
        """M4: keyset pages hold everything once."""
        for number in range(5):
            self._call("PUT", f"/test/partners/P-{number}", {"name": f"N{number}"}, self.key)
        names, cursor = [], ""
        while cursor is not None:
            page = self._call("GET", f"/test/partners?limit=2{cursor}", key=self.key).json()
            names += [item["name"] for item in page["items"]]
            cursor = page["next"] and f"&cursor={page['next']}"
        self.assertEqual(names, [f"N{number}" for number in range(5)])
        forged = self._call("GET", "/test/partners?cursor=abc", key=self.key)
        self.assertEqual((forged.status_code, forged.json()["code"]), (400, "invalid_cursor"))

    def test_parameters(self):
        for query in (
            "limit=0",
            "limit=x",
            "limit=1e3",
            "nonsense=1",
            "limit=-5",
            "limit=--5",
            "limit=99999999999999999999",
        ):
            response = self._call("GET", f"/test/partners?{query}", key=self.key)
            self.assertEqual(response.status_code, 400, query)

    def test_bulk(self):
        """M4: bulk answers per item; one that is wrong does not stop the others."""
        items = [
            ONE,
            {"external_id": "P-2"},
            {"external_id": "P-3", "name": "Blocked"},
            {"external_id": "P-4", "name": "D"},
        ]
        response = self._call("POST", "/test/partners/bulk", {"items": items}, self.key)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual([item["status"] for item in response.json()["items"]], [200, 422, 422, 200])
        self.assertEqual(len(self._partners()), 1)
        self.assertFalse(self._partners("Blocked"))
        self.assertEqual(self._call("POST", "/test/partners/bulk", {"items": []}, self.key).status_code, 422)

    def test_bulk_with_corrected_item(self):
        """M4, M6: an item that was corrected is answered once, with what became of it."""
        body = {"items": [{"external_id": "P-3", "name": "Blocked"}, {"external_id": "P-4", "name": "D"}]}
        key = {"Idempotency_Key": "corrected"}
        self._call("POST", "/test/partners/bulk", body, self.key, **key)
        parent = self.env["dist.message"].search([("idempotency_key", "like", "corrected")])
        for name, status in (("Ambiguous", 202), ("Free", 200)):
            item = parent.child_ids.filtered(lambda message: message.item_index == 0).sorted("id")[-1]
            item._resubmit(json.dumps({"external_id": "P-3", "name": name}))
            self.env.invalidate_all()
            answer = self._call("POST", "/test/partners/bulk", body, self.key, **key).json()
            told = [(item["index"], item["status"]) for item in answer["items"]]
            self.assertEqual(told, [(0, status), (1, 200)])
        self.assertEqual(answer["items"][0]["answer"]["status"], "accepted")

    def test_bulk_taken_up_again(self):
        """M4, M8: of a bulk call that a crash cut off before its items were stored, each item has its effect once."""
        body, key = {"items": [ONE, {"external_id": "P-4", "name": "D"}]}, {"Idempotency_Key": "cut-off"}
        cut_off = psycopg2.OperationalError("terminating connection due to administrator command")
        with (
            patch.object(self.registry["dist.message"], "_store_items", side_effect=cut_off),
            mute_logger("odoo.addons.dist_integration_base.controllers.api"),
        ):
            self.assertEqual(
                self._call("POST", "/test/partners/bulk", body, self.key, **key).status_code, 503
            )
        parent = self.env["dist.message"].search([("idempotency_key", "like", "cut-off")])
        parent.next_attempt_at = fields.Datetime.now() - timedelta(seconds=1)
        self.env.flush_all()
        self.env["dist.message"]._job_process_inbox(parent.criticality)
        self.env.invalidate_all()
        self.assertEqual((parent.state, parent.child_ids.mapped("state")), ("done", ["done", "done"]))
        again = self._call("POST", "/test/partners/bulk", body, self.key, **key)
        self.assertEqual([item["status"] for item in again.json()["items"]], [200, 200], again.text)
        self.assertEqual(len(parent.child_ids), 2)
        self.assertEqual(len(self._partners()), 1)

    def test_keys_of_items_are_their_own(self):
        """M4: whatever keys a caller chooses, none is that of an item."""
        bodies = [{"items": [{"external_id": f"K-{number}", "name": "K"}]} for number in range(4)]
        for key, body in zip(("K#0", "K", "Q", "Q#0"), bodies, strict=True):
            response = self._call("POST", "/test/partners/bulk", body, self.key, Idempotency_Key=key)
            self.assertEqual(response.status_code, 200, response.text)

    def test_keys_of_paths_are_their_own(self):
        """M4: a key is the caller's within one path, whatever stands in that."""
        for path, key in (("one", "b c"), ("one%20b", "c")):
            response = self._call(
                "PUT", f"/test/partners/{path}", {"name": "One"}, self.key, Idempotency_Key=key
            )
            self.assertEqual(response.status_code, 200, response.text)

    def test_bulk_ends_with_its_last_item(self):
        """M4: a bulk call is done when the item that had to be tried again is."""
        self._call("POST", "/test/partners/bulk", {"items": [{"external_id": "E1", "name": "One"}]}, self.key)
        item = self.env["dist.message"].sudo().search([("parent_id", "!=", False)], order="id desc", limit=1)
        now = fields.Datetime.now()
        item.write({"state": "retry", "next_attempt_at": now - timedelta(seconds=1)})
        item.parent_id.write({"state": "pending", "next_attempt_at": now + timedelta(minutes=2)})
        self.env.flush_all()
        self.env["dist.message"].sudo()._job_process_inbox(item.criticality)
        self.env.invalidate_all()
        self.assertEqual((item.state, item.parent_id.state), ("done", "done"))

    def test_later(self):
        """M4: 202 with an operation to poll."""
        response = self._call("POST", "/test/partners", ONE, self.key, Prefer="respond-async")
        self.assertEqual(response.status_code, 202)
        path = response.headers["Location"].removeprefix("/dist/v1")
        self.assertEqual(self._call("GET", path, key=self.key).json()["status"], "in_progress")
        self.assertFalse(self._partners())
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        done = self._call("GET", path, key=self.key).json()
        self.assertEqual((done["status"], done["answer"]["status"]), ("succeeded", "accepted"))

    def test_operation_of_another(self):
        """G8: a client sees only its own messages."""
        response = self._call("POST", "/test/partners", ONE, self.key)
        _system, _client, other = self._make_system("Other", scopes=["test:read"])
        path = f"/operations/{response.headers['Message-Id']}"
        self.assertEqual(self._call("GET", path, key=self.key).status_code, 200)
        self.assertEqual(self._call("GET", path, key=other).status_code, 404)

    def test_nothing_here(self):
        """M4: unknown paths and methods answer in the API's words."""
        self.assertEqual(self._call("GET", "/nothing", key=self.key).json()["code"], "not_found")
        wrong = self._call("DELETE", "/test/partners", key=self.key)
        self.assertEqual((wrong.status_code, wrong.headers["Allow"]), (405, "GET, POST"))

    def test_media_type_and_size(self):
        """M4: what is no JSON, or too large, whether it says so or not, is refused."""
        form = self._call(
            "POST", "/test/partners", b"a=1", self.key, Content_Type="application/x-www-form-urlencoded"
        )
        self.assertEqual(form.status_code, 415)
        large = self._call("POST", "/test/partners", b" " * 1_000_001, self.key)
        self.assertEqual(large.status_code, 413)
        unsaid = self._call("POST", "/test/partners", iter([b" " * 600_000] * 2), self.key)
        self.assertEqual((unsaid.status_code, unsaid.json()["code"]), (413, "too_large"))
        fitting = self._call("POST", "/test/partners", iter([json.dumps(ONE).encode()]), self.key)
        self.assertEqual(fitting.status_code, 200, fitting.text)
        self.patch(http, "DEFAULT_MAX_CONTENT_LENGTH", 1_500_000)
        for path, limit in (("/test/partners", "1000000"), ("/test/partners/bulk", str(api.MAX_BULK_BODY))):
            refused = self._call("POST", path, b" " * 1_600_000, self.key)
            self.assertEqual((refused.status_code, refused.json()["code"]), (413, "too_large"), path)
            self.assertIn(limit, refused.json()["detail"])

    def test_trace(self):
        """M10: the caller's trace goes on."""
        traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        response = self._call("POST", "/test/partners", ONE, self.key, traceparent=traceparent)
        self.assertEqual(response.headers["Trace-Id"], "4bf92f3577b34da6a3ce929d0e0e4736")
        message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
        self.assertEqual(message.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736")

    def test_openapi(self):
        """M4, G3: the served description is OpenAPI 3.1 with routes and webhooks."""
        document = self._call("GET", "/openapi.json").json()
        self.assertEqual(document["openapi"][:3], "3.1")
        self.assertIn("post", document["paths"]["/dist/v1/test/partners"])
        self.assertIn("/dist/v1/test/partners/bulk", document["paths"])
        self.assertIn("partner.changed", document["webhooks"])

    def test_openapi_headers(self):
        """M4: the description names the headers that an answer carries, and no others."""
        paths = self._call("GET", "/openapi.json").json()["paths"]

        def described(path, method):
            return set(paths[f"/dist/v1/test/partners{path}"][method]["responses"]["200"]["headers"])

        for number in range(2):
            put = self._call("PUT", f"/test/partners/P-{number}", {"name": "A"}, self.key)
        page = self._call("GET", "/test/partners?limit=1", key=self.key)
        one = self._call("GET", "/test/partners/P-1", key=self.key)
        for response, path, method in (
            (put, "/{external_id}", "put"),
            (page, "", "get"),
            (one, "/{external_id}", "get"),
        ):
            sent = {name for name in ("Trace-Id", "Message-Id", "Link", "ETag") if name in response.headers}
            self.assertEqual(described(path, method), sent, (path, method))

    def test_sunset(self):
        """G3: the end of a version is announced, and kept."""
        version = self.system.flow_ids._get_version()
        version.sunset_date = fields.Date.today() + timedelta(days=30)
        response = self._call("POST", "/test/partners", ONE, self.key)
        self.assertIn("Sunset", response.headers)
        version.sunset_date = fields.Date.today() - timedelta(days=1)
        refused = self._call("POST", "/test/partners", {**ONE, "name": "Later"}, self.key)
        self.assertEqual((refused.status_code, refused.json()["code"]), (400, "version_not_served"))

    def test_docs(self):
        """M4: a readable page that needs nothing from elsewhere."""
        response = self._call("GET", "/docs")
        self.assertEqual(response.status_code, 200, response.text[:500])
        self.assertIn("/dist/v1/test/partners", response.text)
        for told in ("Unprocessable", "Idempotency-Key", "header"):
            self.assertIn(told, response.text)
        self.assertNotIn("src=", response.text)
        self.assertNotIn("url(", response.text)
        self.assertNotRegex(response.text, r"""href\s*=\s*["']?(?:[a-z]+:)?//""")
