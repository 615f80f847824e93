import base64
import gzip
import html
import json
import os
import unicodedata
from datetime import timedelta

import psycopg2

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.dist_integration_base.lib.upload import receive
from odoo.addons.dist_integration_base.models.dist_guarded_mixin import ChangeKept
from odoo.addons.dist_integration_base.models.dist_message_retention import SETTING

from .test_retention import ContentCase

TEXTS = ("char", "text", "html", "binary", "json", "serialized", "reference")
NAME, EMAIL, NUMBER = "Anna Berg", "anna@berg.example", "CUST-4711"


@tagged("post_install", "-at_install")
class TestEveryText(ContentCase):
    def _get_stored(self):
        """:return: set of (model, field) of what the suite stores as text, but for dialogs, which Odoo empties"""
        stored = set()
        for name, model in self.env.items():
            if model._abstract or model._transient or not model._auto:
                continue
            for field in model._fields.values():
                own = (field._module or "").startswith("dist_integration_")
                if field.store and field.type in TEXTS and own:
                    stored.add((name, field.name))
        return stored

    def _get_declared(self, lists):
        return [(model, name) for given in lists for model, names in given.items() for name in names]

    def test_each_is_declared(self):
        """G6: a text that is stored may tell of a person, and is erased, or cannot; in one list only."""
        data = self.env["dist.personal.data"]
        personal = self._get_declared(data._get_places())
        impersonal = self._get_declared(data._get_impersonal())
        declared = personal + impersonal
        self.assertFalse(self._get_stored() - set(declared), "declare it in dist_personal_data.py")
        self.assertEqual(len(declared), len(set(declared)), "twice")
        for model, name in declared:
            self.assertIn(name, self.env[model]._fields, model)


