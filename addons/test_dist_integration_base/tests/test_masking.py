import base64
import json

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.dist_integration_base.lib.upload import receive
from odoo.addons.dist_integration_base.tests.common import DistHttpCase

from .people import PeopleMixin
from .test_audit import AuditMixin

SECRET = "IBAN-4711"
READERS = ("user", "operator", "manager", "auditor", "approver")
INBOUND = "odoo.addons.dist_integration_base.models.dist_message_inbound"


@tagged("post_install", "-at_install")
class TestNothingLeaks(AuditMixin, PeopleMixin, DistHttpCase):
    """Whoever may not see content in clear tries every way there is to read the note of a partner."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.system, _client, cls.key = cls._make_system(
            scopes=["test:write", "cutover:report"], message_types=["partner.submit"]
        )
        cls.flow = cls.system.flow_ids
        cls.flow.business_owner_id = cls.people["operator"]

    def _submit(self, name="Anna", external_id="A", note=SECRET, **values):
        body = {"external_id": external_id, "name": name, "note": note, **values}
        response = self._call("POST", "/test/partners", body, self.key)
        return self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])

    def _read_all(self, user):
        """:return: all that a user reads of the framework's records, as one text"""
        texts = []
        names = [name for name in self.env.registry if name.startswith("dist.")]
        for name in [*names, "mail.message", "mail.activity", "mail.tracking.value", "ir.attachment"]:
            model = self.env[name].with_user(user)
            if model._abstract or not model.check_access_rights("read", raise_exception=False):
                continue
            records = model.search([], limit=500)
            readable = [
                field.name
                for field in map(model._fields.get, model.fields_get())
                if field.type not in ("one2many", "many2many") and (field.store or name in names)
            ]
            texts += [json.dumps(records.read(readable), default=str)]
        return "\n".join(texts)

    def _check_hidden(self, secret=SECRET):
        self._flush_events()
        for group in READERS:
            with self.subTest(group=group):
                self.assertNotIn(secret, self._read_all(self.people[group]))

    @mute_logger(INBOUND)
    def test_failures_and_answers(self):
        """G6: errors, attempts, exceptions and answers that quote a sensitive value are stored without it."""
        for name in ("Quoted", "Quoted technically", "Check me", "Broken"):
            message = self._submit(name, name)
            self.assertTrue(message.exception_id or name in ("Quoted technically", "Broken"), name)
        quoted = self.env["dist.message"].search([("business_key", "=", "Quoted")])
        self.assertEqual(quoted.error, "*** is not allowed.")
        self.assertEqual(quoted.exception_id.suggestion, "Change ***.")
        self.assertIn(SECRET, quoted.sudo().answer, "the sender is told what it sent")
        self._check_hidden()

    @mute_logger(INBOUND)
    def test_what_does_not_fit(self):
        """G6: neither does what a schema or a reader complains of, nor a small number in another notation."""
        self._call("POST", "/test/partners", {"external_id": "A", "name": 1, "note": SECRET}, self.key)
        body = f'{{"external_id": "A", "name": "{SECRET}" "{SECRET}"}}'.encode()
        refused = self._call("POST", "/test/partners", body, self.key)
        message = self.env["dist.message"].search([("uuid", "=", refused.headers["Message-Id"])])
        self.assertIn("expecting ',' delimiter", message.exception_id.name)
        self.env["dist.message.type"]._get_by_code("partner.submit").sensitive_paths = "name,note"
        self._submit("Quoted", "B", "7.5 is too much: 7,50")
        self._check_hidden()
        self._check_hidden("7,5")

    @mute_logger(INBOUND)
    def test_correcting(self):
        """G6: the dialog of a correction says what is wrong without the value."""
        message = self._submit("Quoted")
        operator = self.people["operator"]
        action = message.with_user(operator).action_correct()
        wizard = self.env[action["res_model"]].with_user(operator).browse(action["res_id"])
        self.assertIn("*** is not allowed.", wizard.problem)
        self.assertNotIn(SECRET, json.dumps(wizard.read()[0], default=str))

    @mute_logger(INBOUND)
    def test_a_replay(self):
        """G6: a dry run and the outcome of a replay tell nothing either."""
        messages = self._submit("Quoted technically") | self._submit("Quoted", "B")
        replay = self.env["dist.replay"].create({"reason": "again", "flow_ids": [(6, 0, self.flow.ids)]})
        replay.action_preview()
        replay.action_start()
        self.env.flush_all()
        replay.sudo()._job_run()
        self.env.invalidate_all()
        self.assertIn("failed", replay.item_ids.mapped("result"))
        self.assertTrue(messages.attempt_ids)
        self._check_hidden()

    def test_the_cut_over(self):
        """G6, G10: comparisons are masked for everybody, also where the other shape names it otherwise."""
        self.flow._set_stage("shadow", "test")
        self.env["res.partner"].create({"name": "Bertha", "company_registry": "A", "ref": "IBAN-4712"})
        message = self._submit("Berta")
        comparison = self.env["dist.cutover.comparison"].search([("message_id", "=", message.id)])
        self.assertEqual(comparison.difference_count, 2)
        self._submit("Quoted", "B")
        report = {
            "message_type": "partner.submit",
            "key": "C",
            "document": {"list": [{"note": "IBAN-4713", "a": 1}], "remark": "IBAN-4713"},
        }
        self._call("POST", "/cutover/references", report, self.key)
        self.flow.action_change_stage()
        self._check_hidden()
        self._check_hidden("IBAN-471")
        note = comparison.difference_ids.filtered(lambda difference: difference.path == "note")
        self.assertEqual((note.ours, note.reference), ("***", "***"))
        self.flow.message_type_id.sensitive_paths = False
        self.env.invalidate_all()
        self.assertEqual((note.ours, note.reference), (SECRET, "IBAN-4712"), "the policy as it is now")

    def test_taking_masking_away(self):
        """G6: who may not see content in clear masks more, not less."""
        kind = self.flow.message_type_id
        kind.sensitive_paths = "customer, lines[].price, note"
        manager = kind.with_user(self.people["manager"])
        for paths in (False, "", "customer, note", "customer.email, lines[].price, note"):
            with self.subTest(paths), self.assertRaisesRegex(AccessError, "Masking can be added to"):
                manager.sensitive_paths = paths
        manager.sensitive_paths = "note, customer, lines, other"
        with self.assertRaisesRegex(ValidationError, "path"):
            manager.sensitive_paths = "a[[["
        self.people["manager"].groups_id += self.env.ref("dist_integration_base.group_dist_clear")
        manager.sensitive_paths = "note"
        self.assertEqual(kind.sensitive_paths, "note")

    def test_a_key_that_is_sensitive(self):
        """G6, G10: a list whose items are told apart by a sensitive value is shown by positions."""
        self.flow._set_stage("shadow", "test")
        self.flow.comparison_keys = "list[] = note"
        row = self.env["dist.cutover.comparison"].create(
            {
                "flow_id": self.flow.id,
                "key": "A",
                "ours": json.dumps({"list": [{"note": SECRET, "a": 1}]}),
                "reference": json.dumps({"list": [{"note": SECRET, "a": 2}]}),
            }
        )
        self.flow.message_type_id.sensitive_paths = "list[].note"
        row._compare()
        self.assertEqual(row.difference_ids.mapped("path"), ["list[0].a"])
        self._check_hidden()

    def test_the_cut_over_in_clear(self):
        """G6, G10: a comparison is seen in clear by the button alone, by whoever may, which is kept."""
        self.flow._set_stage("shadow", "test")
        message = self._submit()
        comparison = self.env["dist.cutover.comparison"].search([("message_id", "=", message.id)])
        for group in READERS:
            person = self.people[group]
            self.assertFalse(comparison.with_user(person).may_reveal)
            with self.assertRaises(AccessError):
                comparison.with_user(person).action_reveal()
        clear = self.people["clear"]
        clear.groups_id += self.env.ref("dist_integration_base.group_dist_user")
        self.assertNotIn(SECRET, comparison.with_user(clear).ours_view)
        action = comparison.with_user(clear).action_reveal()
        wizard = self.env[action["res_model"]].with_user(clear).browse(action["res_id"])
        self.assertIn(SECRET, wizard.ours)
        self.assertEqual(self._entries(comparison, action="unmasked").user_id, clear)
        other = comparison.sudo().copy({"key": "other", "ours": json.dumps({"note": "IBAN-4719"})})
        self.assertNotIn(
            "IBAN-4719", self._get_shown(wizard, {"comparison_id": other.id}, ["ours", "reference"])
        )
        self.assertFalse(
            self.env["dist.cutover.reveal"].with_user(clear).new({"comparison_id": comparison.id}).ours
        )

    def test_no_search_lets_one_guess(self):
        """G6: neither a filter, an order, a group nor an export reaches what is hidden, from whichever record."""
        message = self._submit()
        self._open_exception(message)
        operator = self.people["operator"]
        domains = {
            "dist.message": ["payload", "answer", "event_id.payload", "attempt_ids.response_excerpt",
                             "parent_id.payload", "original_id.answer", "exception_id.dist_message_ids.payload"],
            "dist.exception": ["dist_message_ids.payload", "dist_message_ids.answer", "further_message_ids.payload"],
            "dist.cutover.comparison": ["ours", "reference", "message_id.payload"],
            "dist.cutover.difference": ["ours_value", "comparison_id.ours"],
            "dist.mapping": ["preview_message_id.payload", "preview_source"],
            "dist.replay.item": ["message_id.answer"],
        }  # fmt: skip
        for model_name, paths in domains.items():
            records = self.env[model_name].with_user(operator)
            for path in paths:
                with self.subTest(model=model_name, path=path):
                    with self.assertRaises(AccessError):
                        records.search([(path, "ilike", SECRET)])
                    with self.assertRaises(AccessError):
                        records.read_group([(path, "!=", False)], ["id:count"], [])
                    if "." not in path and records._fields[path].store:
                        with self.assertRaises(AccessError):
                            records.search([], order=path)
                        with self.assertRaises(AccessError):
                            records.read_group([], ["id:count"], [path])
        exported = self.env["dist.message"].with_user(operator).browse(message.id)
        for path in ("event_id/payload", "parent_id/payload", "attempt_ids/response_excerpt"):
            self.assertNotIn(SECRET, json.dumps(self._export(exported, path)))

    def _export(self, records, path):
        try:
            return records.export_data([path])["datas"]
        except AccessError:
            return []

    def test_files(self):
        """G6: the file of a message is downloaded by nobody, an administrator of Odoo included."""
        message = self._submit()
        content = receive([SECRET.encode()], 100)
        message.raw = base64.b64encode(json.dumps({"file": content.describe("text/csv", False)}).encode())
        message._attach_upload(content)
        attachment = message._find_uploads()
        self.assertTrue(attachment)
        admin = new_test_user(
            self.env,
            "settings",
            groups="base.group_system,dist_integration_base.group_dist_manager",
        )
        for user in (self.people["operator"], admin):
            for name in ("raw", "datas", "index_content"):
                with self.subTest(user=user.login, name=name), self.assertRaises(AccessError):
                    attachment.with_user(user).read([name])
            found = (
                self.env["ir.attachment"]
                .with_user(user)
                .search(
                    [
                        ("res_model", "=", "dist.message"),
                        ("res_field", "!=", False),
                        ("index_content", "ilike", SECRET),
                    ]
                )
            )
            self.assertFalse(found)
        self.authenticate("settings", "settings")
        for path in (f"content/{attachment.id}", f"content/dist.message/{message.id}/upload"):
            response = self.url_open(f"/web/{path}")
            self.assertNotIn(SECRET, response.text)

    def test_a_mapping_that_is_tried(self):
        """G6: each who looks at what a mapping was tried with leaves an entry, not only who chose it."""
        message = self._submit()
        mapping = self.env["dist.mapping"].create(
            {"name": "P", "system_id": self.system.id, "message_type_id": self.flow.message_type_id.id}
        )
        clear = self.env.ref("dist_integration_base.group_dist_clear")
        self.people["manager"].groups_id += clear
        with Form(mapping.with_user(self.people["manager"])) as form:
            form.preview_message_id = message
            self.assertIn(SECRET, form.preview_source)
        self.people["operator"].groups_id += clear
        self.env.invalidate_all()
        seen = mapping.with_user(self.people["operator"]).read(["preview_source"])[0]["preview_source"]
        self.assertIn(SECRET, seen)
        users = self._entries(message, action="unmasked").user_id
        self.assertEqual(users, self.people["manager"] + self.people["operator"])
        with self.assertRaises(AccessError):
            self.env["dist.mapping"].with_user(self.people["auditor"]).search(
                [("preview_source", "ilike", SECRET)]
            )
