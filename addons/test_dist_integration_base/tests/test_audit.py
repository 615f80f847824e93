import base64
import csv
import hashlib
import io
import json
from contextlib import suppress
from unittest.mock import patch

import psycopg2

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.dist_integration_base.tests.common import DistCase

from .people import PeopleMixin

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


class AuditMixin(PeopleMixin):
    """Shortcuts to what the audit trail says."""

    def _entries(self, record=None, **values):
        domain = [(name, "=", value) for name, value in values.items()]
        if record:
            domain += [("res_model", "=", record._name), ("res_id", "=", record.id)]
        self.env.flush_all()
        return self.env["dist.audit.entry"].search(domain)

    def _changes(self, entry):
        return {
            change["field"]: (change["old"], change["new"]) for change in json.loads(entry.changes or "[]")
        }

    def _seal(self):
        self.env.flush_all()
        self.env["dist.audit.seal"]._seal()
        self.env.invalidate_all()

    def _verify(self, known=None):
        result = self.env["dist.audit.seal"]._verify(known)
        return result["number"], result["code"]


@tagged("post_install", "-at_install")
class TestAudit(AuditMixin, DistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.system, cls.client, _key = cls._make_system(message_types=["partner.submit"])
        cls.endpoint = cls._make_endpoint(cls.system, "http://127.0.0.1:9/hook")
        cls.flow = cls.system.flow_ids
        cls.manager = cls.people["manager"]

    def test_change_is_told_old_and_new(self):
        """G5: who changed what, with the old and the new value."""
        self.endpoint.with_user(self.manager).write({"url": "https://new.example/hook", "lanes": 4})
        entry = self._entries(self.endpoint, action="changed")
        self.assertEqual(entry.user_id, self.manager)
        self.assertEqual(entry.user_login, "dist-test-manager")
        self.assertEqual(
            self._changes(entry), {"url": ("http://127.0.0.1:9/hook", "https://new.example/hook")}
        )
        self.assertEqual(
            entry.change_text, "Address (url): http://127.0.0.1:9/hook → https://new.example/hook"
        )
        self.endpoint.write({"url": "https://new.example/hook"})
        self.assertEqual(len(self._entries(self.endpoint, action="changed")), 1, "nothing was changed")

    def test_every_configuration_is_audited(self):
        """G5: creation and deletion of each kind of configuration is told, lines under their record."""
        env = self.env(user=self.manager)
        mapping = env["dist.mapping"].create(
            {
                "name": "Partners",
                "system_id": self.system.id,
                "message_type_id": self.flow.message_type_id.id,
                "row_ids": [Command.create({"target": "name", "source": "n"})],
            }
        )
        code = env["dist.code.map"].create(
            {"system_id": self.system.id, "domain": "unit", "external_code": "EA", "value": "Units"}
        )
        scope = env["dist.api.scope"].create({"code": "x:y", "name": "X"})
        rule = env["dist.change.rule"].create({"name": "Rule", "model": "dist.flow"})
        for record in (
            self.system, self.endpoint, self.client, self.flow, mapping, code, scope, rule,
        ):  # fmt: skip
            self.assertTrue(self._entries(record, action="created"), record._name)
        row = self._entries(mapping).filtered("part")
        self.assertIn(("target", (None, "name")), self._changes(row).items())
        mapping.row_ids.source = "m"
        changed = self._entries(mapping, action="changed")
        self.assertEqual(self._changes(changed), {"source": ("n", "m")})
        self.assertEqual(changed.change_text, "Source (source): n → m", "the label of the row's field")
        mapping.unlink()
        gone = self._entries(mapping, action="deleted")
        self.assertEqual(len(gone), 2, "the mapping and its row")
        self.assertIn("Partners", gone[0].record_name)
        binding = env["dist.binding"].create(
            {"system_id": self.system.id, "res_model": "res.partner", "res_id": 1, "external_id": "B1"}
        )
        self.assertTrue(self._entries(binding, action="created"))
        self.env["dist.binding"]._bind(self.system, self.env.ref("base.partner_admin"), "B2")
        self.assertFalse(self._entries(record_name="B2"), "made by a message")

    def test_translation_is_told(self):
        """G5: a name in another language is told like any change."""
        self.env["res.lang"]._activate_lang("fr_FR")
        rule = (
            self.env["dist.change.rule"]
            .with_user(self.manager)
            .create({"name": "Rule", "model": "dist.flow"})
        )
        for _time in range(2):
            rule.update_field_translations("name", {"fr_FR": "Règle"})
        entry = self._entries(rule, action="changed")
        self.assertEqual(self._changes(entry), {"name (fr_FR)": ("Rule", "Règle")})

    def test_translation_without_effect_is_not_told(self):
        """G5: what changes nothing leaves no entry, so that nobody puts words into the trail."""
        self.env.flush_all()
        known = self._entries()
        endpoint = self.endpoint.with_user(self.manager)
        for translations in ({"en_US": "https://forged.example"}, {"fr_FR": "https://forged.example"}):
            with suppress(UserError):
                endpoint.update_field_translations("url", dict(translations))
        self.assertEqual(self._entries(), known)

    def test_what_falls_with_its_system_is_told(self):
        """G5: the endpoints and flows that are deleted along with a system."""
        self.flow.action_retire()
        self.flow.action_back_to_draft()
        mapping = self.env["dist.mapping"].create(
            {"name": "M", "system_id": self.system.id, "message_type_id": self.flow.message_type_id.id}
        )
        self.system.unlink()
        for record in (self.endpoint, self.flow, self.client, mapping):
            self.assertTrue(self._entries(record, action="deleted"), record._name)

    def test_secrets_are_never_told(self):
        """G5, G7: a new secret is told by its fingerprint."""
        credential = (
            self.env["dist.credential"]
            .with_user(self.manager)
            .create({"name": "Webhook", "system_id": self.system.id, "secret": SECRET})
        )
        credential.secret = SECRET[:-1] + "A"
        entries = self._entries(credential)
        self.assertEqual(len(entries.filtered(lambda entry: entry.action == "key_generated")), 2)
        self.assertTrue(entries.filtered(lambda entry: entry.action == "key_rotated"))
        fingerprint = credential.version_ids[:1].fingerprint
        self.assertIn(fingerprint, "".join(entry.changes or "" for entry in entries))
        stored = [version.encrypted for version in credential.sudo().version_ids]
        text = json.dumps(entries.read(), default=str)
        for secret in (SECRET, SECRET[6:], *stored):
            self.assertNotIn(secret, text)
        credential.sudo().version_ids._rotate_encryption()
        self.assertTrue(self._entries(credential, action="key_rotated").filtered("reason"))

    def test_keys_of_clients(self):
        """G5, G8: a key that is made, replaced or revoked is told under its client, without its hash."""
        client = self.client.with_user(self.manager)
        key = client._generate_key()
        client.key_ids[:1].action_revoke()
        entries = self._entries(self.client)
        actions = set(entries.filtered(lambda entry: entry.user_id == self.manager).mapped("action"))
        self.assertLessEqual({"key_generated", "key_rotated", "key_revoked"}, actions)
        self.assertNotIn(key, json.dumps(entries.read(), default=str))
        self.assertNotIn(self.client.sudo().key_ids[:1].key_hash, json.dumps(entries.read(), default=str))

    def test_rights_of_people(self):
        """G5: who is put into a group of the framework, on the user and on the group, and who is taken out."""
        manager = self.env.ref("dist_integration_base.group_dist_manager")
        person = new_test_user(self.env, login="audited")
        person.write({"groups_id": [Command.link(manager.id)]})
        granted = self._entries(person, action="granted")
        self.assertIn("Manager: configuration", "".join(granted.mapped("change_text")))
        self.assertEqual(len(granted), 3, "manager, operator and user")
        other = new_test_user(self.env, login="audited2")
        clear = self.env.ref("dist_integration_base.group_dist_clear")
        members = "users" if "users" in clear._fields else "user_ids"
        clear.write({members: [Command.link(other.id)]})
        self.assertEqual(len(self._entries(other, action="granted")), 1)
        clear.write({members: [Command.unlink(other.id)]})
        self.assertEqual(len(self._entries(other, action="revoked")), 1)
        born = new_test_user(self.env, login="audited3", groups="dist_integration_base.group_dist_auditor")
        self.assertEqual(len(self._entries(born, action="granted")), 1)

    def test_settings(self):
        """G5: the framework's own settings are told, those of others not."""
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("dist_integration.change_approval", "True")
        parameters.set_param("database.other_secret", "x")
        self.assertTrue(self._entries(record_name="dist_integration.change_approval"))
        self.assertFalse(self._entries(record_name="database.other_secret"))

    def test_what_people_do_with_messages(self):
        """G5, M6: retry, correction, cancellation, ignoring and settling by hand, with the name of the person."""
        operator = self.people["operator"]
        body = json.dumps({"external_id": "A", "name": "Anna"})
        messages = [self._make_message(self.flow, payload=body) for _number in range(4)]
        exceptions = [self._open_exception(message) for message in messages]
        messages[0].with_user(operator).action_retry()
        action = messages[1].with_user(operator).action_correct()
        self.env[action["res_model"]].with_user(operator).browse(action["res_id"]).action_resubmit()
        messages[2].with_user(operator).action_cancel("double")
        exceptions[3].with_user(operator)._ignore("known")
        settled = self._make_message(self.flow, state="done")
        by_hand = self._open_exception(settled, code="y")
        by_hand.with_user(operator).action_mark_handled()
        for record, what, reason in (
            (messages[0], "retried", False),
            (messages[1], "corrected", None),
            (messages[2], "cancelled", "double"),
            (exceptions[3], "ignored", "known"),
            (by_hand, "overridden", None),
        ):
            entry = self._entries(record, action=what)
            self.assertEqual(entry.user_id, operator, what)
            if reason is not None:
                self.assertEqual(entry.reason, reason)
        self.assertNotIn("Anna", json.dumps(self._entries().mapped("change_text")))

    def test_found_from_the_record(self):
        """G5: the form has a button that lists what was done to the record, for those who may see it."""
        for model_name in ("dist.endpoint", "dist.code.map", "dist.message", "dist.mapping"):
            for group, shown in (("manager", True), ("auditor", True), ("user", False)):
                arch = self.env[model_name].with_user(self.people[group]).get_view(view_type="form")["arch"]
                self.assertEqual('name="action_view_audit"' in arch, shown, (model_name, group))
        action = self.endpoint.with_user(self.people["auditor"]).action_view_audit()
        found = self.env["dist.audit.entry"].with_user(self.people["auditor"]).search(action["domain"])
        self.assertEqual(found, self._entries(self.endpoint))

    def test_rolled_back_work_leaves_nothing(self):
        """G5: an entry lives and dies with the transaction of what it tells."""
        with self.assertRaises(psycopg2.Error), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.endpoint.name = "Never"
            self.env.flush_all()
            self.env.cr.execute("SELECT 1/0")
        self.assertFalse(self._entries(self.endpoint, action="changed"))

    # the chain

    def test_sealing(self):
        """G5: what is not sealed yet shows; sealing goes on where it ended, whatever the order of commits."""
        self._seal()
        before = self.env["dist.audit.head"].search([]).number
        self.endpoint.name = "First"
        entry = self._entries(self.endpoint, action="changed")
        self.assertFalse(entry.is_sealed)
        self._seal()
        self.endpoint.name = "Second"
        self._seal()
        entries = self._entries(self.endpoint, action="changed").sorted("id")
        self.assertEqual(entries.mapped("number"), [before + 1, before + 2])
        self.assertTrue(all(entries.mapped("is_sealed")))
        self.assertEqual(self._verify(), (0, None))
        self.assertFalse(self.env["dist.audit.pending"].search([]))

    def _make_chain(self):
        """:return: entries of this test, oldest first, sealed"""
        for name in ("A", "B", "C", "D"):
            self.endpoint.name = name
        self._seal()
        entries = self._entries(self.endpoint, action="changed").sorted("id")
        self.assertEqual(self._verify(), (0, None))
        return entries

    def test_database_refuses_changes(self):
        """G5: SQL of Odoo's own role neither changes nor removes entries or seals."""
        entry = self._make_chain()[0]
        for statement in (
            "UPDATE dist_audit_entry SET user_login = 'x' WHERE id = %s",
            "DELETE FROM dist_audit_entry WHERE id = %s",
            "UPDATE dist_audit_seal SET hash = 'x' WHERE entry_id = %s",
            "DELETE FROM dist_audit_seal WHERE entry_id = %s",
            "UPDATE dist_audit_text SET text = 'x' WHERE entry_id = %s",
            "DELETE FROM dist_audit_text WHERE entry_id = %s",
            "TRUNCATE dist_audit_text -- %s",
            "TRUNCATE dist_audit_entry CASCADE -- %s",
            "TRUNCATE dist_audit_seal -- %s",
            "UPDATE dist_audit_head SET number = 0 -- %s",
            "UPDATE dist_audit_head SET hash = 'x' -- %s",
            "UPDATE dist_audit_head SET proof = NULL -- %s",
            "UPDATE dist_audit_head SET number = number + 1, hash = 'x' -- %s",
            "INSERT INTO dist_audit_head (number, hash) SELECT number, hash FROM dist_audit_head -- %s",
            "DELETE FROM dist_audit_head -- %s",
            "TRUNCATE dist_audit_head -- %s",
        ):
            with self.subTest(statement), mute_logger("odoo.sql_db"):
                with self.assertRaisesRegex(psycopg2.Error, "append-only"), self.env.cr.savepoint():
                    self.env.cr.execute(statement, (entry.id,))
        for change in (lambda: entry.write({"user_login": "x"}), entry.unlink):
            with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.Error), self.env.cr.savepoint():
                change()
                self.env.flush_all()

    def _tamper(self, *statements):
        """As the owner of the tables could: the protection taken off, and put back."""
        cr = self.env.cr
        for switch in ("DISABLE", "ENABLE"):
            if switch == "ENABLE":
                for statement, *values in statements:
                    cr.execute(statement, values)
            for table in ("dist_audit_entry", "dist_audit_text", "dist_audit_seal", "dist_audit_head"):
                # the foreign key's triggers belong to the system
                cr.execute(f"ALTER TABLE {table} {switch} TRIGGER USER")
        self.env.invalidate_all()

    def test_changed_entry(self):
        """G5: a changed row breaks the chain, and is named."""
        entries = self._make_chain()
        self._tamper(
            ("UPDATE dist_audit_entry SET user_id = %s WHERE id = %s", self.manager.id, entries[1].id)
        )
        self.assertEqual(self._verify(), (entries[1].number, "changed"))
        result = self.env["dist.audit.seal"]._verify()
        self.assertEqual(result["entry_id"], entries[1].id)

    def test_removed_text(self):
        """G5: a text that is gone is missed, also when another one takes its place; there is one of each name."""
        entry = self._make_chain()[1]
        twice = (
            "INSERT INTO dist_audit_text (entry_id, name, text, salt) "
            "SELECT entry_id, name, text, salt FROM dist_audit_text WHERE entry_id = %s AND name = 'record_name'"
        )
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            self.env.cr.execute(twice, (entry.id,))
        for name in ("changes/0/old", "changes/0/new"):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self._tamper(
                    ("ALTER TABLE dist_audit_text DROP CONSTRAINT dist_audit_text_name_uniq",),
                    (twice, entry.id),
                    ("DELETE FROM dist_audit_text WHERE entry_id = %s AND name = %s", entry.id, name),
                )
                self.assertEqual(self._verify(), (entry.number, "removed"))
                savepoint.rollback()
                self.env.invalidate_all()
        self.assertEqual(self._verify(), (0, None))

    def test_found_by_what_changed(self):
        """G5: entries are found by the field that changed and by either value."""
        self.endpoint.with_user(self.manager).write({"url": "https://searched.example/hook"})
        entry = self._entries(self.endpoint, action="changed")
        for text in ("url", "searched.example", "127.0.0.1:9"):
            self.assertIn(entry, self.env["dist.audit.entry"].search([("changes", "ilike", text)]), text)
        self.assertNotIn(entry, self.env["dist.audit.entry"].search([("changes", "ilike", "nowhere")]))
        self.assertIn(entry, self.env["dist.audit.entry"].search([("changes", "!=", False)]))
        self.assertNotIn(entry, self.env["dist.audit.entry"].search([("changes", "=", False)]))

    def _remove(self, entry):
        self._tamper(
            ("DELETE FROM dist_audit_text WHERE entry_id = %s", entry.id),
            ("DELETE FROM dist_audit_seal WHERE entry_id = %s", entry.id),
            ("DELETE FROM dist_audit_entry WHERE id = %s", entry.id),
        )

    def test_removed_entry(self):
        """G5: a row that was removed from the middle is missed."""
        entries = self._make_chain()
        number = entries[1].number
        self._remove(entries[1])
        self.assertEqual(self._verify(), (number, "missing"))

    def test_removed_last_entry(self):
        """G5: the last row is missed as well, also by a head that was noted to fit."""
        entries = self._make_chain()
        number, kept = entries[-1].number, entries[-1].hash
        previous = entries[-2].hash
        self._remove(entries[-1])
        self.assertEqual(self._verify(), (number, "cut"))
        self._tamper(("UPDATE dist_audit_head SET number = %s, hash = %s", number - 1, previous))
        self.assertEqual(self._verify(), (number - 1, "forged"), "signed with the key of the configuration")
        self._tamper(("UPDATE dist_audit_head SET proof = NULL",))
        self.assertEqual(self._verify(), (number - 1, "unsigned"), "a signature that was there is missed")
        with self._without_keys():
            result = self.env["dist.audit.seal"]._verify()
            self.assertEqual((result["code"], result["signed"]), (None, False), "shown as not signed")
            self.assertEqual(self._verify({number: kept}), (number, "cut"), "known from elsewhere")

    def _without_keys(self):
        return patch.object(type(self.env["dist.keyring"]), "_get_keys", lambda _self: [])

    def test_noted_end(self):
        """G5: an end that was rewound, changed, doubled or removed is found, also after the next entry."""
        entries = self._make_chain()
        number, older = entries[-1].number, entries[1]
        for statement in (
            ("UPDATE dist_audit_head SET number = %s, hash = %s", older.number, older.hash),
            ("UPDATE dist_audit_head SET hash = %s", "0" * 64),
            ("UPDATE dist_audit_head SET proof = %s", "0" * 64),
            ("UPDATE dist_audit_head SET proof = NULL",),
            (
                "INSERT INTO dist_audit_head (number, hash, proof) SELECT number, hash, proof FROM dist_audit_head",
            ),
            ("DELETE FROM dist_audit_head",),
        ):
            with self.subTest(statement[0]), self.env.cr.savepoint() as savepoint:
                self._tamper(statement)
                found = self._verify()
                self.assertIn(found[1], ("forged", "unsigned"))
                with self.assertLogs("odoo.addons.dist_integration_base.models.dist_audit_seal", "ERROR"):
                    self._log()
                again = self._verify()
                self.assertEqual(again[0], number + 1, "the entry itself is sealed")
                self.assertIn(again[1], ("forged", "unsigned"), "sealing does not hide it")
                savepoint.rollback()
                self.env.invalidate_all()
        self.assertEqual(self._verify(), (0, None))

    def _log(self):
        """One entry more, sealed."""
        self.endpoint.name = f"{self.endpoint.name}+"
        self._seal()

    def test_signed_anew(self):
        """G5, G7: a key that is set up later does not vouch for an end it has not signed, until it is told to."""
        with self._without_keys():
            self._tamper(("UPDATE dist_audit_head SET proof = NULL",))
            self._make_chain()
        seals = self.env["dist.audit.seal"]
        self.assertEqual(self._verify()[1], "unsigned")
        result = seals._sign_anew()
        self.assertEqual((result["code"], result["signed"], result["pending"]), (None, True, 0))
        self.assertEqual(self._entries(action="overridden")[:1].number, result["count"])
        self._log()
        self.assertEqual(self._verify(), (0, None))
        entry = self._make_chain()[1]
        self._tamper(("UPDATE dist_audit_entry SET action = 'deleted' WHERE id = %s", entry.id))
        self.assertEqual(seals._sign_anew()["code"], "changed", "only a chain that is whole is signed")

    def test_protection_of_the_database(self):
        """G5: it is seen, and named, when the database no longer guards the trail: triggers taken off, switched off,
        put elsewhere, made conditional, functions emptied, or led to other tables.
        """
        self._make_chain()
        name, table = "dist_audit_entry_append_only", "dist_audit_entry"
        drop = f"DROP TRIGGER {name} ON {table}"
        make = f"CREATE TRIGGER {name} BEFORE DELETE OR UPDATE ON"
        refuse = "EXECUTE FUNCTION dist_audit_refuse()"
        empty = "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
        for gap, *statements in (
            (
                "dist_audit_head_forward",
                "ALTER TABLE dist_audit_head DISABLE TRIGGER dist_audit_head_forward",
            ),
            (name, f"ALTER TABLE {table} DISABLE TRIGGER {name}"),
            (name, f"ALTER TABLE {table} ENABLE REPLICA TRIGGER {name}"),
            (name, drop),
            (name, drop, f"{make} dist_audit_pending FOR EACH ROW {refuse}"),
            (name, drop, f"{make} {table} FOR EACH ROW WHEN (OLD.id < 0) {refuse}"),
            (name, drop, f"CREATE TRIGGER {name} BEFORE DELETE ON {table} FOR EACH ROW {refuse}"),
            (name, drop, f"{make} {table} FOR EACH STATEMENT {refuse}"),
            (
                name,
                f"CREATE FUNCTION dist_audit_other{empty}",
                drop,
                f"{make} {table} FOR EACH ROW EXECUTE FUNCTION dist_audit_other()",
            ),
            ("dist_audit_refuse", f"CREATE OR REPLACE FUNCTION dist_audit_refuse{empty}"),
            ("dist_audit_forward", f"CREATE OR REPLACE FUNCTION dist_audit_forward{empty}"),
            ("dist_audit_forward", "ALTER FUNCTION dist_audit_forward SET search_path = pg_temp"),
        ):
            with self.subTest(statements[-1]), self.env.cr.savepoint() as savepoint:
                for statement in statements:
                    self.env.cr.execute(statement)
                result = self.env["dist.audit.seal"]._verify()
                self.assertEqual((result["code"], result["gaps"]), ("unprotected", [gap]))
                self.assertIn(gap, result["text"])
                action = self.env["dist.audit.entry"].with_user(self.people["auditor"]).action_verify()
                found = self.env[action["res_model"]].browse(action["res_id"])
                self.assertFalse(found.is_whole)
                self.assertIn(gap, found.text)
                savepoint.rollback()
                self.env.invalidate_all()
        self.assertEqual(self._verify(), (0, None))

    def test_swapped_entries(self):
        """G5: rows that changed places are found."""
        entries = self._make_chain()
        first, second = entries[1], entries[2]
        number = first.number
        seals = self.env["dist.audit.seal"].search([("entry_id", "in", (first + second).ids)])
        one, two = seals.sorted("number").ids
        self._tamper(
            ("ALTER TABLE dist_audit_seal DROP CONSTRAINT dist_audit_seal_entry_uniq",),
            ("UPDATE dist_audit_seal SET entry_id = %s WHERE id = %s", second.id, one),
            ("UPDATE dist_audit_seal SET entry_id = %s WHERE id = %s", first.id, two),
        )
        self.assertEqual(self._verify(), (number, "changed"))

    def test_entry_beside_the_chain(self):
        """G5: a row that was inserted past the framework is found, and so is a trigger that was taken off."""
        self._make_chain()
        self.env.cr.execute(
            "INSERT INTO dist_audit_entry (happened_at, user_id, action) VALUES (now(), 1, 'changed') RETURNING id"
        )
        forged = self.env.cr.fetchone()[0]
        self.assertEqual(self._verify()[1], "unsealed")
        self._tamper(("DELETE FROM dist_audit_entry WHERE id = %s", forged))
        self.assertEqual(self._verify(), (0, None))
        self.env.cr.execute("ALTER TABLE dist_audit_entry DISABLE TRIGGER USER")
        self.assertEqual(self._verify()[1], "unprotected")

    def test_button(self):
        """G5: an auditor verifies by a button, others may not."""
        entries = self._make_chain()
        for group in ("user", "operator"):
            with self.assertRaises(AccessError):
                self.env["dist.audit.entry"].with_user(self.people[group]).action_verify()
        auditor = self.people["auditor"]
        action = entries.with_user(auditor).action_verify()
        found = self.env[action["res_model"]].with_user(auditor).browse(action["res_id"])
        self.assertTrue(found.is_whole and found.is_signed)
        self._tamper(("UPDATE dist_audit_entry SET action = 'deleted' WHERE id = %s", entries[0].id))
        action = entries.with_user(auditor).action_verify()
        found = self.env[action["res_model"]].with_user(auditor).browse(action["res_id"])
        self.assertEqual((found.is_whole, found.entry_id), (False, entries[0]))

    # export

    def _export(self, file_type, user="auditor", **values):
        wizard = (
            self.env["dist.audit.export"]
            .with_user(self.people[user])
            .create({"file_type": file_type, **values})
        )
        wizard.action_export()
        return base64.b64decode(wizard.with_context(bin_size=False).file).decode()

    def test_export_is_verified_outside(self):
        """G5: each line of an export proves itself with nothing but SHA-256."""
        entries = self._make_chain()
        lines = [json.loads(line) for line in self._export("jsonl").splitlines()]
        rows = list(csv.DictReader(io.StringIO(self._export("csv", entry_ids=[Command.set(entries.ids)]))))
        self.assertEqual(len(rows), len(entries))
        previous = None
        for line in lines:
            text = f"{line['previous_hash']}\n{line['number']}\n{line['content']}"
            self.assertEqual(hashlib.sha256(text.encode()).hexdigest(), line["hash"])
            self.assertEqual(line["previous_hash"], previous or line["previous_hash"])
            previous = line["hash"]
        self.assertEqual([row["hash"] for row in rows], entries.mapped("hash"))
        self.assertEqual([row["changes"] for row in rows], entries.mapped("change_text"))
        self.assertTrue(rows[0]["changes"].startswith("Name (name): "), "as on the screen")
        self.assertTrue(self._entries(action="exported", user_id=self.people["auditor"].id))

    def test_export_is_no_formula(self):
        """G5: whoever opens the CSV file in a spreadsheet runs nothing that somebody named a record."""
        for sign in "=+-@\t\r":
            self.endpoint.with_user(self.manager).name = f'{sign}HYPERLINK("http://evil.example","x")'
        self._seal()
        rows = list(csv.DictReader(io.StringIO(self._export("csv", user_id=self.manager.id), newline="")))
        names = [row["record"] for row in rows if "HYPERLINK" in row["record"]]
        self.assertGreaterEqual(len(names), 6)
        self.assertEqual({name[0] for name in names}, {"'"})
        self.assertIn('=HYPERLINK("http://evil.example","x")', self._export("jsonl").replace('\\"', '"'))

    def test_export_of_many(self):
        """G5: an export asks the database per batch, not per entry."""

        def count(number):
            for _time in range(number):
                self.env["dist.audit.entry"]._add("exported", record_name="Many", reason="many")
            self._seal()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._export("jsonl")
            return self.env.cr.sql_log_count - before

        count(1)
        self.assertLess(count(60), count(1) + 10)

    def test_export_by_person_and_day(self):
        """G5: an export can be narrowed to who and when."""
        self._make_chain()
        self.endpoint.with_user(self.manager).name = "E"
        self._seal()
        lines = self._export("jsonl", user_id=self.manager.id).splitlines()
        self.assertEqual({json.loads(line)["login"] for line in lines}, {"dist-test-manager"})
        self.assertFalse(self._export("jsonl", date_to="2020-01-01"))

    def test_who_may_read(self):
        """G5: auditors read all of their companies, users nothing, and nobody writes."""
        other = self.env["res.company"].create({"name": "Other"})
        self.env["dist.system"].create({"name": "Theirs", "code": "theirs", "company_id": other.id})
        entries = self.env["dist.audit.entry"]
        seen = entries.with_user(self.people["auditor"]).search([])
        self.assertTrue(seen)
        self.assertNotIn(other, seen.company_id)
        for group in ("user", "operator", "service"):
            with self.assertRaises(AccessError):
                entries.with_user(self.people[group]).search([])
        for group in ("manager", "auditor"):
            person = entries.with_user(self.people[group])
            for forbidden in (
                lambda person=person: person.create(
                    {"action": "changed", "user_id": 1, "happened_at": "2026-01-01"}
                ),
                lambda person=person: person.search([], limit=1).write({"reason": "x"}),
                lambda person=person: person.search([], limit=1).unlink(),
            ):
                with self.assertRaises(AccessError):
                    forbidden()
