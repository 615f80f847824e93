import base64
import hashlib
import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.dist_integration_base.models.dist_message_retention import SETTING
from odoo.addons.dist_integration_base.tests.common import DistCase, DistHttpCase

from .test_audit import AuditMixin

BODY = json.dumps({"external_id": "A", "name": "Anna Berg", "note": "IBAN 4711"})

# texts that stand for nobody
PLAIN = ("https://evil.example/h1234", "Change Approval", "SO12345", "WH/OUT/00012")


class ContentCase(AuditMixin, DistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.system, _client, _key = cls._make_system(message_types=["partner.submit"])
        cls.endpoint = cls._make_endpoint(cls.system, "http://127.0.0.1:9/hook")
        cls.inbound = cls.system.flow_ids
        cls.outbound = cls._make_flow(cls.system, "partner.changed", endpoint_id=cls.endpoint.id)

    def _old(self, flow=None, days=100, **values):
        moment = fields.Datetime.now() - timedelta(days=days)
        values = {"state": "done", "done_at": moment, "payload": BODY, **values}
        return self._make_message(flow or self.inbound, **values)

    def _make_event(self, name="Anna Berg"):
        partner = self.env["res.partner"].create({"name": name})
        partner._dist_emit("partner.changed")
        self._commit_events()
        return self.env["dist.event"].search([("res_model", "=", "res.partner"), ("res_id", "=", partner.id)])


@tagged("post_install", "-at_install")
class TestMasking(ContentCase):
    def test_shown_in_clear_by_a_button(self):
        """G6: whoever has the right sees content in clear for this once, and that is kept."""
        message = self._make_message(self.inbound, payload=BODY)
        clear = self.people["clear"]
        clear.groups_id += self.env.ref("dist_integration_base.group_dist_user")
        self.assertNotIn("IBAN 4711", message.with_user(clear).payload_view)
        self.assertTrue(message.with_user(clear).may_reveal)
        action = message.with_user(clear).action_reveal()
        wizard = self.env[action["res_model"]].with_user(clear).browse(action["res_id"])
        self.assertIn("IBAN 4711", wizard.content)
        entry = self._entries(message, action="unmasked")
        self.assertEqual(entry.user_id, clear)
        self.assertNotIn("IBAN", f"{entry.changes} {entry.reason}")

    def test_no_other_way_to_see_it(self):
        """G6: neither without the right, nor by pointing an audited look at another message."""
        message = self._make_message(self.inbound, payload=BODY)
        for group in ("user", "operator", "manager", "auditor"):
            person = self.people[group]
            self.assertFalse(message.with_user(person).may_reveal)
            with self.assertRaises(AccessError):
                message.with_user(person).action_reveal()
            with self.assertRaises(AccessError):
                self.env["dist.message.reveal"].with_user(person).create({"message_id": message.id})
            exported = message.with_user(person).export_data(["payload_view", "answer_view"])
            self.assertNotIn("IBAN 4711", json.dumps(exported["datas"]))
        clear = self.people["clear"]
        clear.groups_id += self.env.ref("dist_integration_base.group_dist_user")
        other = self._make_message(self.inbound, payload=json.dumps({"note": "IBAN 4712"}))
        looks = self.env["dist.message.reveal"].with_user(clear)
        wizard = looks.create({"message_id": message.id})
        with self.assertRaises(AccessError):
            wizard.write({"message_id": other.id})
        self.assertFalse(looks.new({"message_id": other.id}).content)
        self.assertNotIn(
            "IBAN 4712", self._get_shown(wizard, {"message_id": other.id}, ["content", "answer"])
        )
        self.assertFalse(self._entries(other, action="unmasked"))

    def test_what_another_person_looks_at(self):
        """G6: a dialog in clear shows nothing to another person, who has the right and left no entry."""
        message = self._make_message(self.inbound, payload=BODY)
        clear = self.people["clear"]
        clear.groups_id += self.env.ref("dist_integration_base.group_dist_user")
        wizard = self.env["dist.message.reveal"].with_user(clear).create({"message_id": message.id})
        self.assertIn("IBAN 4711", wizard.read(["content"])[0]["content"])
        second = clear.copy({"login": "dist-test-clear-2", "password": "dist-test-clear-2"})
        other = wizard.with_user(second)
        self.assertFalse(other.read(["content"])[0]["content"])
        self.assertNotIn("IBAN 4711", self._get_shown(other, {"message_id": message.id}, ["content"]))

    def test_other_company(self):
        """G6: content of a company one does not work in is not shown."""
        message = self._make_message(self.inbound, payload=BODY)
        company = self.env["res.company"].create({"name": "Other"})
        message.company_id = company
        clear = self.people["clear"]
        clear.groups_id += self.env.ref("dist_integration_base.group_dist_user")
        with self.assertRaises(AccessError):
            message.with_user(clear).action_reveal()

    def test_what_is_not_canonical(self):
        """G6: data of an event and items of a bulk call are masked inside; words nobody mapped, as a whole."""
        self.outbound.message_type_id.sensitive_paths = "name"
        event = self._make_event()
        self.assertNotIn("Anna Berg", event.message_ids.payload_view)
        self.assertIn(event.uuid, event.message_ids.payload_view)
        raw = base64.b64encode(json.dumps({"items": [json.loads(BODY)]}).encode())
        parent = self._make_message(self.inbound, raw=raw)
        self._make_message(self.inbound, parent_id=parent.id, payload=BODY)
        self.assertNotIn("IBAN 4711", parent.payload_view)
        self.assertIn("Anna", parent.payload_view)
        mapping = self.env["dist.mapping"].create(
            {
                "name": "Partners",
                "system_id": self.system.id,
                "message_type_id": self.inbound.message_type_id.id,
                "row_ids": [fields.Command.create({"target": "note", "source": "bemerkung"})],
            }
        )
        mapping.action_approve()
        self.inbound.mapping_id = mapping
        raw = base64.b64encode(json.dumps({"bemerkung": "IBAN 4711"}).encode())
        unmapped = self._make_message(self.inbound, raw=raw)
        self.assertNotIn("IBAN 4711", unmapped.payload_view)
        self.assertIn("bemerkung", unmapped.payload_view)

    def test_answers_of_partners(self):
        """G6: an answer that repeats a sensitive value shows it neither below the attempt nor in the exception."""
        self.outbound.message_type_id.sensitive_paths = "name"
        message = self._make_event().message_ids
        message.write({"state": "dead"})
        excerpt = '{"error": "Anna Berg is unknown", "name": "A. Berg"}'
        attempt = self.env["dist.message.attempt"].create(
            {
                "message_id": message.id,
                "number": 1,
                "started_at": fields.Datetime.now(),
                "outcome": "rejected",
                "response_excerpt": excerpt,
            }
        )
        shown = attempt.with_user(self.people["operator"]).response_view
        self.assertEqual(json.loads(shown), {"error": "*** is unknown", "name": "***"})
        with self.assertRaises(AccessError):
            attempt.with_user(self.people["operator"]).read(["response_excerpt"])

    def test_trying_a_mapping(self):
        """G6: a mapping is tried on content in clear only by whoever may see it, and that is kept."""
        message = self._make_message(self.inbound, payload=BODY)
        mapping = self.env["dist.mapping"].create(
            {
                "name": "Partners",
                "system_id": self.system.id,
                "message_type_id": self.inbound.message_type_id.id,
            }
        )
        with self.assertRaises(AccessError):
            mapping.with_user(self.people["manager"]).write({"preview_message_id": message.id})
        self.people["manager"].groups_id += self.env.ref("dist_integration_base.group_dist_clear")
        tried = mapping.with_user(self.people["manager"])
        tried.preview_message_id = message
        self.assertIn("IBAN 4711", tried.preview_source)
        self.assertTrue(self._entries(message, action="unmasked"))
        self.assertNotIn("IBAN", json.dumps(self._entries(mapping).mapped("changes")))

    def test_correcting_in_clear(self):
        """G6, M6: who corrects may look at what is hidden, if allowed, which is kept."""
        message = self._make_message(self.inbound, payload=BODY)
        operator = self.people["operator"]
        action = message.with_user(operator).action_correct()
        wizard = self.env[action["res_model"]].with_user(operator).browse(action["res_id"])
        with self.assertRaises(AccessError):
            wizard.action_reveal()
        operator.groups_id += self.env.ref("dist_integration_base.group_dist_clear")
        wizard.action_reveal()
        self.assertIn("IBAN 4711", wizard.content)
        self.assertEqual(self._entries(message, action="unmasked").user_id, operator)

    def test_path_that_cannot_be_read(self):
        """G6: a policy that would mask nothing is refused."""
        with self.assertRaises(ValidationError):
            self.inbound.message_type_id.sensitive_paths = "lines[0].price"
        with self.assertRaises(ValidationError):
            self.inbound.message_type_id.personal_paths = "customer.**"


@tagged("post_install", "-at_install")
class TestRetention(ContentCase):
    def _purge(self):
        self.env.flush_all()
        self.env["dist.message"]._cron_purge()
        self.env.invalidate_all()

    def test_nothing_is_purged_by_default(self):
        """G6: without a policy content is kept for ever."""
        message = self._old(days=4000)
        self._purge()
        self.assertFalse(message.purged_at)

    def test_policy_of_flow_type_and_settings(self):
        """G6: the flow decides, then the message type, then the settings."""
        self.env["ir.config_parameter"].sudo().set_param(SETTING, "300")
        young, old = self._old(days=200), self._old(days=301)
        self._purge()
        self.assertEqual([bool(message.purged_at) for message in (young, old)], [False, True])
        self.inbound.message_type_id.retention_days = 250
        self.inbound.retention_days = 220
        self._purge()
        self.assertFalse(young.purged_at)
        self.inbound.retention_days = 199
        self._purge()
        self.assertTrue(young.purged_at)

    def test_evidence_is_kept(self):
        """G6: content is gone everywhere; row, size and SHA-256 stay."""
        raw = b'{"external_id": "A"}'
        message = self._old(raw=base64.b64encode(raw), answer='{"ok": 1}')
        self.env["dist.message.attempt"].create(
            {
                "message_id": message.id,
                "number": 1,
                "started_at": fields.Datetime.now(),
                "outcome": "success",
                "response_excerpt": "thanks",
            }
        )
        self.inbound.retention_days = 30
        self._purge()
        source = message.sudo()
        self.assertFalse(source.payload or source.raw or source.answer)
        self.assertFalse(source.attempt_ids.response_excerpt)
        evidence = json.loads(message.evidence)
        for part, content in (("content", BODY.encode()), ("received", raw), ("answer", b'{"ok": 1}')):
            expected = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            self.assertEqual(evidence[part], expected, part)
        self.assertEqual(evidence["responses"][0]["sha256"], hashlib.sha256(b"thanks").hexdigest())
        self.assertEqual(message.state, "done")
        shown = message.with_user(self.people["operator"]).payload_view
        self.assertIn("purged", shown)
        self.assertIn(hashlib.sha256(BODY.encode()).hexdigest(), shown)
        self.assertTrue(self._entries(action="purged"))

    def test_what_is_never_purged(self):
        """G6: not what is unfinished, under an open exception, or on legal hold; nor a call with such an item."""
        self.inbound.retention_days = 30
        kept = self.env["dist.message"]
        for state in ("pending", "retry", "error"):
            kept += self._old(state=state)
        kept += self._old(state="dead")
        self._open_exception(kept[-1])
        kept += self._old()
        self._open_exception(kept[-1], code="hold")
        parent = self._old()
        kept += parent + self._old(state="error", parent_id=parent.id)
        free = self._old(state="dead") + self._old(state="cancelled")
        self._purge()
        self.assertFalse(any(kept.mapped("purged_at")))
        self.assertTrue(all(free.mapped("purged_at")))
        held = self._old()
        self.inbound.legal_hold = True
        self._purge()
        self.assertFalse(held.purged_at)
        self.inbound.legal_hold = False
        self._purge()
        self.assertTrue(held.purged_at)

    def test_purged_message_cannot_be_replayed(self):
        """G6: who retries or corrects a purged message is told that its content is gone."""
        message = self._old(state="dead")
        self.inbound.retention_days = 30
        self._purge()
        operator = message.with_user(self.people["operator"])
        for action in (operator.action_retry, operator.action_correct):
            with self.assertRaisesRegex(UserError, "purged on"):
                action()
        self.assertFalse(message.may_reveal)

    def test_event_goes_with_its_last_message(self):
        """G6: the content that deliveries share is kept as long as one of them needs it."""
        event = self._make_event()
        content = event.sudo().payload
        first = event.message_ids
        first.write({"state": "done", "done_at": "2020-01-01"})
        second = self._old(self.outbound, event_id=event.id, state="retry", payload=False)
        self.outbound.retention_days = 30
        self._purge()
        self.assertTrue(first.purged_at)
        self.assertEqual(event.sudo().payload, content)
        second.state = "done"
        self._purge()
        self.assertFalse(event.sudo().payload)
        self.assertEqual(
            json.loads(event.evidence)["content"]["sha256"], hashlib.sha256(content.encode()).hexdigest()
        )
        self.assertIn(hashlib.sha256(content.encode()).hexdigest(), first.payload_view)
        with self.assertRaisesRegex(UserError, "purged on"):
            event._get_envelope()

    def test_event_that_nobody_gets(self):
        """G6: content recorded for later is purged by its type's policy."""
        self.outbound.message_type_id.record_always = True
        self.outbound.state = "retired"
        event = self._make_event()
        self.env.cr.execute("UPDATE dist_event SET occurred_at = '2020-01-01' WHERE id = %s", (event.id,))
        self._purge()
        self.assertTrue(event.sudo().payload)
        self.outbound.message_type_id.retention_days = 30
        self._purge()
        self.assertFalse(event.sudo().payload)

    def test_many(self):
        """G6: batches go on behind what is kept."""
        self.inbound.retention_days = 30
        messages = self.env["dist.message"]
        for number in range(6):
            messages += self._old(days=200 - number, state="error" if number == 1 else "done")
        self.patch(
            self.env.registry["dist.message"],
            "_purge_batch",
            _small_batches(self.env.registry["dist.message"]),
        )
        self._purge()
        self.assertEqual(messages.filtered("purged_at"), messages - messages[1])


def _small_batches(model):
    from odoo.addons.dist_integration_base.models import dist_message_retention as module

    original = model._purge_batch

    def purge_batch(self, days, after):
        size, module.BATCH = module.BATCH, 2
        try:
            return original(self, days, after)
        finally:
            module.BATCH = size

    return purge_batch


@tagged("post_install", "-at_install")
class TestPurgedAnswer(DistHttpCase):
    def test_call_that_comes_again(self):
        """G6, M5: the same key after the purge makes no second effect and says that the answer is gone."""
        system, _client, key = self._make_system(scopes=["test:write"], message_types=["partner.submit"])
        body = {"external_id": "A", "name": "Anna Berg"}
        first = self._call("POST", "/test/partners", body, key, Idempotency_Key="one")
        self.assertLess(first.status_code, 300, first.text)
        message = self.env["dist.message"].search([("system_id", "=", system.id)])
        self.assertEqual(len(message), 1)
        message._purge()
        count = self.env["res.partner"].search_count([("name", "=", "Anna Berg")])
        again = self._call("POST", "/test/partners", body, key, Idempotency_Key="one")
        self.assertEqual(again.status_code, 410, again.text)
        self.assertEqual(again.json()["code"], "answer_purged")
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Anna Berg")]), count)
        other = self._call("POST", "/test/partners", {**body, "name": "B"}, key, Idempotency_Key="one")
        self.assertEqual(other.status_code, 422)


@tagged("post_install", "-at_install")
class TestErasure(ContentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.inbound.message_type_id.personal_paths = "name, note"
        cls.outbound.message_type_id.personal_paths = "name"
        cls.partner = cls.env["res.partner"].create({"name": "Anna Berg", "email": "anna@berg.example"})
        cls.env["dist.binding"]._bind(cls.system, cls.partner, "CUST-4711")

    def _wizard(self, user="manager", **values):
        wizards = self.env["dist.personal.erase"].with_user(self.people[user])
        return wizards.create({"partner_id": self.partner.id, "reason": "Request 17", **values})

    def _get_all_texts(self):
        """:return: everything the framework keeps, as one text"""
        self.env.flush_all()
        texts = []
        for table in (
            "dist_message",
            "dist_event",
            "dist_message_attempt",
            "dist_exception",
            "dist_audit_entry",
        ):
            self.env.cr.execute(f"SELECT row_to_json(t)::text FROM {table} AS t")
            texts += [row[0] for row in self.env.cr.fetchall()]
        texts += [message.sudo()._get_raw().decode() for message in self.env["dist.message"].search([])]
        return "\n".join(texts)

    def test_person_is_erased_everywhere(self):
        """G6: values go from payload, raw, answer, attempts, exceptions, corrections and events; hashes stay."""
        body = {"external_id": "CUST-4711", "name": "Anna Berg", "note": "anna@berg.example"}
        text = json.dumps(body)
        message = self._make_message(
            self.inbound,
            state="cancelled",
            raw=base64.b64encode(text.encode()),
            answer=json.dumps({"name": "Anna Berg"}),
            error="Anna Berg is blocked",
            business_key="CUST-4711",
        )
        exception = self._open_exception(message, summary="Anna Berg is blocked", detail="anna@berg.example")
        exception.message_post(body="Called Anna Berg")
        exception._close("handled")
        self.env["dist.message.attempt"].create(
            {
                "message_id": message.id,
                "number": 1,
                "started_at": fields.Datetime.now(),
                "outcome": "rejected",
                "detail": "Anna Berg is blocked",
                "response_excerpt": "Hello ANNA BERG",
            }
        )
        correction = self._make_message(
            self.inbound, state="done", original_id=message.id, payload=json.dumps({"name": "Anna Berg"})
        )
        self.partner._dist_emit("partner.changed")
        self._commit_events()
        event = self.env["dist.event"].search(
            [("res_id", "=", self.partner.id), ("res_model", "=", "res.partner")]
        )
        event.message_ids.write({"state": "done"})
        stranger = self._make_message(self.inbound, state="done", payload=json.dumps({"name": "Bo"}))
        wizard = self._wizard()
        self.assertEqual(set(wizard.identifiers.split("\n")), {"anna@berg.example", "CUST-4711"})
        wizard.action_search()
        self.assertEqual(wizard.message_ids, message + correction + event.message_ids)
        self.assertIn("Anna Berg", self._get_all_texts(), "only looked")
        wizard.action_erase()
        texts = self._get_all_texts().lower()
        for gone in ("anna berg", "anna@berg.example", "cust-4711"):
            self.assertNotIn(gone, texts)
        self.assertNotIn("Anna", " ".join(exception.message_ids.mapped("body")))
        self.assertEqual(
            json.loads(message.evidence)["before_erasure"]["received"]["sha256"],
            hashlib.sha256(text.encode()).hexdigest(),
        )
        self.assertTrue(message.erased_at and correction.erased_at)
        self.assertFalse(stranger.erased_at)
        self.assertEqual(json.loads(stranger.payload), {"name": "Bo"})
        entry = self._entries(message, action="erased")
        self.assertEqual((entry.user_id, entry.reason), (self.people["manager"], "Request 17"))
        self.assertTrue(self._entries(self.partner, action="erased"))

    def test_unfinished_messages_are_left(self):
        """G6: what is not settled is listed and stays as it is, with all that shares its content."""
        text = json.dumps({"external_id": "CUST-4711", "name": "Anna Berg"})
        waiting = self._make_message(self.inbound, state="error", payload=text)
        disputed = self._make_message(self.inbound, state="dead", payload=text)
        self._open_exception(disputed)
        self.partner._dist_emit("partner.changed")
        self._commit_events()
        event = self.env["dist.event"].search(
            [("res_id", "=", self.partner.id), ("res_model", "=", "res.partner")]
        )
        sent = self._make_message(self.outbound, state="done", event_id=event.id)
        wizard = self._wizard()
        wizard.action_search()
        self.assertEqual((wizard.message_count, wizard.left_count), (0, 4))
        wizard.action_erase()
        self.assertEqual(wizard.left_ids, waiting + disputed + event.message_ids)
        self.assertIn(sent, wizard.left_ids)
        self.assertEqual(waiting.payload, text)
        self.assertIn("Anna Berg", event.payload)

    def test_notes_of_other_companies(self):
        """G6: notes are announced before they are erased, and those of companies one does not work in stay."""
        messages = [self._make_message(self.inbound, state="done", payload="{}") for _number in range(2)]
        exceptions = [self._open_exception(message, summary="Stuck") for message in messages]
        exceptions[1].company_id = self.env["res.company"].create({"name": "Other"})
        notes = [exception.message_post(body="Called anna@berg.example") for exception in exceptions]
        wizard = self._wizard()
        wizard.action_search()
        self.assertIn(f"{self.env['ir.model']._get('mail.message').name}: 1", wizard.beside)
        wizard.action_erase()
        self.assertEqual(
            ["anna@" in note.body for note in notes], [False, True], "the second is another company's"
        )

    def test_erased_message_is_left_alone(self):
        """G6, M6: what is left of an erased message is not tried again, corrected, replayed or taken up."""
        message = self._make_message(
            self.inbound, state="dead", payload=json.dumps({"external_id": "CUST-4711", "name": "Anna Berg"})
        )
        wizard = self.env["dist.message.correct"].with_user(self.people["manager"])
        wizard = wizard.create({"message_id": message.id, "content": "{}"})
        self._wizard().action_erase()
        own = message.with_user(self.people["manager"])
        for action in (own.action_retry, own.action_correct, wizard.action_resubmit):
            with self.assertRaisesRegex(UserError, "was erased from"):
                action()
        replay = self.env["dist.replay"].browse(own.action_replay()["res_id"])
        self.assertEqual((replay.item_ids.expected, replay.item_ids.refusal), ("refused", "erased"))
        self.assertEqual(message.state, "dead")

    def test_legal_hold(self):
        """G6: what is on legal hold is neither purged nor erased."""
        message = self._make_message(self.inbound, state="done", payload=json.dumps({"note": "CUST-4711"}))
        self.inbound.legal_hold = True
        wizard = self._wizard()
        wizard.action_search()
        self.assertEqual((wizard.message_count, wizard.left_ids), (0, message))

    def test_found_whatever_the_spelling(self):
        """G6: identifiers are found in any case, escaped, and in bytes as they were received."""
        found = self._make_message(
            self.inbound, state="done", raw=base64.b64encode("\x00MÜLLER-4711 é".encode())
        )
        found += self._make_message(self.inbound, state="done", payload=json.dumps({"note": "müller-4711"}))
        found += self._make_message(self.inbound, state="done", answer='{"x": "MÜLLER-4711"}')
        wizard = self._wizard(partner_id=False, identifiers="müller-4711\n")
        wizard.action_search()
        self.assertEqual(wizard.message_ids, found)

    def test_item_of_a_bulk_call(self):
        """G6: of a bulk call only the person's items are erased."""
        items = [
            {"external_id": "CUST-4711", "name": "Anna Berg", "note": "Ulm"},
            {"external_id": "B", "name": "Bo"},
        ]
        raw = base64.b64encode(json.dumps({"items": items}).encode())
        parent = self._make_message(self.inbound, state="done", raw=raw)
        for index, item in enumerate(items):
            self._make_message(
                self.inbound,
                state="done",
                parent_id=parent.id,
                item_index=index,
                raw=base64.b64encode(json.dumps(item).encode()),
            )
        wizard = self._wizard()
        wizard.action_search()
        wizard.action_erase()
        left = json.loads(parent.sudo()._get_raw())["items"]
        self.assertEqual(left[1], items[1])
        self.assertEqual(set(left[0].values()), {"[erased]"})

    def test_identifiers_of_a_contact(self):
        """G6: what looks like words of the screens, or like a number of a document, stands for the contact who has
        it; words of the screens in an address of e-mail stand for whom it belongs to.
        """
        contact = self.env["res.partner"].create({"name": "Change Approval", "ref": "SO12345"})
        for values in (
            {"partner_id": contact.id, "identifiers": "SO12345"},
            {"partner_id": False, "identifiers": "Change Approval\ninfo@company.com\nAnna Berg"},
        ):
            self._wizard(**values).action_search()

    def test_who_may_erase(self):
        """G6: only managers erase, only in their companies, and never by what stands for much else."""
        for group in ("user", "operator", "auditor", "clear"):
            with self.assertRaises(AccessError):
                self._wizard(group)
        for identifier in ("A", "https", "endpoint", "2026-11-29", "1000.00", "127.0.0.1", *PLAIN):
            for partner in (self.partner, self.partner.browse()):
                wizard = self._wizard(partner_id=partner.id, identifiers=f"anna@berg.example\n{identifier}")
                for action in (wizard.action_search, wizard.action_erase):
                    with self.assertRaisesRegex(UserError, "one person only"):
                        action()
        with self.assertRaises(UserError):
            self._wizard(partner_id=False, identifiers="").action_search()
        message = self._make_message(self.inbound, state="done", payload=json.dumps({"note": "CUST-4711"}))
        message.company_id = self.env["res.company"].create({"name": "Other"})
        wizard = self._wizard()
        wizard.action_search()
        self.assertNotIn(message, wizard.message_ids + wizard.left_ids)