class PersonCase(ContentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.inbound.message_type_id.personal_paths = "name, note"
        cls.outbound.message_type_id.personal_paths = "name"
        cls.partner = cls.env["res.partner"].create({"name": NAME, "email": EMAIL})

    def _erase(self, user="manager", **values):
        values = {
            "partner_id": self.partner.id,
            "reason": "Request 17",
            "identifiers": f"{EMAIL}\n{NUMBER}",
            **values,
        }
        wizard = self.env["dist.personal.erase"].with_user(self.people[user]).create(values)
        wizard.action_erase()
        self.env.invalidate_all()
        return wizard

    def _get_all_texts(self):
        """:return: every row of every table of the suite and of its chatter, as one text"""
        # values that changed are noted before the commit
        self._flush_events()
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND (tablename LIKE 'dist_%' "
            "OR tablename IN ('mail_tracking_value', 'mail_activity')) AND tablename NOT LIKE 'dist_personal_erase%'"
        )
        texts = []
        for (table,) in self.env.cr.fetchall():
            self.env.cr.execute(f'SELECT row_to_json(t)::text FROM "{table}" AS t')  # pylint: disable=sql-injection
            texts += [row[0] for row in self.env.cr.fetchall()]
        texts += [message.sudo()._get_raw().decode() for message in self.env["dist.message"].search([])]
        notes = self.env["mail.message"].search([("model", "=like", "dist.%")])
        mails = self.env["mail.mail"].search([("model", "=like", "dist.%")])
        texts += [*notes.mapped("body"), *mails.mapped("body_html")]
        if notes._fields["record_name"].store:
            texts += [name for name in notes.mapped("record_name") if name]
        return "\n".join(texts)

    def _check_gone(self, *words):
        texts = self._get_all_texts().lower()
        for word in words or (NAME, EMAIL, NUMBER):
            at = texts.find(word.lower())
            self.assertEqual(at, -1, texts[max(at - 300, 0) : at + 100])


@tagged("post_install", "-at_install")
class TestErasedEverywhere(PersonCase):
    def test_texts_beside_messages(self):
        """G6: bindings, changes, exceptions without messages, replays, chatter, activities, events nobody carries."""
        binding = self.env["dist.binding"]._bind(self.system, self.partner, NUMBER)
        binding.with_user(self.people["operator"]).external_id = f"{NUMBER}-2"
        self.env["ir.config_parameter"].set_param("dist_integration.change_approval", True)
        exception = self._open_exception(
            self._make_message(self.inbound, state="cancelled"), summary=f"{NAME} is blocked", detail=EMAIL
        )
        exception.sudo().ignore_reason = f"{NAME} called, {EMAIL}"
        exception.message_post(body=f"Called {EMAIL}")
        exception.activity_schedule(
            "mail.mail_activity_data_todo", summary=EMAIL, user_id=self.people["operator"].id
        )
        self.env["dist.replay"].create({"reason": f"For {EMAIL}"})
        request = self.env["dist.change.request"]._keep(
            "write", self.endpoint.with_user(self.people["manager"]), {"archive_folder": EMAIL}
        )
        request.sudo().write({"reason": f"{NAME}, {EMAIL}", "decision_note": NUMBER})
        self.outbound.message_type_id.record_always = True
        self.outbound.state = "retired"
        event = self._make_event()
        event.sudo().payload = json.dumps({"name": NAME, "note": EMAIL})
        self.env["ir.config_parameter"].set_param("dist_integration.change_approval", False)
        self.env.flush_all()
        self._erase()
        self._check_gone()
        self.assertTrue(json.loads(event.evidence)["before_erasure"]["sha256"])

    def test_what_was_done_with_messages(self):
        """G5, G6: by the contact alone the name goes from what was tracked and audited of messages and exceptions
        that are erased, and from all of an exception.
        """
        content = json.dumps({"name": NAME, "email": EMAIL, "note": "Berg-Anna AG"})
        message = self._make_message(self.inbound, state="dead", payload=content)
        exception = self._open_exception(
            message, summary=f"{NAME} is blocked", fingerprint=f"sku/{NAME}", external_code=NAME
        )
        exception.impact_skus = NAME
        exception.message_post(body=f"Talked to {NAME}")
        dialog = self.env["dist.exception.ignore"].with_user(self.people["operator"])
        dialog = dialog.create(
            {"exception_ids": [(6, 0, exception.ids)], "reason": f"{NAME} of Berg-Anna AG called"}
        )
        dialog.action_ignore()
        dialog.unlink()
        self._get_all_texts()
        entries = self._entries(exception)
        self.assertIn(NAME, "".join(entries.mapped("record_name")))
        self._erase(identifiers=EMAIL)
        self._check_gone(NAME, "Berg-Anna AG")
        self.assertEqual({name.split()[0] for name in entries.mapped("record_name")}, {"[erased]"})

    def test_comparisons(self):
        """G6, G10: of what was compared the values are erased, that and where it differed stays."""
        self.inbound._set_stage("shadow", "test")
        message = self._make_message(
            self.inbound,
            state="done",
            payload=json.dumps({"external_id": NUMBER, "name": NAME, "note": "Ulm 7"}),
        )
        outcome = {
            "ours": {"name": NAME, "remark": "Ulm 7"},
            "reference": {"name": "A. Berg", "remark": "x"},
            "record": ("res.partner", self.partner.id),
            "error": None,
        }
        message.business_key = NUMBER
        comparison = self.env["dist.cutover.comparison"]._record_ours(message, outcome)
        alone = self.env["dist.cutover.comparison"]._record_reference(
            self.inbound, "Z", {"text": f"Mail {EMAIL}"}
        )
        self._erase()
        self._check_gone(NAME, EMAIL, NUMBER, "A. Berg", "Ulm 7")
        self.assertEqual(comparison.difference_ids.mapped("path"), ["name", "remark"])
        self.assertEqual(comparison.state, "different")
        comparison.action_look_again()
        self.assertEqual((comparison.state, comparison.difference_count), ("different", 2))
        self.assertEqual(alone.state, "unmatched")

    def test_answers_of_partners_are_known_by_the_message(self):
        """G6: what a partner answered is erased by the values of the event that is erased with it."""
        event = self._make_event(NAME)
        event.sudo().payload = json.dumps({"name": "Berg, Anna", "note": EMAIL})
        message = event.message_ids
        message.write({"state": "done", "answer": json.dumps({"seen": "Berg, Anna"})})
        attempt = self.env["dist.message.attempt"].create(
            {
                "message_id": message.id,
                "number": 1,
                "started_at": fields.Datetime.now(),
                "outcome": "success",
                "detail": "Berg, Anna is known",
                "response_excerpt": "Hello Berg, Anna",
            }
        )
        self._erase()
        self._check_gone(NAME, EMAIL, "Berg, Anna")
        self.assertEqual(attempt.sudo().response_excerpt, "Hello [erased]")

    def test_spellings(self):
        """G6: a name is found and erased in composed and decomposed characters, and in the HTML of notes."""
        name = "Zo\u00eb B\u00e4r & S\u00f6hne"
        decomposed = unicodedata.normalize("NFD", name)
        payload = json.dumps({"text": f"For {decomposed}"}, ensure_ascii=False)
        message = self._make_message(self.inbound, state="done", payload=payload)
        upload = self._upload(f"sku,name\n1,{decomposed}\n".encode())
        exception = self._open_exception(
            self._make_message(self.inbound, state="cancelled"), summary="Blocked"
        )
        exception.message_post(body=f"Called {name}")
        exception.activity_schedule(
            "mail.mail_activity_data_todo", note=html.escape(decomposed), user_id=self.people["operator"].id
        )
        wizard = self._erase(partner_id=False, identifiers=name)
        self.assertEqual(wizard.message_ids, message | upload)
        self.assertFalse(upload._find_uploads())
        self.assertEqual(json.loads(message.payload), {"text": "For [erased]"})
        self._check_gone(name, decomposed, html.escape(name), html.escape(decomposed))

    def test_what_is_of_others_stays(self):
        """G6: an address and a number within longer ones are somebody else's; numbers are found however written."""
        others = "jo-anna@berg.example, joanna@berg.example, +1 555 777 11223"
        kept = self._make_message(self.inbound, state="done", payload=json.dumps({"text": others}))
        kept |= self._make_message(self.inbound, state="done", raw=base64.b64encode(others.encode()))
        kept |= self._upload(f"sku,name\n1,{others}\n".encode())
        event = self._make_lone_event({"text": others})
        exception = self._open_exception(self._make_message(self.inbound, state="cancelled"), summary=others)
        exception.message_post(body=others)
        own = self._make_message(
            self.inbound, state="done", payload=json.dumps({"text": "(1555) 777-1122\nanna@berg.example"})
        )
        own |= self._make_message(self.inbound, state="done", business_key="001 555 777.1122")
        note = exception.message_post(body="Call 1-555-777-1122")
        wizard = self._erase(partner_id=False, identifiers=f"{EMAIL}\n+1 555 777 1122")
        self.assertEqual(wizard.message_ids, own)
        self.assertEqual(json.loads(own[0].payload), {"text": "([erased]\n[erased]"})
        self.assertEqual((own[1].business_key, exception.name), ("[erased]", others))
        self.assertIn("[erased]", note.body)
        self.assertEqual(json.loads(event.payload), {"text": others})
        self.assertEqual(json.loads(kept[0].payload), {"text": others})
        self.assertFalse(any(message.erased_at for message in kept))

    def _make_lone_event(self, payload):
        """:return: dist.event that no message carries"""
        self.outbound.message_type_id.record_always = True
        self.outbound.state = "retired"
        event = self._make_event()
        event.sudo().payload = json.dumps(payload)
        return event

    def test_the_beginning_of_a_number_is_refused(self):
        """G6: it stands in the numbers of many."""
        for number in ("+1 555", "+1 555 777"):
            with self.assertRaisesRegex(UserError, "does not stand for one person"):
                self._erase(partner_id=False, identifiers=number)

    def test_files(self):
        """G6: a file in which the person stands is removed, packed or not, with every copy; its hash is kept."""
        kept = self._upload(b"sku,name\n1,Bo\n")
        plain = self._upload(f"sku,name\n1,{EMAIL.upper()}\n".encode())
        packed = self._upload(gzip.compress(f"sku,name\n1,{EMAIL}\n".encode()), packed=True)
        profile = self.env["dist.reconciliation.profile"].create(
            {"name": "P", "system_id": self.system.id, "domain_code": "partner"}
        )
        run = self.env["dist.reconciliation"]._make(profile, f"key,amount\n{EMAIL},1\n".encode(), "a.csv")
        run.state = "done"
        path = plain._find_uploads()._full_path(plain._find_uploads().store_fname)
        wizard = self._erase()
        self.assertEqual(wizard.message_ids, plain | packed)
        self.assertTrue(kept._find_uploads())
        for message in plain | packed:
            self.assertFalse(message._find_uploads())
            self.assertEqual(len(json.loads(message.evidence)["before_erasure"]["file"]["sha256"]), 64)
        self.assertFalse(run._get_snapshot())
        self.assertIn("SHA-1", " ".join(run.message_ids.mapped("body")))
        self._collect_garbage()
        self.assertFalse(os.path.exists(path))

    def _upload(self, content, packed=False, **values):
        upload = receive([content], 1000)
        described = {"file": upload.describe("text/csv", packed)}
        raw = base64.b64encode(json.dumps(described).encode())
        message = self._make_message(self.inbound, state="done", raw=raw, **values)
        message._attach_upload(upload)
        return message

    def _collect_garbage(self):
        """Clear the file store, as Odoo does every day."""
        self.env.flush_all()
        self.env["ir.attachment"]._gc_file_store_unsafe()

    def test_the_trail_stays_whole(self):
        """G5, G6: audit entries lose the texts in which the person stands; the chain holds, and a text that is
        taken away without being told of is found.
        """
        self._seal()
        number, code = self._verify()
        message = self._make_message(self.inbound, state="dead", business_key=NUMBER, payload="{}")
        message.with_user(self.people["operator"]).action_cancel(f"{NAME} asked, {EMAIL}")
        binding = (
            self.env["dist.binding"]
            .with_user(self.people["operator"])
            .create(
                {
                    "system_id": self.system.id,
                    "res_model": "res.partner",
                    "res_id": self.partner.id,
                    "external_id": EMAIL,
                }
            )
        )
        self._seal()
        cancelled = self._entries(message, action="cancelled")
        self.assertIn(EMAIL, cancelled.reason)
        self.assertEqual(self._entries(reason=cancelled.reason), cancelled)
        created = self._entries(binding, action="created")
        self._erase()
        self._seal()
        self.assertEqual(self._verify(), (self._verify()[0], None))
        self._check_gone()
        self.assertEqual((cancelled.reason, cancelled.user_id), ("[erased]", self.people["operator"]))
        self.assertEqual(self._changes(created)["external_id"], (None, "[erased]"))
        self.assertIn("#", self._changes(created)["system_id"][1], "only what tells of the person goes")
        erased = self._entries(cancelled, action="erased")
        self.assertEqual(erased.reason, "Request 17")
        self.assertEqual(self._changes(erased)["reason"], (None, "[erased]"))
        # what was erased does not cover for the rest of the entry, nor another entry
        for entry in (created, self._entries(action="erased")[:1]):
            with self.env.cr.savepoint() as savepoint:
                delete = "DELETE FROM dist_audit_text WHERE entry_id = %s"
                with self.assertRaises(psycopg2.Error), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                    self.env.cr.execute(delete, (entry.id,))
                self._without_protection(delete, entry.id)
                self.assertEqual(self._verify(), (entry.number, "removed"))
                savepoint.rollback()
                self.env.invalidate_all()

    def _without_protection(self, statement, *values):
        self.env.cr.execute("ALTER TABLE dist_audit_text DISABLE TRIGGER USER")
        self.env.cr.execute(statement, values)
        self.env.cr.execute("ALTER TABLE dist_audit_text ENABLE TRIGGER USER")
        self.env.invalidate_all()

    def test_a_changed_text_is_found(self):
        """G5: a text that differs from its digest is a change of its entry."""
        self.endpoint.with_user(self.people["manager"]).name = "Other"
        self._seal()
        entry = self._entries(self.endpoint, action="changed")
        self._without_protection(
            "UPDATE dist_audit_text SET text = '\"Mine\"' WHERE entry_id = %s AND name = 'changes/0/new'",
            entry.id,
        )
        self.assertEqual(self._verify(), (entry.number, "changed"))

    def test_the_preview_tells_of_all(self):
        """G6: looking tells how many records of each kind lose something, the audit trail included."""
        self.endpoint.with_user(self.people["manager"]).write(
            {"name": EMAIL, "url": "https://kept.example/hook"}
        )
        self.env.flush_all()
        entry = self._entries(self.endpoint, action="changed")
        wizard = self.env["dist.personal.erase"].with_user(self.people["manager"])
        wizard = wizard.create({"identifiers": EMAIL, "reason": f"{EMAIL} asked for it"})
        wizard.action_search()
        self.assertEqual((wizard.message_count, wizard.beside), (0, "Audit entry: 1"))
        self.assertEqual(self._changes(entry)["name"][1], EMAIL, "only looked")
        name = self._changes(entry)["name"][0]
        wizard.action_erase()
        self.env.invalidate_all()
        changes = self._changes(entry)
        self.assertEqual(changes["name"], (name, "[erased]"))
        self.assertEqual(changes["url"][1], "https://kept.example/hook", "nothing but the value goes")
        self.assertEqual(self._entries(entry, action="erased").reason, "[erased] asked for it")
        self._check_trail_gone()

    def _check_trail_gone(self):
        self.env.cr.execute("SELECT count(*) FROM dist_audit_text WHERE strpos(text, %s) > 0", (EMAIL,))
        self.assertEqual(self.env.cr.fetchone()[0], 0)

    def test_erasing_waits_for_a_second_person(self):
        """G4, G6: with approval on, nothing is erased before a second person approves; then the request forgets
        the person too.
        """
        self.env["ir.config_parameter"].set_param("dist_integration.change_approval", True)
        message = self._make_message(self.inbound, state="done", payload=json.dumps({"note": EMAIL}))
        self.env.flush_all()
        manager, requests = self.people["manager"], self.env["dist.change.request"]
        wizard = self.env["dist.personal.erase"].with_user(manager)
        wizard = wizard.create({"partner_id": self.partner.id, "identifiers": EMAIL, "reason": "Request 17"})
        wizard.action_search()
        for _time in range(2):
            # no assertRaises: it would take the request back, which has a transaction of its own in real life
            try:
                wizard.with_context(dist_by_person=False, dist_reason="x").action_erase()
                self.fail("not refused")
            except ChangeKept:
                self.env.cr.postcommit.clear()
        self.env.invalidate_all()
        request = requests.search([("res_model", "=", wizard._name)])
        self.assertEqual(
            (len(request), request.state, request.company_id, request.reason),
            (1, "draft", self.env.company, "Request 17"),
        )
        self.assertIn(EMAIL, message.payload)
        self.assertIn(NAME, " ".join(request.line_ids.mapped("new")))
        request.with_user(manager).action_request()
        with self.assertRaises(AccessError):
            request.with_user(manager).action_approve()
        request.with_user(self.people["approver"]).action_approve()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual((request.state, request.res_id), ("applied", False))
        self.assertTrue(message.erased_at)
        self.assertEqual(self._entries(message, action="erased").user_id, manager)
        self._check_gone(NAME, EMAIL)

    def test_open_change_requests_are_closed(self):
        """G4, G6: a change that was asked for is not turned into another one; nobody can approve it any more."""
        self.env["ir.config_parameter"].set_param("dist_integration.change_approval", True)
        requests = self.env["dist.change.request"].with_user(self.people["manager"])
        asking = self.endpoint.with_user(self.people["manager"])
        open_one = requests._keep("write", asking, {"archive_folder": EMAIL})
        other = requests._keep("write", asking, {"archive_folder": "elsewhere"})
        rejected = requests._keep("write", asking, {"error_folder": EMAIL})
        for request in (open_one, rejected):
            request.reason = "Needed"
            request.action_request()
        rejected.with_user(self.people["approver"])._reject("No")
        self.env["ir.config_parameter"].set_param("dist_integration.change_approval", False)
        self.env.flush_all()
        self._erase()
        self.assertEqual((open_one.state, open_one.sudo().content), ("cancelled", False))
        self.assertEqual((rejected.state, rejected.line_ids.new), ("rejected", "[erased]"))
        self.assertEqual((other.state, other.line_ids.new), ("draft", "elsewhere"))
        with self.assertRaises(UserError):
            open_one.with_user(self.people["approver"]).action_approve()
        self._check_gone()

    def test_a_file_that_cannot_be_read(self):
        """G6: a broken file stops nobody; it is searched as it is, and told of."""
        profile = self.env["dist.reconciliation.profile"].create(
            {"name": "P", "system_id": self.system.id, "domain_code": "partner"}
        )
        runs = self.env["dist.reconciliation"]
        for content in (b"\x1f\x8b\x08broken", b"\x1f\x8b\x08" + EMAIL.encode()):
            runs += runs._make(profile, content, "a.csv.gz")
        runs.state = "failed"
        lost = self._upload(b"sku,name\n1,Bo\n")
        upload = lost._find_uploads()
        self.env.flush_all()
        self.env.cr.execute("UPDATE ir_attachment SET store_fname = 'aa/lost' WHERE id = %s", (upload.id,))
        self.env.invalidate_all()
        wizard = self.env["dist.personal.erase"].with_user(self.people["manager"])
        wizard = wizard.create({"identifiers": EMAIL, "reason": "Request 17"})
        wizard.action_search()
        self.assertEqual(len(wizard.unreadable.splitlines()), 3, wizard.unreadable)
        self.assertIn(upload.name, wizard.unreadable)
        wizard.action_erase()
        self.assertTrue(runs[0]._get_snapshot())
        self.assertFalse(runs[1]._get_snapshot())

    def test_notes_of_other_companies(self):
        """G6, G8: notes are told of by the preview and erased, but for those about records of other companies."""
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            login="dist-test-elsewhere",
            groups="dist_integration_base.group_dist_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        exception = self._open_exception(self._make_message(self.inbound, state="done"))
        exception.name = "Something else"
        note = exception.message_post(body=f"Call {NUMBER} back")
        activity = exception.activity_schedule(
            "mail.mail_activity_data_todo", summary=NUMBER, user_id=self.people["operator"].id
        )
        self.env.flush_all()
        wizards = self.env["dist.personal.erase"]
        wizard = wizards.with_user(stranger).create({"identifiers": NUMBER, "reason": "R"})
        wizard.action_search()
        self.assertFalse(wizard.beside)
        wizard.action_erase()
        self.env.invalidate_all()
        self.assertIn(NUMBER, note.body)
        self.assertEqual(activity.summary, NUMBER)
        own = wizards.with_user(self.people["manager"]).create({"identifiers": NUMBER, "reason": "R"})
        own.action_search()
        self.assertIn("Activity: 1", own.beside)
        self.assertRegex(own.beside, r"(?m)^Message: \d")
        own.action_erase()
        self.env.invalidate_all()
        self._check_gone(NUMBER)

    def test_what_messages_need_stays(self):
        """G6: bindings stay while a message of the person waits, and so does all that belongs to it."""
        binding = self.env["dist.binding"]._bind(self.system, self.partner, NUMBER)
        waiting = self._make_message(self.inbound, state="error", payload=json.dumps({"note": EMAIL}))
        exception = self._open_exception(waiting)
        exception.sudo().name = f"{EMAIL} is unknown"
        self.inbound._set_stage("shadow", "test")
        self.outbound.legal_hold = True
        row = self.env["dist.cutover.comparison"]._record_reference(self.outbound, "Z", {"text": EMAIL})
        wizard = self._erase()
        self.assertEqual(wizard.left_ids, waiting)
        self.assertEqual(binding.external_id, NUMBER)
        self.assertIn(EMAIL, exception.name)
        self.assertIn(EMAIL, row.sudo().reference)


@tagged("post_install", "-at_install")
class TestPurgedEverywhere(PersonCase):
    def _purge(self):
        self.env.flush_all()
        self.env["dist.message"]._cron_purge()
        self.env.invalidate_all()

    def test_comparisons(self):
        """G6, G10: what was compared is purged with its message, or by itself; differences and hashes are kept."""
        self.inbound._set_stage("shadow", "test")
        message = self._old(payload=json.dumps({"external_id": "A", "name": NAME}))
        message.business_key = "A"
        outcome = {
            "ours": {"name": NAME},
            "reference": {"name": "Bo"},
            "record": ("res.partner", 1),
            "error": None,
        }
        comparison = self.env["dist.cutover.comparison"]._record_ours(message, outcome)
        alone = self.env["dist.cutover.comparison"]._record_reference(self.inbound, "B", {"name": NAME})
        young = self.env["dist.cutover.comparison"]._record_reference(self.inbound, "C", {"name": "Young"})
        alone.compared_at = fields.Datetime.now() - timedelta(days=50)
        self.inbound.retention_days = 30
        self._purge()
        self._check_gone(NAME)
        self.assertTrue(young.sudo().reference)
        for row in comparison | alone:
            self.assertFalse(row.sudo().ours or row.sudo().reference)
            self.assertTrue(row.purged_at)
        self.assertEqual(len(json.loads(comparison.evidence)["ours"]["sha256"]), 64)
        self.assertEqual((comparison.state, comparison.difference_ids.path), ("different", "name"))
        self.assertFalse(comparison.difference_ids.ours)
        self.assertIn("purged", comparison.ours_view)
        comparison.action_look_again()
        self.assertEqual((comparison.state, comparison.difference_count), ("different", 1))
        again = self.env["dist.cutover.comparison"]._record_reference(self.inbound, "B", {"name": NAME})
        self.assertNotEqual(again, alone)

    def test_a_file_and_its_copies(self):
        """G6: a purged file is gone from the file store too, with the snapshot of the run it was compared in."""
        upload = receive([b"key,amount\nREC-1,1\n"], 1000)
        raw = base64.b64encode(json.dumps({"file": upload.describe("text/csv", False)}).encode())
        message = self._old(raw=raw)
        message._attach_upload(upload)
        profile = self.env["dist.reconciliation.profile"].create(
            {"name": "P", "system_id": self.system.id, "domain_code": "partner"}
        )
        run = self.env["dist.reconciliation"]._make(profile, message_id=message.id)
        run.state = "done"
        message._find_uploads()._dist_share(
            {"res_model": run._name, "res_field": "snapshot", "res_id": run.id, "name": "a.csv"}
        )
        path = message._find_uploads()._full_path(message._find_uploads().store_fname)
        self.assertTrue(os.path.exists(path))
        self.inbound.retention_days = 30
        self._purge()
        self.assertFalse(message._find_uploads() | run._get_snapshot())
        self.assertEqual(
            json.loads(message.evidence)["file"], {"bytes": upload.size, "sha256": upload.sha256}
        )
        self.env["ir.attachment"]._gc_file_store_unsafe()
        self.assertFalse(os.path.exists(path))

    def test_a_call_goes_with_its_last_item(self):
        """G6: a bulk call holds what its items hold, and is purged with the last of them."""
        parent = self._old(
            days=10, raw=base64.b64encode(json.dumps({"items": [json.loads("{}")] * 2}).encode())
        )
        first, second = (self._old(parent_id=parent.id, days=days) for days in (50, 40))
        self.inbound.retention_days = 45
        self._purge()
        self.assertEqual([bool(m.purged_at) for m in (first, second, parent)], [True, False, False])
        self.inbound.retention_days = 30
        self._purge()
        self.assertTrue(second.purged_at and parent.purged_at)

    def test_days(self):
        """G6: content is kept for 0 to 36500 days, whoever says so; anything else is refused in plain words."""
        for record in (self.inbound, self.inbound.message_type_id):
            record.retention_days = 36_500
            record.retention_days = 0
            for days in (-1, 36_501, 10**12):
                with self.assertRaisesRegex(ValidationError, "0 to 36500 days"), self.env.cr.savepoint():
                    record.retention_days = days
        settings = self.env["res.config.settings"]
        for days in (-1, 36_501):
            with self.assertRaisesRegex(UserError, "0 to 36500 days"), self.env.cr.savepoint():
                settings.create({"dist_retention_days": days}).execute()
        with self.assertRaisesRegex(ValidationError, "no number of days"), self.env.cr.savepoint():
            self.env["ir.config_parameter"].set_param(SETTING, "soon")
        settings.create({"dist_retention_days": 36_500}).execute()
        self._old(days=4000)
        self._purge()
