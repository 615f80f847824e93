from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from odoo.addons.dist_integration_base.tests.common import DistCase

from .people import PeopleMixin

STRANGER_GROUPS = ("user", "operator", "manager", "auditor", "approver", "clear")


class BordersMixin(PeopleMixin):
    """Company Beta with one person who may do everything there, and what the first company has."""

    @classmethod
    def _make_borders(cls):
        cls.people = cls._make_people()
        cls.company = cls.env.company
        cls.beta = cls.env["res.company"].create({"name": "Beta"})
        groups = [cls.env.ref(f"dist_integration_base.group_dist_{group}").id for group in STRANGER_GROUPS]
        cls.stranger = cls.env["res.users"].create(
            {
                "name": "Stranger",
                "login": "dist-test-stranger",
                "company_id": cls.beta.id,
                "company_ids": [(6, 0, cls.beta.ids)],
                "groups_id": [(6, 0, [*groups, cls.env.ref("base.group_user").id])],
            }
        )
        cls.system, cls.client, _key = cls._make_system(message_types=["partner.submit"])
        cls.flow = cls.system.flow_ids
        cls.endpoint = cls._make_endpoint(cls.system, "http://127.0.0.1:9/hook")
        cls.message = cls._make_message(
            cls.flow,
            payload='{"external_id": "A"}',
            answer='{"errors": [{"pointer": "/x", "detail": "Their secret"}]}',
        )
        cls.exception = cls._open_exception(cls.message, cls.people["operator"])
        cls.exception.mapping_model = "res.partner"


