import json
from unittest.mock import patch

from lxml import etree

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.dist_integration_base.lib.handling import BusinessError, RetryLater
from odoo.addons.dist_integration_base.tests.common import DistHttpCase

INBOUND = "odoo.addons.dist_integration_base.models.dist_message_inbound"


@tagged("post_install", "-at_install")
class TestInbound(DistHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system, cls.client, cls.key = cls._make_system(
            scopes=["test:write", "test:read"], message_types=["partner.submit"]
        )
        cls.system.business_owner_id = cls.env.ref("base.user_admin")

    def _submit(self, name, external_id="P-1", **values):
        response = self._call(
            "POST", "/test/partners", {"external_id": external_id, "name": name, **values}, self.key
        )
        message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
        return response, message

    def test_busy(self):
        """M7: what stood before a lock is tried again within seconds, it does not wait for the sweeper."""
        handler = type(self.env["dist.handler.partner.submit"])
        with patch.object(handler, "_apply", side_effect=RetryLater("busy")):
            response, message = self._submit("Anna")
        self.assertEqual((response.status_code, message.state), (202, "retry"))
        self.assertLess(message.next_attempt_at, fields.Datetime.add(fields.Datetime.now(), seconds=10))
        job = self.env["queue.job"].search([("identity_key", "=like", "dist-inbox:normal:%")])
        self.assertEqual(job.eta, fields.Datetime.add(message.next_attempt_at, seconds=1))

    def test_last_word_counts(self):
        """M2, M5: what comes late, by itself or by a person, does not undo what later messages said; nothing of it is
        lost.
        """
        handler = type(self.env["dist.handler.partner.submit"])
        with patch.object(handler, "_apply", side_effect=RetryLater("busy")):
            _response, first = self._submit("First", note="By the first")
        response, second = self._submit("Second")
        self.assertEqual((response.status_code, second.state), (200, "done"))
        partner = self.env["res.partner"].browse(second.res_id)
        first._process([first.id])
        self.env.invalidate_all()
        self.assertEqual((first.state, partner.name), ("done", "Second"))
        wrong = self._submit("Turned away", external_id="P-1")[1]
        third = self._submit("Third")[1]
        wrong._resubmit(json.dumps({"external_id": "P-1", "name": "Corrected"}))
        self.env.invalidate_all()
        self.assertEqual((wrong.correction_ids.state, partner.name), ("done", "Third"))
        # what was corrected is no later word than the one that came after it
        third.state = "dead"
        self.env.flush_all()
        third.action_retry()
        self.env.invalidate_all()
        self.assertEqual((third.state, partner.name), ("done", "Third"))

    def test_one_of_several_corrections(self):
        """M6, X1: once one of several contents of a message is applied, whether a correction, one of a correction, or
        the first after all, all others are settled and nothing is left open."""
        for applied in range(4):
            with self.subTest(applied=applied):
                number = f"P-{applied}"
                first = self._submit("Blocked", external_id=number)[1]
                family = [first]
                for corrected in (0, 1, 0):
                    content = json.dumps({"external_id": number, "name": "Blocked"})
                    family.append(first.browse(family[corrected]._resubmit(content)))
                self.env.invalidate_all()
                self.assertEqual({message.state for message in family}, {"dead"})
                exception = first.exception_id
                self.assertEqual(exception.state, "open")
                # what is older is tried once the newer ones are given up
                first.browse(message.id for message in family[applied + 1 :]).action_cancel("Worse")
                with patch.object(type(self.env["dist.handler.partner.submit"]), "_fail_as_told"):
                    family[applied].action_retry()
                self.env.invalidate_all()
                states = ["done" if place == applied else "cancelled" for place in range(4)]
                self.assertEqual([message.state for message in family], states)
                self.assertNotIn(exception.state, ("open", "in_progress"))

    def _make_corrected(self, *names, **values):
        """:return: messages: what a partner submitted with an unknown code, and its corrections, all of them held"""
        family = self._submit(names[0], country="XX", **values)[1]
        for name in names[1:]:
            content = {"external_id": "P-1", "country": "XX", **values, "name": name}
            family |= family.browse(family.sorted("id")[-1]._resubmit(json.dumps(content)))
            self.env.invalidate_all()
        self.assertEqual(set(family.mapped("state")), {"error"})
        return family

    def test_newest_correction_is_tried(self):
        """M6, M8, X1: what a person corrected is never tried in place of its correction, however it is tried again."""

        def fix_mapping(family):
            wizard = self._open_fix(family[0].exception_id)
            wizard.record_ref = self.env.ref("base.be")
            wizard.action_fix()

        def retry(family):
            self._map_country(res_model="res.country", res_id=self.env.ref("base.be").id)
            family.action_retry()

        def retry_exception(family):
            self._map_country(res_model="res.country", res_id=self.env.ref("base.be").id)
            self.assertIs(family.exception_id.action_retry(), True, "nothing failed once more")

        for number, try_again in enumerate((fix_mapping, retry, retry_exception)):
            with self.subTest(try_again=try_again.__name__):
                number = f"P-{number}"
                family = self._make_corrected("Wrong", "Wrong too", "Right", external_id=number)
                try_again(family)
                self.env.invalidate_all()
                self.assertEqual(family.mapped("state"), ["cancelled", "cancelled", "done"])
                self.assertEqual(self.env["res.partner"].browse(family[-1].res_id).name, "Right")
                self.assertEqual(family[-1].attempt_count, 2)
                self.env["dist.code.map"].search([("system_id", "=", self.system.id)]).unlink()

    def test_retry_of_what_is_corrected(self):
        """M6, X1: who tries a message again while its correction is open is told which message counts; once that is
        given up, the former does.
        """
        original, correction = self._make_corrected("Wrong", "Right")
        self._map_country(res_model="res.country", res_id=self.env.ref("base.be").id)
        with self.assertRaisesRegex(
            UserError, f"{correction.uuid} takes its place. Retry or cancel that one"
        ):
            original.action_retry()
        self.assertEqual((original.state, original.attempt_count), ("error", 1))
        correction.action_cancel("Worse")
        original.action_retry()
        self.env.invalidate_all()
        self.assertEqual((original.state, correction.state), ("done", "cancelled"))

    def test_correction_under_way(self):
        """M2, M6: while a correction is under way no other is made, and what it corrects has no effect, whatever tries
        it; once it is applied, all others of the family are settled.
        """
        original = self._submit("Blocked")[1]
        content = json.dumps({"external_id": "P-1", "name": "Corrected"})
        with patch.object(type(original), "_process"):
            correction = original.browse(original._resubmit(content))
        with self.assertRaisesRegex(UserError, "settled in between"):
            original._resubmit(content)
        with patch.object(type(self.env["dist.handler.partner.submit"]), "_fail_as_told"):
            for state, left_as in (("dead", "dead"), ("retry", "error")):
                original.state = state
                self.env.flush_all()
                original._process([original.id])
                self.env.invalidate_all()
                self.assertEqual((original.state, correction.state), (left_as, "pending"))
        original.state = "retry"
        self.env.flush_all()
        correction._process([correction.id])
        self.env.invalidate_all()
        self.assertEqual((original.state, correction.state), ("cancelled", "done"))
        self.assertEqual(self.env["res.partner"].browse(correction.res_id).name, "Corrected")

    def _ask(self, message):
        """:return: what its sender is told of a message"""
        return self._call("GET", f"/operations/{message.uuid}", key=self.key).json()

    def test_told_of_what_took_effect(self):
        """M4, M6: the sender of a message that was corrected several times is told of the content that took effect;
        before that, of the newest that still may.
        """
        original, older, newer = self._make_corrected("Wrong", "Right", "Wrong too")
        newer.state = "dead"
        self.assertEqual(self._ask(original)["status"], "failed")
        newer.action_cancel("Worse")
        self.assertEqual(self._ask(original)["status"], "waiting")
        self._map_country(res_model="res.country", res_id=self.env.ref("base.be").id)
        older.action_retry()
        for message in (original, newer):
            told = self._ask(message)
            self.assertEqual((told["status"], told["http_status"]), ("succeeded", 200))
            self.assertEqual(told["answer"]["partner_id"], older.res_id)

    def test_hostile_content_can_be_looked_at(self):
        """X1: whatever a partner sends is refused, and a person sees it on the screen all the same."""
        for body in (
            b'{"a":' * 5000 + b"1" + b"}" * 5000,
            b'{"external_id": "\\ud800", "name": "A"}',
            b"\xff\xfe{",
        ):
            with self.subTest(body=body[:20]), mute_logger(INBOUND):
                response = self._call("POST", "/test/partners", body, self.key)
                self.assertEqual(response.status_code, 400)
                message = self.env["dist.message"].search([], limit=1)
                shown = message.read(["payload_view", "answer_view"])[0]
                json.dumps(shown, default=str).encode()
                self.assertTrue(shown["payload_view"])
                self.assertEqual(message.action_correct()["res_model"], "dist.message.correct")

    def test_content_with_a_byte_order_mark(self):
        """M4, G6: what is applied is shown, masked like any other."""
        self.system.flow_ids.message_type_id.sensitive_paths = "note"
        body = json.dumps({"external_id": "P-1", "name": "Anna", "note": "IBAN-4711"})
        response = self._call("POST", "/test/partners", f"\ufeff{body}".encode(), self.key)
        self.assertEqual(response.status_code, 200, response.text)
        message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
        self.assertEqual(
            json.loads(message.payload_view), {"external_id": "P-1", "name": "Anna", "note": "***"}
        )

    def test_missing_mapping(self):
        """M8, X1: an unknown code stops only its own message; one answer replays all that wait for it."""
        held = [self._submit(name, name, country="XX") for name in ("A", "B")]
        for response, message in held:
            self.assertEqual((response.status_code, response.json()["status"]), (202, "held"))
            self.assertEqual(message.state, "error")
        exception = held[0][1].exception_id
        self.assertEqual(exception, held[1][1].exception_id)
        self.assertEqual(
            (exception.category, exception.external_code, exception.message_count), ("mapping", "XX", 2)
        )
        self.assertEqual(exception.activity_ids.user_id, exception.assignee_id)
        self.assertEqual(self._submit("C", "C")[0].status_code, 200)
        action = exception.action_fix_mapping()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard.record_ref = self.env.ref("base.be")
        wizard.action_fix()
        self.env.invalidate_all()
        self.assertEqual([message.state for _response, message in held], ["done", "done"])
        self.assertEqual((exception.state, exception.resolution), ("resolved", "mapped"))
        self.assertIn("Belgium", self._assert_told(exception, "mapped").reason)
        self.assertFalse(exception.activity_ids)
        again = self._call(
            "POST", "/test/partners", {"external_id": "A", "name": "A", "country": "XX"}, self.key
        )
        self.assertEqual((again.status_code, again.json()["status"]), (200, "accepted"))

    def test_explained_while_processed(self):
        """M8, X1: a message that fails over a code while a person says what it means needs no second click."""
        messages = type(self.env["dist.message"])
        whole = messages._record_failure

        def record(*values):
            self.env.cr.execute(
                "INSERT INTO dist_code_map (system_id, domain, external_code, res_model, res_id, write_date) "
                "VALUES (%s, 'country', 'XX', 'res.country', %s, clock_timestamp() AT TIME ZONE 'UTC')",
                (self.system.id, self.env.ref("base.be").id),
            )
            return whole(*values)

        with patch.object(messages, "_record_failure", record):
            response, message = self._submit("A", country="XX")
        self.assertEqual((response.status_code, message.state), (202, "retry"))
        self.assertFalse(message.exception_id)
        message._process([message.id])
        self.env.invalidate_all()
        self.assertEqual(message.state, "done")
        self.assertEqual(self.env["res.partner"].browse(message.res_id).country_id, self.env.ref("base.be"))

    def _open_fix(self, exception):
        action = exception.action_fix_mapping()
        return self.env[action["res_model"]].browse(action["res_id"])

    def _map_country(self, **values):
        code = {"system_id": self.system.id, "domain": "country", "external_code": "XX", **values}
        return self.env["dist.code.map"].create(code)

    def test_mapping_dialog_shows_where_to_write(self):
        """X1: the fields of the dialog are seen before they are pointed at: each says what belongs into it."""
        form = etree.fromstring(self.env["dist.mapping.fix"].get_view(view_type="form")["arch"])
        for name in ("record_ref", "value"):
            (field,) = form.xpath(f"//field[@name='{name}']")
            self.assertTrue(field.get("placeholder"), name)

    def test_mapping_to_what_is_gone(self):
        """M8, X1: a code whose record was deleted gets another meaning in the row that it has."""
        country = self.env["res.country"].create({"name": "Gone", "code": "QG"})
        row = self._map_country(res_model="res.country", res_id=country.id)
        country.unlink()
        _response, message = self._submit("A", country="XX")
        wizard = self._open_fix(message.exception_id)
        self.assertFalse(wizard.known_meaning)
        wizard.record_ref = self.env.ref("base.be")
        wizard.action_fix()
        self.env.invalidate_all()
        self.assertEqual((row.res_id, row.meaning), (self.env.ref("base.be").id, "Belgium"))
        self.assertEqual((message.state, message.exception_id.resolution), ("done", "mapped"))
        entries = self.env["dist.audit.entry"].search(
            [("res_model", "=", row._name), ("res_id", "=", row.id)]
        )
        self.assertIn("changed", entries.mapped("action"))

    def test_mapping_to_another_kind(self):
        """M8, X1: a code stands for a record of its kind, whatever is sent to the dialog; nothing is saved else."""
        _response, message = self._submit("A", country="XX")
        partner, archived = self.env["res.partner"].create([{"name": "P"}, {"name": "Q", "active": False}])
        for model_name, record, value, words in (
            ("res.country", partner, False, "a record of Country is needed"),
            ("res.country", False, "Belgium", "not for a text"),
            ("res.country", self.env["res.country"].browse(999999), False, "Choose what XX means"),
            ("res.partner", archived, False, "is archived"),
        ):
            with self.subTest(words):
                message.exception_id.sudo().mapping_model = model_name
                self.env.flush_all()
                wizard = self._open_fix(message.exception_id)
                wizard.write({"record_ref": record and f"{record._name},{record.id}", "value": value})
                with self.assertRaisesRegex(UserError, words):
                    wizard.action_fix()
                self.assertFalse(self.env["dist.code.map"].search([("external_code", "=", "XX")]))

    def test_mapping_of_another_kind_is_replaced(self):
        """M8, X1: a row that leads to a record of another kind is no meaning that works."""
        row = self._map_country(res_model="res.partner", res_id=self.env.user.partner_id.id)
        _response, message = self._submit("A", country="XX")
        wizard = self._open_fix(message.exception_id)
        wizard.record_ref = self.env.ref("base.be")
        wizard.action_fix()
        self.env.invalidate_all()
        self.assertEqual((row.res_model, message.state), ("res.country", "done"))

    def test_mapped_in_between(self):
        """M8, X1: the dialog says what a code means since, and replays with it; what another said is kept."""
        _response, message = self._submit("A", country="XX")
        late = self._open_fix(message.exception_id)
        late.record_ref = self.env.ref("base.fr")
        row = self._map_country(res_model="res.country", res_id=self.env.ref("base.be").id)
        with self.assertRaisesRegex(UserError, "XX means Belgium already"):
            message.exception_id._save_mapping(late.record_ref, None)
        wizard = self._open_fix(message.exception_id)
        self.assertEqual(wizard.known_meaning, "Belgium")
        wizard.action_fix()
        self.env.invalidate_all()
        self.assertEqual((row.meaning, message.state), ("Belgium", "done"))
        partner = self.env["res.partner"].browse(message.res_id)
        self.assertEqual(partner.country_id, self.env.ref("base.be"))

    def test_business_refusal(self):
        """X1: a refusal has no effect and stands in the queue."""
        response, message = self._submit("Blocked")
        self.assertEqual((response.status_code, response.json()["code"]), (422, "blocked"))
        self.assertEqual(response.json()["errors"][0]["pointer"], "/name")
        self.assertEqual((message.state, message.exception_id.category), ("dead", "business"))
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Blocked")]))
        self.assertFalse(self.env["dist.binding"].search([("external_id", "=", "P-1")]))

    def test_ambiguous(self):
        response, message = self._submit("Ambiguous")
        self.assertEqual(response.status_code, 202)
        self.assertEqual((message.state, message.exception_id.category), ("error", "identity"))

    def test_correct_and_resubmit(self):
        """M6, X1: the correction takes the original's place; the original is kept as it came."""
        _response, message = self._submit("Blocked")
        exception = message.exception_id
        action = exception.action_correct()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        self.assertIn("blocked", wizard.problem)
        wizard.content = wizard.content.replace("Blocked", "Free")
        self.assertEqual(wizard.action_resubmit()["tag"], "display_notification", "back to the queue")
        self.env.invalidate_all()
        correction = message.correction_ids
        self.assertEqual((correction.state, correction.original_id), ("done", message))
        self.assertEqual((message.state, message.cancelled_by_id), ("cancelled", self.env.user))
        self.assertIn(b"Blocked", message.sudo()._get_raw())
        self.assertEqual((exception.state, exception.resolution), ("resolved", "corrected"))
        again = self._call("POST", "/test/partners", {"external_id": "P-1", "name": "Blocked"}, self.key)
        self.assertEqual(again.json()["status"], "accepted", "the sender learns what came of it")

    def test_cancel_what_is_corrected(self):
        """M6: a message whose correction may take effect is not said to be cancelled without effect."""
        _response, message = self._submit("Blocked")
        message._resubmit(json.dumps({"external_id": "P-1", "name": "Blocked"}))
        self.env.invalidate_all()
        correction = message.correction_ids
        self.assertIn(correction.state, ("error", "dead"))
        with self.assertRaisesRegex(UserError, correction.uuid):
            message.action_cancel("Not wanted")
        self.assertNotEqual(message.state, "cancelled")
        (message | correction).action_cancel("Not wanted")
        self.assertEqual((message.state, correction.state), ("cancelled", "cancelled"))
        with self.assertRaisesRegex(UserError, "settled in between"):
            message._resubmit(json.dumps({"external_id": "P-1", "name": "Free"}))

    def test_cancel_beside_a_correction_under_way(self):
        """M6: a message is not cancelled while its correction is processed; once the correction is given up it is."""
        _response, message = self._submit("Blocked")
        with patch.object(type(message), "_process"):
            correction = message.browse(message._resubmit(json.dumps({"external_id": "P-1", "name": "Free"})))
        self.env.invalidate_all()
        self.assertEqual(correction.state, "pending")
        with self.assertRaisesRegex(UserError, "was corrected"):
            message.action_cancel("Not wanted")
        correction.action_cancel("Not wanted either")
        message.action_cancel("Not wanted")
        self.assertEqual(message.state, "cancelled")

    def test_correction_that_does_not_fit_either(self):
        """M6, X1: what is corrected wrongly fails with its reason; the exception serves for the next correction, and
        others who make the mistake are answered as before.
        """
        body = {"external_id": "P-1", "name": "Free", "surplus": 1}
        refused = self._call("POST", "/test/partners", body, self.key)
        message = self.env["dist.message"].search([("uuid", "=", refused.headers["Message-Id"])])
        exception = message.exception_id
        for content in (json.dumps({**body, "other": 2}), json.dumps({"external_id": "P-1", "name": "Free"})):
            action = exception.action_correct()
            wizard = self.env[action["res_model"]].browse(action["res_id"])
            wizard.content = content
            wizard.action_resubmit()
            self.env.invalidate_all()
            again = self._call("POST", "/test/partners", {**body, "external_id": content[-9:]}, self.key)
            self.assertEqual(again.status_code, 422, again.text)
        self.assertEqual(message.state, "cancelled")
        self.assertTrue(self.env["res.partner"].search([("name", "=", "Free")]))

    def test_correction_of_a_correction(self):
        """X1: what is corrected twice leaves nothing open, neither below the first exception nor below the second."""
        _response, message = self._submit("Blocked")
        for failed, name in ((message, "Ambiguous"), (message, "Refused by Odoo"), (None, "Free")):
            failed = failed or message.correction_ids.sorted("id")[-1]
            action = failed.action_correct()
            wizard = self.env[action["res_model"]].browse(action["res_id"])
            wizard.content = json.dumps({"external_id": "P-1", "name": name})
            wizard.action_resubmit()
            self.env.invalidate_all()
        self.assertEqual(message.correction_ids.sorted("id")[-1].correction_ids.state, "done")
        family = message | message.correction_ids
        self.assertEqual(set(family.mapped("state")), {"cancelled"})
        self.assertEqual(len(family.exception_id), 3)
        self.assertEqual(set(family.exception_id.mapped("state")), {"resolved"})

    @mute_logger(INBOUND)
    def test_one_does_not_hold_up_the_others(self):
        """M11, M7: a message that can neither be applied nor recorded as failed is put off; those behind it go on."""
        messages = self.env["dist.message"]
        for name in ("P-1", "P-2"):
            answer = self._call(
                "POST",
                "/test/partners",
                {"external_id": name, "name": name},
                self.key,
                Prefer="respond-async",
            )
            self.assertEqual(answer.status_code, 202)
        first, second = messages.search([("direction", "=", "in")], order="id desc", limit=2).sorted("id")
        process = type(messages)._process

        def fail(model, ids):
            if first.id in ids:
                raise KeyError("never seen before")
            return process(model, ids)

        with patch.object(type(messages), "_process", fail):
            messages._job_process_inbox(first.criticality)
        self.env.invalidate_all()
        self.assertEqual((first.state, second.state), ("retry", "done"))
        self.assertEqual(
            first.error, "KeyError", "what went wrong stands in the log, and may tell of the content"
        )
        self.assertGreater(first.next_attempt_at, fields.Datetime.now())

    @mute_logger(INBOUND)
    def test_technical_failure(self):
        """M6, M7: an unexpected error is retried by itself, then stands in the queue."""
        response, message = self._submit("Broken")
        self.assertEqual(response.status_code, 202)
        self.assertEqual(message.state, "retry")
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Broken")]))
        for _attempt in range(4):
            message._process([message.id])
        self.env.invalidate_all()
        self.assertEqual((message.state, message.attempt_count), ("dead", 5))
        self.assertEqual(message.exception_id.category, "technical")
        self.env["ir.config_parameter"].set_param("test_dist.repaired", "1")
        message.exception_id.action_retry()
        self.env.invalidate_all()
        self.assertEqual((message.state, message.exception_id.state), ("done", "resolved"))
        self.assertEqual(message.attempt_ids.mapped("outcome").count("retryable"), 5)

    def test_refused_by_odoo(self):
        """X1: a rule of Odoo itself is told in its own words."""
        response, message = self._submit("Refused by Odoo")
        self.assertEqual((response.status_code, message.state), (422, "dead"))
        self.assertEqual(response.json()["detail"], "A rule of Odoo says no.")
        self.assertEqual(message.exception_id.category, "business")

    def test_refused_because_of_a_document(self):
        """M10: what was refused because of a document stands on its timeline, and keeps the document it had."""
        first, second = self.env["res.partner"].create([{"name": "First"}, {"name": "Second"}])
        response, message = self._submit("Refused about", note=str(first.id))
        self.assertEqual((response.status_code, message.state, message.is_refused), (409, "dead", True))
        self.assertEqual((message.res_model, message.res_id), ("res.partner", first.id))
        self.assertEqual(first.dist_message_count, 1)
        found = message.search(first.action_view_dist_messages()["domain"])
        self.assertEqual(found, message)
        self.assertEqual(message.action_open_document()["res_id"], first.id)
        message.payload = json.dumps({"external_id": "P-1", "name": "Refused about", "note": str(second.id)})
        message.action_retry()
        self.env.invalidate_all()
        self.assertEqual((message.attempt_count, message.res_id), (2, first.id))
        self.assertFalse(second.dist_message_count)

    def test_refused_because_of_what_is_not_its_document(self):
        """M10, G8: neither a record of another company becomes the document of a message, nor one of several that
        could be meant, nor one that went with the refusal.
        """
        theirs = self.env["res.company"].create({"name": "Other"})
        partners = self.env["res.partner"].create(
            [{"name": "Theirs", "company_id": theirs.id}, {"name": "Perhaps"}, {"name": "Gone"}]
        )
        partners[2].unlink()
        cases = (("Refused about", partners[0]), ("Ambiguous about", partners[1]))
        for number, (name, partner) in enumerate(cases):
            _response, message = self._submit(name, f"P-{number}", note=str(partner.id))
            self.assertEqual(
                (message.error_code, message.res_id, message.res_model), ("about", 0, False), name
            )
            self.assertFalse(partner.dist_message_count)
        gone = BusinessError("about", "Gone", record=partners[2])
        self.assertEqual(message._prepare_failed_document(gone), {})

    def test_refused_where_nobody_reads_the_answer(self):
        """X1, M4: what is refused in the call only its sender has to settle; after it, it stands before a person."""
        response, told = self._submit("Turned away")
        self.assertEqual((response.status_code, told.state), (404, "dead"))
        self.assertFalse(told.exception_id)
        body = {"external_id": "P-2", "name": "Turned away"}
        response = self._call("POST", "/test/partners", body, self.key, Prefer="respond-async")
        later = told.search([("uuid", "=", response.headers["Message-Id"])])
        told._job_process_inbox(later.criticality)
        told.action_retry()
        self.env.invalidate_all()
        for message in later | told:
            self.assertEqual((message.state, message.exception_id.code), ("dead", "turned_away"))
            self.assertFalse(message.is_refused)

    def test_exception_with_effect(self):
        """X1: an exception opened with an effect stays open although the message is done."""
        response, message = self._submit("Check me")
        self.assertEqual(response.status_code, 200)
        self.assertEqual((message.state, message.exception_id.state), ("done", "open"))
        self.assertEqual(message.exception_id.impact_value, 100.0)
        self.env["dist.exception"]._close_for_record(
            self.env["res.partner"].browse(message.res_id), ["to_check"]
        )
        self.assertEqual(message.exception_id.state, "resolved")

    def test_ignore(self):
        """X1: ignoring asks a reason and cancels in the user's name."""
        _response, message = self._submit("Blocked")
        exception = message.exception_id
        wizard = self.env["dist.exception.ignore"].create(
            {"exception_ids": exception.ids, "reason": "A test order"}
        )
        wizard.action_ignore()
        self.assertEqual((exception.state, exception.ignore_reason), ("ignored", "A test order"))
        self.assertEqual((message.state, message.cancel_reason), ("cancelled", "A test order"))
        again = self._call("POST", "/test/partners", {"external_id": "P-1", "name": "Blocked"}, self.key)
        self.assertEqual((again.status_code, again.json()["code"]), (409, "cancelled"))

    def test_ignore_what_is_corrected(self):
        """M6, X1: who ignores an exception gives up its message with all corrections, whatever exception those have,
        and the other way round; what is done by then stays.
        """
        for ignored, number in ((0, "P-1"), (1, "P-2")):
            with self.subTest(ignored=ignored):
                original = self._submit("Blocked", number)[1]
                content = json.dumps({"external_id": number, "name": "Ambiguous"})
                family = original | original.browse(original._resubmit(content))
                self.env.invalidate_all()
                self.assertEqual(len(family.exception_id), 2)
                family[ignored].exception_id._ignore("A test order")
                self.env.invalidate_all()
                self.assertEqual(family.mapped("state"), ["cancelled", "cancelled"])
                self.assertEqual(set(family.mapped("cancel_reason")), {"A test order"})
                self.assertEqual(
                    set(family.exception_id.mapped("state")), {"ignored", "resolved"}, "nothing is left open"
                )
        original = self._submit("Blocked", "P-3")[1]
        with patch.object(type(original), "_process"):
            content = json.dumps({"external_id": "P-3", "name": "Ambiguous"})
            correction = original.browse(original._resubmit(content))
        correction.state = "done"
        original.exception_id._ignore("A test order")
        self.assertEqual((original.state, correction.state), ("cancelled", "done"))
        self.assertIn(correction.uuid, original.cancel_reason)

    def test_one_row_for_one_kind_of_mistake(self):
        """X3: the same mistake made by many messages is one exception."""
        messages = [self._submit("", f"P-{number}")[1] for number in range(3)]
        self.assertEqual(len({message.exception_id for message in messages}), 1)
        self.assertEqual(messages[0].exception_id.message_count, 3)
