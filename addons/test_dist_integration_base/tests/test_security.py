import json

from odoo import Command
from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.dist_integration_base.tests.common import DistCase

from .people import PeopleMixin

# configuration, of which only a manager changes anything
CONFIGURATION = (
    "dist.system",
    "dist.endpoint",
    "dist.api.client",
    "dist.credential",
    "dist.flow",
    "dist.message.type",
    "dist.message.type.version",
    "dist.mapping",
    "dist.mapping.row",
    "dist.api.scope",
    "dist.ownership",
    "dist.ownership.domain",
    "dist.ownership.group",
)
# what workers write and nobody edits
RECORDS = (
    "dist.event",
    "dist.event.sequence",
    "dist.message.attempt",
    "dist.endpoint.status",
    "dist.api.usage",
    "dist.inbound.change",
    "dist.flow.history",
    "dist.cutover.difference",
)
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@tagged("post_install", "-at_install")
class TestSecurity(PeopleMixin, DistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.system, cls.client, _key = cls._make_system(message_types=["partner.submit"])
        cls.credential = cls.env["dist.credential"].create(
            {"name": "Webhook", "system_id": cls.system.id, "secret": SECRET}
        )
        cls.endpoint = cls._make_endpoint(
            cls.system, "http://127.0.0.1:9/hook", signing_credential_id=cls.credential.id
        )
        cls.flow = cls.system.flow_ids
        body = json.dumps({"external_id": "A", "name": "Anna", "note": "IBAN 4711"})
        cls.messages = cls.env["dist.message"].browse()
        for number in range(3):
            cls.messages += cls._make_message(cls.flow, payload=body, business_key=f"A{number}")
        cls.own = cls._open_exception(cls.messages[0], cls.people["user"])
        cls.unassigned = cls._open_exception(cls.messages[1])
        cls.others = cls._open_exception(cls.messages[2], cls.people["operator"])
        cls.exceptions = cls.own + cls.unassigned + cls.others

    def _as(self, group, records):
        return records.with_user(self.people[group])

    def _may(self, group, model_name, mode):
        access = self.env["ir.model.access"].with_user(self.people[group])
        return access.check(model_name, mode, raise_exception=False)

    def _get_models(self):
        """:return: names of the stored models of the framework"""
        return [
            name
            for name, model in self.env.items()
            if name.startswith("dist.") and not model._abstract and not model._transient
        ]

    def test_what_happened_is_not_forged(self):
        """G5, X1: states, names and moments follow from what people do; writing them is refused to everybody."""
        replay = self.env["dist.replay"].create({"reason": "Retry"})
        client_key = self.client.key_ids[:1]
        client_key.revoked = True
        for group, record, vals in (
            ("operator", self.messages[0], {"state": "done"}),
            ("operator", self.messages[0], {"uuid": "forged"}),
            ("operator", self.messages[0], {"next_attempt_at": False}),
            ("user", self.own, {"external_code": "FORGED", "mapping_domain": "product"}),
            ("user", self.own, {"state": "resolved", "resolved_by_id": 2}),
            ("operator", replay, {"state": "done"}),
            ("manager", client_key, {"revoked": False}),
            ("manager", client_key, {"client_id": self.client.copy().id}),
            ("manager", self.flow, {"stage": "shadow"}),
            ("manager", self.flow, {"approved_by_id": 2}),
        ):
            with self.subTest(record=record, vals=vals), self.assertRaises(AccessError):
                self._as(group, record).write(vals)
        with self.assertRaises(AccessError):
            self.env["dist.replay"].with_user(self.people["operator"]).create(
                {"state": "done", "reason": "x"}
            )

    def test_what_people_set_themselves(self):
        """X1: an assignee, a due time, a severity and the end of a key are a person's to set."""
        self._as("user", self.own).write({"due_at": "2030-01-01 00:00:00", "severity": "high"})
        self._as("user", self.own).action_take()
        self.assertEqual((self.own.assignee_id, self.own.state), (self.people["user"], "in_progress"))
        self._as("manager", self.client.key_ids[:1]).expires_at = "2030-01-01 00:00:00"
        self._as("operator", self.others)._ignore("Settled by phone")
        self.assertEqual(
            (self.others.state, self.others.resolved_by_id), ("ignored", self.people["operator"])
        )

    def test_only_who_may_change_an_endpoint_has_it_called(self):
        """M9: by RPC as well, reading an endpoint is not enough to call the partner."""
        for group in ("user", "operator", "auditor"):
            for method in ("action_test_connection", "action_send_test_event"):
                with self.subTest(group=group, method=method), self.assertRaises(AccessError):
                    getattr(self.endpoint.with_user(self.people[group]), method)()

    def test_auditor_reads_all_and_changes_nothing(self):
        """The auditor reads every model of the framework and may change none."""
        for name in self._get_models():
            self.assertTrue(self._may("auditor", name, "read"), name)
            for mode in ("write", "create", "unlink"):
                self.assertFalse(self._may("auditor", name, mode), f"{mode} {name}")
        self.assertEqual(
            self._as("auditor", self.env["dist.exception"]).search_count([]), len(self.exceptions)
        )
        with self.assertRaises(AccessError):
            self._as("auditor", self.own).action_retry()
        with self.assertRaises(AccessError):
            self._as("auditor", self.messages[0]).action_cancel("no")

    def test_service_account_has_no_rights(self):
        """G8: the account behind an API client reads nothing by itself and cannot log in."""
        for name in self._get_models():
            for mode in ("read", "write", "create", "unlink"):
                self.assertFalse(self._may("service", name, mode), f"{mode} {name}")
        user = self._as("service", self.people["service"])
        with self.assertRaises(AccessDenied):
            user._check_credentials("dist-test-service", {"interactive": True})

    def test_only_managers_configure(self):
        for name in CONFIGURATION:
            self.assertTrue(self._may("manager", name, "write"), name)
            for group in ("user", "operator"):
                for mode in ("write", "create", "unlink"):
                    self.assertFalse(self._may(group, name, mode), f"{group} {mode} {name}")
        with self.assertRaises(AccessError):
            self._as("operator", self.endpoint).action_disable()
        with self.assertRaises(AccessError):
            self._as("operator", self.client).action_generate_key()
        self._as("manager", self.endpoint).action_disable()
        self.assertEqual(self.endpoint.state, "disabled")

    def test_nobody_rewrites_history(self):
        """What workers record is changed by nobody, messages not even made or removed by managers."""
        for group in ("user", "operator", "manager"):
            for name in RECORDS:
                for mode in ("write", "create", "unlink"):
                    self.assertFalse(self._may(group, name, mode), f"{group} {mode} {name}")
            for name in ("dist.message", "dist.exception"):
                for mode in ("create", "unlink"):
                    self.assertFalse(self._may(group, name, mode), f"{group} {mode} {name}")

    def test_operator_maps_codes(self):
        codes = self._as("operator", self.env["dist.code.map"])
        code = codes.create(
            {"system_id": self.system.id, "domain": "unit", "external_code": "EA", "value": "Units"}
        )
        code.value = "Each"
        self.assertFalse(self._may("user", "dist.code.map", "write"))

    def test_user_sees_the_own_queue(self):
        """X1: a warehouse user sees the own exceptions and those nobody has taken."""
        seen = self._as("user", self.env["dist.exception"]).search([("id", "in", self.exceptions.ids)])
        self.assertEqual(seen, self.own + self.unassigned)
        with self.assertRaises(AccessError):
            self._as("user", self.others).read(["name"])
        seen = self._as("operator", self.env["dist.exception"]).search([("id", "in", self.exceptions.ids)])
        self.assertEqual(seen, self.exceptions)

    def test_user_acts_on_the_own_queue(self):
        """X1: whoever may work on an exception may act on its messages, and on no others."""
        taken = self._as("user", self.unassigned)
        taken.action_take()
        self.assertEqual((taken.assignee_id, taken.state), (self.people["user"], "in_progress"))
        own, other = self._as("user", self.messages[0]), self._as("user", self.messages[2])
        self.assertTrue(own.can_retry and own.can_correct and own.can_cancel)
        self.assertFalse(other.can_retry or other.can_correct or other.can_cancel or other.can_view_exception)
        for refused in (
            other.action_retry,
            lambda: other.action_cancel("no"),
            other.action_correct,
            other.action_ask_cancel,
            lambda: own.write({"state": "done"}),
            lambda: own.unlink(),
        ):
            with self.assertRaises(AccessError):
                refused()
        wizard = self.env["dist.message.correct"].with_user(self.people["user"])
        with self.assertRaises(AccessError):
            wizard.create({"message_id": other.id, "content": "{}"})
        # one made while it was the user's own
        made = wizard.sudo().create({"message_id": other.id, "content": "{}"}).sudo(False)
        with self.assertRaises(AccessError):
            made.action_resubmit()
        self._as("user", self.own)._ignore("ordered again by phone")
        self.assertEqual((self.own.state, self.messages[0].state), ("ignored", "cancelled"))
        self.assertEqual(self.messages[0].cancelled_by_id, self.people["user"])

    def test_user_does_not_act_without_an_exception(self):
        message = self._make_message(self.flow)
        with self.assertRaises(AccessError):
            self._as("user", message).action_retry()
        self._as("operator", message).action_cancel("not needed")
        self.assertEqual((message.state, message.cancel_reason), ("cancelled", "not needed"))

    def test_companies_are_apart(self):
        """Everything of another company is out of sight, for managers and auditors alike."""
        other = self.env["res.company"].create({"name": "Elsewhere"})
        for name in self._get_models():
            model = self.env[name]
            if "company_id" in model._fields:
                rules = (
                    self.env["ir.rule"].sudo().search([("model_id.model", "=", name), ("global", "=", True)])
                )
                self.assertTrue(rules.filtered(lambda rule: "company_ids" in rule.domain_force), name)
        stranger = self.people["manager"].copy(
            {"login": "stranger", "company_id": other.id, "company_ids": [Command.set(other.ids)]}
        )
        auditor = self.people["auditor"].copy(
            {"login": "auditor-2", "company_id": other.id, "company_ids": [Command.set(other.ids)]}
        )
        mine = (
            self.system, self.endpoint, self.client, self.credential, self.credential.version_ids, self.flow,
            self.client.key_ids, self.messages, self.exceptions, self.endpoint.status_ids,
        )  # fmt: skip
        for user in (stranger, auditor):
            for records in mine:
                found = records.with_user(user).with_company(other).search([("id", "in", records.ids)])
                self.assertFalse(found, records._name)

    def test_secret_cannot_be_read_again(self):
        """G7: once saved, a secret is shown to nobody, by no way a client has."""
        for group in ("manager", "auditor"):
            credential = self._as(group, self.credential)
            self.assertEqual(credential.read(["secret"])[0]["secret"], False)
            self.assertEqual(credential.export_data(["name", "secret"])["datas"], [["Webhook", ""]])
            version = self._as(group, self.credential.version_ids)
            self.assertNotIn("encrypted", version.fields_get())
            self.assertNotIn("encrypted", version.read()[0])
            with self.assertRaises(AccessError):
                version.read(["encrypted"])
            with self.assertRaises(AccessError):
                version.export_data(["encrypted"])
            with self.assertRaises(AccessError):
                version.search([("encrypted", "=like", "g%")])
            self.assertTrue(version.fingerprint)
        stored = self.credential.sudo().version_ids.encrypted
        self.assertNotIn(SECRET, stored)
        self.assertNotIn(SECRET, " ".join(self.credential.message_ids.mapped("body")))
        self.assertEqual(self.credential._get_secret(), SECRET)

    def test_manager_replaces_a_secret(self):
        """G7: a manager, with an e-mail address or without, rotates; the former secret stays valid for the overlap;
        nobody else may."""
        self._as("manager", self.credential).env.user.partner_id.sudo().email = False
        self._as("manager", self.credential).action_generate()
        self.env.invalidate_all()
        self.assertEqual(len(self.credential.version_ids), 2)
        self.assertIn(SECRET, self.credential._get_secrets())
        self.assertNotEqual(self.credential._get_secret(), SECRET)
        former = self.credential.version_ids.filtered("expires_at")
        self.assertEqual(len(former), 1)
        for group in ("user", "operator", "auditor", "service"):
            with self.assertRaises(AccessError):
                self._as(group, self.credential).action_generate()
        self.assertEqual(len(self.credential.version_ids), 2)

    def test_key_is_only_kept_as_a_hash(self):
        """G8: neither the key nor its hash is read by anybody."""
        key = self._as("manager", self.client)._generate_key()
        self.client.invalidate_recordset()
        record = self._as("manager", self.client.key_ids[:1])
        self.assertNotIn("key_hash", record.read()[0])
        with self.assertRaises(AccessError):
            record.read(["key_hash"])
        with self.assertRaises(AccessError):
            record.export_data(["key_hash"])
        with self.assertRaises(AccessError):
            record.search([("key_hash", "=like", "a%")])
        self.assertNotIn(key, record.sudo().key_hash)
        self.assertIn(record.prefix, key)

    def test_shown_once_and_not_stored(self):
        """G7, G8: the dialog shows the text of this one action; nothing of it is in the database."""
        action = self._as("manager", self.client).action_generate_key()
        key = action["context"]["dist_new_secret"]
        dialog = self.env[action["res_model"]].with_user(self.people["manager"]).browse(action["res_id"])
        self.assertEqual(dialog.with_context(**action["context"]).secret, key)
        self.assertFalse(dialog.secret)
        self.assertNotIn("secret", [field.name for field in dialog._fields.values() if field.store])

    def test_raw_content_is_masked(self):
        """G6: what a type calls sensitive is hidden from everybody, and raw content as well."""
        for group in ("user", "operator", "auditor", "manager"):
            message = self._as(group, self.messages[0])
            self.assertNotIn("IBAN 4711", message.payload_view)
            self.assertIn("Anna", message.payload_view)
            for name in ("payload", "raw", "answer"):
                with self.assertRaises(AccessError):
                    message.read([name])
        with self.assertRaises(AccessError):
            self._as("manager", self.env["dist.event"]).search([], limit=1).read(["payload"])

    def test_correcting_does_not_unmask(self):
        """G6, M6: who corrects a message keeps its hidden values without seeing them."""
        wizard = self._open_correction(self.messages[0])
        self.assertNotIn("IBAN 4711", wizard.content)
        wizard.content = wizard.content.replace("Anna", "Berta")
        document = wizard._get_document()
        self.assertEqual(document, {"external_id": "A", "name": "Berta", "note": "IBAN 4711"})
        wizard.content = "{"
        with self.assertRaises(UserError):
            wizard._get_document()

    def _open_correction(self, message):
        action = self._as("user", message).action_correct()
        return self.env[action["res_model"]].with_user(self.people["user"]).browse(action["res_id"])

    def test_content_that_is_not_json(self):
        """G6: what cannot be masked is not shown for correction."""
        self.messages[0].sudo().payload = "{IBAN 4711"
        with self.assertRaises(UserError):
            self._open_correction(self.messages[0])
        self.people["operator"].groups_id += self.env.ref("dist_integration_base.group_dist_clear")
        action = self._as("operator", self.messages[0]).action_correct()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(wizard.content, "{IBAN 4711")
        entry = self.env["dist.audit.entry"].search([("action", "=", "unmasked")], limit=1)
        self.assertEqual((entry.user_id, entry.res_id), (self.people["operator"], self.messages[0].id))

    def test_dialogs_are_of_who_opened_them(self):
        """G6, G8: what a colleague has in an open dialog is not for others to read, whatever their rights."""
        colleague = new_test_user(
            self.env,
            "colleague",
            groups="dist_integration_base.group_dist_manager",
            company_id=self.env.company.id,
        )
        manager = self.people["manager"]
        values = {
            "dist.message.correct": {"message_id": self.messages[0].id, "content": "IBAN 4711"},
            "dist.audit.export": {},
            "dist.personal.erase": {"identifiers": "anna@example.com", "reason": "Asked"},
        }
        for name, vals in values.items():
            with self.subTest(model=name):
                dialog = self.env[name].with_user(manager).create(vals)
                self.assertEqual(dialog.search([("id", "=", dialog.id)]), dialog)
                self.assertFalse(dialog.with_user(colleague).search([("id", "=", dialog.id)]))
                with self.assertRaises(AccessError):
                    dialog.with_user(colleague).read(["create_date"])