@tagged("post_install", "-at_install")
class TestCompanyBorders(BordersMixin, DistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_borders()
        cls.own_system = cls._as_stranger("dist.system").create({"name": "Own", "code": "own"})

    @classmethod
    def _as_stranger(cls, model_name):
        return cls.env[model_name].with_user(cls.stranger)

    def _make_own_client(self, **values):
        return self._as_stranger("dist.api.client").create(
            {"name": "Own client", "system_id": self.own_system.id, **values}
        )

    def test_system_is_not_put_into_another_company(self):
        """G8, X1: a manager puts no system into a company they do not work in, neither later nor at once."""
        self.assertEqual(self.own_system.company_id, self.beta)
        with self.assertRaises(AccessError):
            self.own_system.write({"company_id": self.company.id})
        with self.assertRaises(AccessError):
            self._as_stranger("dist.system").create(
                {"name": "Theirs", "code": "theirs", "company_id": self.company.id}
            )

    def test_system_with_history_keeps_its_company(self):
        """G8: once a system has messages, keys, bindings or flows, its company stays, for a superuser as well."""
        client = self._make_own_client()
        client._generate_key()
        for person in (self.stranger, self.env.user):
            with self.subTest(person=person.login), self.assertRaisesRegex(UserError, "API client"):
                self.own_system.sudo().with_user(person).write({"company_id": self.company.id})
        for model_name, values in (
            ("dist.binding", {"res_model": "res.partner", "res_id": 1, "external_id": "1"}),
            (
                "dist.flow",
                {"message_type_id": self.env["dist.message.type"]._get_by_code("partner.submit").id},
            ),
        ):
            system = self.env["dist.system"].create(
                {"name": model_name, "code": model_name.replace(".", "-")}
            )
            self.env[model_name].create({"system_id": system.id, **values})
            with self.subTest(model=model_name), self.assertRaises(UserError):
                system.company_id = self.beta
        with self.assertRaisesRegex(UserError, "Message"):
            self.system.company_id = self.beta

    def test_fresh_system_changes_its_company(self):
        """G8: who works in both companies moves a system that has nothing yet."""
        manager = self.people["manager"]
        manager.company_ids += self.beta
        system = self.env["dist.system"].with_user(manager).create({"name": "Fresh", "code": "fresh"})
        system = system.with_context(allowed_company_ids=[self.company.id, self.beta.id])
        system.company_id = self.beta
        self.assertEqual(system.company_id, self.beta)
        system.write({"company_id": self.beta.id})

    def test_service_user_is_of_the_company(self):
        """G8: a client is served by a user of exactly its company, when it is made and ever after."""
        theirs = self.client.user_id
        with self.assertRaises(UserError):
            self._make_own_client(user_id=theirs.id)
        client = self._make_own_client()
        with self.assertRaises(UserError):
            client.user_id = theirs
        with self.assertRaises(ValidationError):
            client.sudo().user_id.write(
                {"company_id": self.company.id, "company_ids": [(6, 0, self.company.ids)]}
            )
        values = {"company_id": self.beta.id, "company_ids": [(6, 0, (self.company + self.beta).ids)]}
        both = theirs.copy({"login": "both", **values})
        with self.assertRaises(UserError):
            client.user_id = both
        with self.assertRaises(UserError):
            client.sudo().system_id = self.system

    def test_nothing_is_hung_on_what_another_company_has(self):
        """G8: no record is moved under a record of another company, or said to be of it."""
        client = self._make_own_client()
        message_type = self.env["dist.message.type"]._get_by_code("partner.submit")
        flow = self._as_stranger("dist.flow").create(
            {"system_id": self.own_system.id, "message_type_id": message_type.id}
        )
        endpoint = self._as_stranger("dist.endpoint").create(
            {"name": "Own", "system_id": self.own_system.id, "url": "http://127.0.0.1:9"}
        )
        credential = self._as_stranger("dist.credential").create(
            {"name": "Own", "system_id": self.own_system.id}
        )
        to_map = {"name": "Map", "message_type_id": flow.message_type_id.id}
        mapping = self._as_stranger("dist.mapping").create({**to_map, "system_id": self.own_system.id})
        row = self._as_stranger("dist.mapping.row").create(
            {"mapping_id": mapping.id, "target": "a", "source": "a"}
        )
        binding = self._as_stranger("dist.binding").create(
            {
                "system_id": self.own_system.id,
                "res_model": "res.partner",
                "res_id": self.stranger.partner_id.id,
                "external_id": "1",
            }
        )
        digest = self._as_stranger("dist.alert.digest").create({"name": "Own"})
        replay = self._as_stranger("dist.replay").create({"reason": "x"})
        rule = self._as_stranger("dist.ownership").search([], limit=1)
        self.assertEqual(rule.company_id, self.beta)
        alert = self._as_stranger("dist.alert.rule").create(
            {
                "name": "Own",
                "company_id": self.beta.id,
                "figure": self.env["dist.alert.rule"].search([], limit=1).figure,
                "threshold": 1,
            }
        )
        theirs = self.env["dist.mapping"].create({**to_map, "system_id": self.system.id})
        tries = [(record, {"company_id": self.company.id}) for record in (digest, replay, rule)]
        for record in (client, flow, endpoint, credential, mapping, binding):
            tries += [(record, {"system_id": self.system.id}), (record, {"company_id": self.company.id})]
        tries += [(alert, {"system_id": self.system.id}), (alert, {"company_id": self.company.id})]
        tries.append((row, {"mapping_id": theirs.id}))
        for record, vals in tries:
            with self.subTest(record=record, vals=vals), self.assertRaises(UserError):
                record.write(vals)
        with self.assertRaises(AccessError):  # said to be of the own company, under a system of another
            self._as_stranger("dist.endpoint").with_context(default_company_id=self.beta.id).create(
                {"name": "x", "system_id": self.system.id, "url": "http://127.0.0.1:9"}
            )

    def test_nothing_of_another_company_is_bound(self):
        """G8: no id or code is made to stand for another company's record, and none leads to one that became such."""
        theirs = self.env["res.partner"].create({"name": "Theirs", "company_id": self.company.id})
        bindings, codes = self.env["dist.binding"], self.env["dist.code.map"]
        cases = {
            "dist.binding": (
                {"external_id": "P-1"},
                lambda: bindings._find(self.own_system, own._name, "P-1"),
            ),
            "dist.code.map": (
                {"domain": "partner", "external_code": "P-1"},
                lambda: codes._find(self.own_system, "partner", "P-1"),
            ),
        }
        for model_name, (key, find) in cases.items():
            own = self.env["res.partner"].create({"name": "Own", "company_id": self.beta.id})
            everybodys = self.env["res.partner"].create({"name": "Everybody's"})
            rows = self._as_stranger(model_name)
            values = {"system_id": self.own_system.id, "res_model": "res.partner", **key}
            with self.subTest(model=model_name):
                with self.assertRaisesRegex(ValidationError, "another company"), self.env.cr.savepoint():
                    rows.create({**values, "res_id": theirs.id})
                row = rows.create({**values, "res_id": everybodys.id})
                self.assertEqual(find(), everybodys)
                with self.assertRaisesRegex(ValidationError, "another company"), self.env.cr.savepoint():
                    row.write({"res_id": theirs.id})
                row.write({"res_id": own.id})
                self.assertEqual(find(), own)
                own.company_id = self.company
                self.assertFalse(find())
        self.assertFalse(codes._find_known(self.own_system, "partner", ["P-1"]))

    def test_code_of_a_person_who_works_in_several_companies(self):
        """G8: a salesperson is of every company they work in."""
        codes, both = self._as_stranger("dist.code.map"), self.people["manager"]
        values = {"system_id": self.own_system.id, "domain": "salesperson", "res_model": "res.users"}
        with self.assertRaisesRegex(ValidationError, "another company"), self.env.cr.savepoint():
            codes.create({**values, "external_code": "S-1", "res_id": both.id})
        both.company_ids += self.beta
        codes.create({**values, "external_code": "S-1", "res_id": both.id})
        self.assertEqual(codes._find(self.own_system, "salesperson", "S-1"), both)

    def test_every_model_of_a_company_is_guarded(self):
        """G8: whatever persons write and belongs to a company is kept in it."""
        access = self.env["ir.model.access"]
        checked = 0
        for name, model in self.env.items():
            if not name.startswith("dist.") or model._abstract or model._transient:
                continue
            if "company_id" not in model._fields:
                continue
            domain = [
                ("model_id.model", "=", name),
                "|",
                ("perm_write", "=", True),
                ("perm_create", "=", True),
            ]
            # what people never set is refused as such
            settable = (
                not hasattr(model, "_get_writable_fields") or "company_id" in model._get_writable_fields()
            )
            if settable and access.search_count(domain, limit=1):
                self.assertTrue(hasattr(model, "_check_company_of_person"), name)
                checked += 1
        self.assertGreater(checked, 10)

    def test_buttons_on_what_is_elsewhere(self):
        """X1: by RPC, a button pressed on another company's record is refused, or only names what to open."""
        pressed = 0
        for record in (self.message, self.exception, self.flow, self.endpoint, self.system, self.client):
            theirs = record.with_user(self.stranger)
            for name in dir(type(record)):
                if not name.startswith("action_") or name in ("action_archive", "action_unarchive"):
                    continue  # Odoo's own, for models that can be archived
                pressed += 1
                self.env.flush_all()
                self.env.invalidate_all()
                with self.subTest(model=record._name, button=name):
                    try:
                        with self.env.cr.savepoint():
                            answer = getattr(theirs, name)()
                            self.env.flush_all()
                    except UserError as error:
                        self.assertIsInstance(error, AccessError, error)
                        continue
                    self.assertIsInstance(answer, dict)
                    # a report reads with the rights of who asks for it
                    self.assertIn(answer["type"], ("ir.actions.act_window", "ir.actions.report"))
        self.assertGreater(pressed, 30)

    def test_name_behind_a_binding(self):
        """G8: a binding does not tell the name of a record that became another company's."""
        partner = self.env["res.partner"].create({"name": "Theirs alone", "company_id": self.beta.id})
        binding = self._as_stranger("dist.binding").create(
            {
                "system_id": self.own_system.id,
                "res_model": "res.partner",
                "res_id": partner.id,
                "external_id": "9",
            }
        )
        self.assertEqual(binding.record_name, "Theirs alone")
        partner.company_id = self.company
        binding.invalidate_recordset()
        self.assertNotIn("Theirs", binding.record_name)


@tagged("post_install", "-at_install")
class TestWizardBorders(BordersMixin, DistCase):
    """No dialog tells or does anything about what its user may not read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_borders()
        cls.partner = cls.env["res.partner"].create({"name": "Theirs", "company_id": cls.company.id})

    def _get_dialogs(self):
        """Other addons test the dialogs they bring.

        :return: list of (model, field), for each field of a dialog that holds records of the framework
        """
        return [
            (name, field_name)
            for name, model in sorted(self.env.items())
            if name.startswith("dist.") and model._transient
            if model._original_module == "dist_integration_base"
            for field_name, field in model._fields.items()
            if field.store and (field.comodel_name or "").startswith("dist.")
            if field.type in ("many2one", "many2many") and not self.env[field.comodel_name]._transient
        ]

    def _find_theirs(self, model_name):
        """:return: a record of the first company; made when there is none"""
        known = {
            "dist.message": self.message,
            "dist.exception": self.exception,
            "dist.flow": self.flow,
            "dist.endpoint": self.endpoint,
        }
        if model_name in known:
            return known[model_name]
        return self._make_theirs(model_name)

    def _make_theirs(self, model_name):
        if model_name == "dist.cutover.comparison":
            return self.env[model_name].create({"flow_id": self.flow.id, "key": "A"})
        if model_name == "dist.change.request":
            vals = {"name": "Changed"}
            return self.env["dist.change.request"]._keep("write", self.system, vals)
        if model_name == "dist.audit.entry":
            return self.env[model_name]._add("cancelled", self.message)
        if model_name == "dist.reconciliation.reason":
            return self.env[model_name].search([], limit=1)
        if model_name == "dist.reconciliation.line":
            return self._make_line()
        return self.fail(f"Say how to make a {model_name}: a dialog is about it")

    def _make_line(self):
        profile = self.env["dist.reconciliation.profile"].create(
            {"name": "Partners", "system_id": self.system.id, "domain_code": "partner"}
        )
        run = self.env["dist.reconciliation"].create({"profile_id": profile.id})
        return self.env["dist.reconciliation.line"].create(
            {
                "run_id": run.id,
                "profile_id": profile.id,
                "company_id": self.company.id,
                "key": "A",
                "kind": "differs",
            }
        )

    def _get_vals(self, model_name, field_name, record):
        many = self.env[model_name]._fields[field_name].type == "many2many"
        return {field_name: [(6, 0, record.ids)] if many else record.id}

    def test_stranger(self):
        """G8, X1: to a person of another company no dialog is made, filled or changed for a foreign record."""
        dialogs = self._get_dialogs()
        self.assertGreater(len(dialogs), 8)
        for model_name, field_name in dialogs:
            record = self._find_theirs(self.env[model_name]._fields[field_name].comodel_name)
            if "company_id" not in record._fields:  # shared by all companies
                continue
            wizards = self.env[model_name].with_user(self.stranger)
            vals = self._get_vals(model_name, field_name, record)
            with self.subTest(model=model_name, field=field_name):
                with self.assertRaises(AccessError):
                    wizards.create(vals)
                with self.assertRaises(AccessError):
                    wizards.with_context(**{f"default_{field_name}": vals[field_name]}).default_get(
                        [field_name]
                    )
                with self.assertRaises(AccessError):
                    wizards.onchange(vals, [], {field_name: {}})

    def test_read_of_what_was_not_theirs_to_make(self):
        """G8: a dialog that refers to what its user may not read any more tells nothing."""
        self.exception.assignee_id = self.people["user"]
        wizard = (
            self.env["dist.mapping.fix"]
            .with_user(self.people["user"])
            .create({"exception_id": self.exception.id})
        )
        self.assertEqual(wizard.read(["mapping_model"])[0]["mapping_model"], "res.partner")
        self.exception.assignee_id = self.people["operator"]
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            wizard.read(["mapping_model", "external_code"])
        with self.assertRaises(AccessError):
            wizard.search_read([("id", "=", wizard.id)], ["mapping_model"])
        with self.assertRaises(AccessError):
            wizard.web_read({"mapping_model": {}})
        with self.assertRaises(AccessError):
            wizard.write({"exception_id": self.exception.id})

    def test_user_without_the_right(self):
        """X1: within a company, a user gets no dialog about what others work on, and acts on nothing."""
        user = self.people["user"]
        for model_name, vals in (
            ("dist.mapping.fix", {"exception_id": self.exception.id}),
            ("dist.exception.ignore", {"exception_ids": [(6, 0, self.exception.ids)], "reason": "x"}),
            ("dist.message.correct", {"message_id": self.message.id, "content": "{}"}),
        ):
            with self.subTest(model=model_name), self.assertRaises(AccessError):
                self.env[model_name].with_user(user).create(vals)
        self._refused_to_cancel(user)
        self.assertEqual((self.message.state, self.exception.state), ("dead", "open"))

    def _refused_to_cancel(self, user):
        wizard = (
            self.env["dist.message.cancel"]
            .with_user(user)
            .create({"message_ids": [(6, 0, self.message.ids)], "reason": "x"})
        )
        with self.assertRaises(AccessError):
            wizard.action_cancel_messages()

    def test_what_was_hidden_since_is_not_left_out(self):
        """X1: when a rule hides a chosen record meanwhile, the dialog refuses instead of doing nothing."""
        for model_name, field_name, action, record in (
            ("dist.exception.ignore", "exception_ids", "action_ignore", self.exception),
            ("dist.message.cancel", "message_ids", "action_cancel_messages", self.message),
        ):
            wizard = (
                self.env[model_name]
                .with_user(self.stranger)
                .sudo()
                .create({field_name: [(6, 0, record.ids)], "reason": "x"})
            )
            self.env.flush_all()
            self.env.invalidate_all()
            with self.subTest(model=model_name), self.assertRaises(AccessError):
                getattr(wizard.with_user(self.stranger), action)()
            empty = self.env[model_name].with_user(self.stranger).create({"reason": "x"})
            with self.subTest(model=model_name), self.assertRaises(UserError):
                getattr(empty, action)()
        self.assertEqual((self.message.state, self.exception.state), ("dead", "open"))

    def test_who_may_still_can(self):
        """X3: an operator's dialogs work, by their forms."""
        operator = self.people["operator"]
        form = Form(
            self.env["dist.exception.ignore"]
            .with_user(operator)
            .with_context(default_exception_ids=[(6, 0, self.exception.ids)])
        )
        form.reason = "Settled by phone"
        form.save().action_ignore()
        self.assertEqual((self.message.state, self.exception.state), ("cancelled", "ignored"))
