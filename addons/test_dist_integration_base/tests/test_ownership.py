import json

import psycopg2

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.dist_integration_base.tests.common import DistHttpCase


@tagged("post_install", "-at_install")
class TestOwnership(DistHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        options = {"scopes": ["test:write"], "message_types": ["partner.submit"]}
        cls.shop, cls.shop_client, cls.shop_key = cls._make_system("Shop", **options)
        cls.crm, cls.crm_client, cls.crm_key = cls._make_system("CRM", **options)
        cls.steward = new_test_user(cls.env, "steward", groups="dist_integration_base.group_dist_user")
        cls.partner = cls.env["res.partner"].create({"name": "Anna"})
        for system in (cls.shop, cls.crm):
            cls.env["dist.binding"]._bind(system, cls.partner, "A")
        cls.identity = cls._get_row("customer", "identity")

    @classmethod
    def _get_row(cls, domain, group=None, company=None):
        return cls.env["dist.ownership"].search(
            [
                ("domain_id.code", "=", domain),
                ("group_id.code" if group else "group_id", "=", group or False),
                ("company_id", "=", (company or cls.env.company).id),
            ]
        )

    def _own(self, row=None, owner=None, **values):
        row = row or self.identity
        system = self.crm if owner is None else owner
        row.write({"owner": "system", "system_id": system.id, "steward_id": self.steward.id, **values})
        return row

    def _submit(self, key, name, external_id="A", **values):
        body = {"external_id": external_id, "name": name, **values}
        return self._call("POST", "/test/partners", body, key)

    def _get_message(self, response):
        return self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])

    def test_undecided_restricts_nobody(self):
        """G1: a row without an owner lets every system write, and the screen says so."""
        self.assertEqual(self._submit(self.shop_key, "Berta").status_code, 200)
        self.assertEqual(self.partner.name, "Berta")
        self.assertEqual(self.identity.in_force, "Nobody: all may write")
        self.assertEqual(self.partner.dist_owner_text, "Anybody")

    def test_refuse(self):
        """G1: what another system owns is refused, with the field group, its owner and where it stands."""
        self._own(conflict_policy="refuse")
        response = self._submit(self.shop_key, "Berta", note="N")
        self.assertEqual((response.status_code, response.json()["code"]), (409, "owned_elsewhere"))
        error = response.json()["errors"][0]
        self.assertEqual(error["pointer"], "/name")
        self.assertEqual(response.json()["title"], "Owned elsewhere", "the same for every one of this type")
        self.assertEqual(response.json()["detail"], error["detail"])
        self.assertIn("Customers / Identity of Anna is owned by CRM, not by Shop.", error["detail"])
        self.assertEqual((self.partner.name, self.partner.ref), ("Anna", False), "nothing of it is applied")
        exception = self._get_message(response).exception_id
        self.assertEqual((exception.category, exception.assignee_id), ("ownership", self.steward))
        self.assertEqual(exception.activity_ids.user_id, self.steward)
        self.identity.write({"owner": False, "system_id": False})
        self.env.flush_all()
        exception.action_retry()
        self.env.invalidate_all()
        self.assertEqual((self.partner.name, exception.state), ("Berta", "resolved"))

    def test_what_is_masked_stays_masked(self):
        """G1, G6: neither what a record says now nor what was sent stands in clear where the type hides it."""
        self.shop.flow_ids.message_type_id.sensitive_paths = "name"
        self.partner.name = "Zed Quux"
        for policy in ("refuse", "flag"):
            with self.subTest(policy=policy):
                self._own(conflict_policy=policy)
                response = self._submit(self.shop_key, "Berta Quinn", note=policy)
                self.assertIn("***", response.text)
                self.assertNotIn("Zed", response.text)
                message = self._get_message(response)
                exception = message.exception_id
                told = message.read(["error", "answer_view"]) + message.attempt_ids.read(["detail"])
                told += exception.read(["name", "detail", "suggestion", "document_name"])
                told += exception.activity_ids.read(["summary", "note"])
                for hidden in ("Zed", "Quux", "Berta", "Quinn"):
                    self.assertNotIn(hidden, str(told))

    def test_flag(self):
        """G1: the foreign field stays, the rest is applied, the answer and the steward's queue name it."""
        self._own(conflict_policy="flag")
        response = self._submit(self.shop_key, "Berta", note="N")
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual((self.partner.name, self.partner.ref), ("Anna", "N"))
        left = response.json()["not_applied"]
        self.assertEqual(
            [(item["field_group"], item["owner"], item["pointers"]) for item in left],
            [("customer.identity", "CRM", ["/name"])],
        )
        exception = self._get_message(response).exception_id
        self.assertEqual((exception.state, exception.assignee_id), ("open", self.steward))
        self.assertIn("here Anna, sent Berta", exception.detail)
        again = self._submit(self.shop_key, "Berta", note="M")
        self.assertEqual(self._get_message(again).exception_id, exception, "one row for one field group")
        self._submit(self.shop_key, "Clara", note="M")
        self.assertEqual(
            exception.detail.splitlines(),
            ["Name: here Anna, sent Clara", "Name: here Anna, sent Berta"],
            "the latest one first",
        )

    def test_notify(self):
        """G1: applied, and the steward is told: one notice, with the latest change first."""
        self._own(conflict_policy="notify")
        for name in ("Berta", "Clara"):
            response = self._submit(self.shop_key, name)
            self.assertEqual(response.status_code, 200)
            self.assertNotIn("not_applied", response.json())
        self.assertEqual(self.partner.name, "Clara")
        self.assertEqual(self.partner.activity_ids.user_id, self.steward)
        self.assertEqual(len(self.partner.activity_ids), 1)
        note = self.partner.activity_ids.note
        self.assertLess(note.index("here Berta, sent Clara"), note.index("here Anna, sent Berta"))

    def test_notify_of_what_is_masked(self):
        """G1, G6: the notice names the field; what it said and says is for those who may see it."""
        self.shop.flow_ids.message_type_id.sensitive_paths = "name"
        self._own(conflict_policy="notify")
        self._submit(self.shop_key, "Berta Quinn")
        note = self.partner.activity_ids.note
        self.assertIn("Name: here ***, sent ***", note)
        self.assertNotIn("Quinn", note)

    def test_notify_of_many_changes(self):
        """G1: a notice that nobody reads for long keeps to the latest changes; once done, the next one is new."""
        self._own(conflict_policy="notify")
        for number in range(15):
            self._submit(self.shop_key, f"Name {number}")
        notice = self.partner.activity_ids
        self.assertEqual(len(notice), 1)
        self.assertEqual(notice.note.count("sent Name"), 10)
        self.assertLess(notice.note.index("sent Name 14"), notice.note.index("sent Name 13"))
        notice.action_feedback()
        self._submit(self.shop_key, "Zoe")
        self.assertEqual(self.partner.activity_ids.note.count("sent "), 1)

    def test_notify_of_new_records(self):
        """G1: of records that others make the steward is told on the row of the matrix, the latest first."""
        self._own(conflict_policy="notify", new_record_policy="owner")
        for number in range(2):
            self._submit(self.shop_key, f"New {number}", f"N-{number}")
        notice = self.identity.activity_ids.filtered(lambda item: item.user_id == self.steward)
        self.assertEqual(len(notice), 1)
        self.assertLess(notice.note.index("sent New 1"), notice.note.index("sent New 0"))

    def test_notify_without_steward(self):
        """G1: where there is no steward, or the steward has left, the owner of the flow is told."""
        owner = new_test_user(self.env, "owner", groups="dist_integration_base.group_dist_user")
        self.shop.business_owner_id = owner
        left = new_test_user(self.env, "left", groups="dist_integration_base.group_dist_user")
        self._own(conflict_policy="notify", steward_id=left.id)
        left.active = False
        self._submit(self.shop_key, "Berta")
        self.identity.steward_id = False
        self._submit(self.shop_key, "Clara")
        self.assertEqual(self.partner.activity_ids.user_id, owner)
        self.assertEqual(len(self.partner.activity_ids), 1)

    def test_owner_and_same_value(self):
        """G1: the owner changes what it owns; a value that is not new is nobody's conflict."""
        self._own(conflict_policy="refuse")
        self.assertEqual(self._submit(self.shop_key, "Anna", note="N").status_code, 200)
        self.assertEqual(self._submit(self.crm_key, "Berta").status_code, 200)
        self.assertEqual((self.partner.name, self.partner.ref), ("Berta", False))

    def test_odoo_owns(self):
        """G1: what Odoo owns is changed by no system."""
        self.identity.write({"owner": "odoo", "conflict_policy": "refuse"})
        for key in (self.shop_key, self.crm_key):
            self.assertEqual(self._submit(key, "Berta").json()["code"], "owned_elsewhere")
        self.partner.with_user(self.env.ref("base.user_admin")).name = "Berta"
        self.assertEqual(self.partner.name, "Berta")

    def test_whole_domain(self):
        """G1: a field group without an owner is owned like its domain."""
        self._own(self._get_row("customer"), conflict_policy="refuse")
        self.assertEqual(self.identity.in_force, "CRM, as the whole domain")
        self.assertEqual(self._submit(self.shop_key, "Berta").status_code, 409)
        self._own(owner=self.shop)
        self.assertEqual(self._submit(self.shop_key, "Clara").status_code, 200)

    def test_completeness(self):
        """G1: a domain is complete when its row, or each of its field groups, has an owner."""
        whole = self._get_row("stock")
        domain = whole.domain_id
        self.assertEqual(domain.undecided_count, 2)
        self._own(self._get_row("stock", "on_hand"))
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual((domain.undecided_count, domain.owner_names), (0, "CRM"))
        self.assertEqual(whole.in_force, "By field group")

    def test_new_record(self):
        """G1: whoever creates a record fills it, unless the matrix says otherwise."""
        self._own(conflict_policy="refuse")
        self.assertEqual(self._submit(self.shop_key, "New", "N-1").status_code, 200)
        self.identity.new_record_policy = "owner"
        response = self._submit(self.shop_key, "Newer", "N-2")
        self.assertEqual(response.json()["code"], "owned_elsewhere")
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Newer")]))
        self.identity.conflict_policy = "flag"
        response = self._submit(self.shop_key, "Newer still", "N-3")
        self.assertEqual(response.status_code, 409, "a record without its name cannot be made")
        self.assertEqual(self._submit(self.crm_key, "Newest", "N-4").status_code, 200)

    def test_new_record_without_foreign_field(self):
        self._own(self._get_row("customer", "addresses"), conflict_policy="flag", new_record_policy="owner")
        self.env["dist.code.map"].create(
            {
                "system_id": self.shop.id,
                "domain": "country",
                "external_code": "BE",
                "res_model": "res.country",
                "res_id": self.env.ref("base.be").id,
            }
        )
        response = self._submit(self.shop_key, "Belgian", "N-5", country="BE")
        self.assertEqual(response.json()["not_applied"][0]["pointers"], ["/country"])
        partner = self.env["res.partner"].search([("name", "=", "Belgian")])
        self.assertFalse(partner.country_id)

    def test_other_company(self):
        """G1: another company's matrix says nothing here."""
        other = self.env["res.company"].create({"name": "Elsewhere"})
        row = self._get_row("customer", "identity", other)
        self.assertTrue(row, "a new company has its rows")
        row.write({"owner": "odoo", "conflict_policy": "refuse"})
        self.assertEqual(self._submit(self.shop_key, "Berta").status_code, 200)
        with self.assertRaises(UserError):
            row.write({"owner": "system", "system_id": self.crm.id})
        manager = new_test_user(self.env, "boss", groups="dist_integration_base.group_dist_manager")
        self.assertFalse(self.env["dist.ownership"].with_user(manager).search([("id", "=", row.id)]))

    def test_last_inbound_change(self):
        """G1: the record says who owns what, and which message changed it last."""
        self._own()
        message = self._get_message(self._submit(self.crm_key, "Berta"))
        self.assertEqual(self.partner.dist_owner_text, "CRM")
        partner = self.partner.with_user(self.steward)
        action = partner.action_view_dist_ownership()
        view = self.env[action["res_model"]].with_user(self.steward).browse(action["res_id"])
        line = view.line_ids.filtered(lambda line: line.group_name == "Identity")
        self.assertEqual((line.owner_name, line.steward_id, line.message_id), ("CRM", self.steward, message))
        self.assertIn("Name", line.field_labels)
        other = view.line_ids.filtered(lambda line: line.group_name == "Tax")
        self.assertEqual((other.owner_name, other.message_id.id), ("Anybody", False))

    def test_person_warned(self):
        """G1: a person who changes what a system owns is warned on screen, and it is noted."""
        self._own()
        clerk = new_test_user(self.env, "clerk", groups="base.group_user,base.group_partner_manager")
        partner = self.partner.with_user(clerk)
        spec = {"name": {}, "comment": {}}
        answer = partner.onchange({"name": "Berta"}, ["name"], spec)
        self.assertIn("CRM", answer["warning"]["message"])
        self.assertNotIn("warning", partner.onchange({"comment": "x"}, ["comment"], spec))
        before = self.partner.message_ids
        partner.write({"name": "Berta", "comment": "x"})
        self.assertIn("CRM owns", (self.partner.message_ids - before).filtered("body")[:1].body)
        before = self.partner.message_ids
        partner.write({"name": "Berta"})
        self.assertEqual(self.partner.message_ids, before, "the same value again is no change")
        self.identity.odoo_write_policy = "allow"
        partner.write({"name": "Clara"})
        self.assertFalse(
            (self.partner.message_ids - before).filtered(lambda note: "owns" in (note.body or ""))
        )

    def test_person_refused(self):
        """G1: where the owner wants it, nobody changes its fields in Odoo; code of Odoo itself does."""
        self._own(odoo_write_policy="refuse")
        clerk = new_test_user(self.env, "clerk", groups="base.group_user,base.group_partner_manager")
        with self.assertRaisesRegex(
            UserError, "Fields of Customers / Identity, which CRM owns: Name. Change"
        ):
            self.partner.with_user(clerk).name = "Berta"
        self.partner.with_user(clerk).comment = "x"
        with self.assertRaisesRegex(UserError, "which CRM owns"):
            # a client sends any context
            self.partner.with_user(clerk).with_context(job_uuid="1").name = "Dora"
        self.partner.with_user(clerk).sudo().name = "Clara"
        self.assertEqual(self.partner.name, "Clara")

    def test_a_row_that_is_there_already(self):
        """G1: a second row for the same data is refused in words, for a field group and for the whole domain."""
        manager = new_test_user(self.env, "rows-manager", groups="dist_integration_base.group_dist_manager")
        self.authenticate(manager.login, manager.login)
        for row in (self.identity, self._get_row("customer")):
            values = {
                "company_id": row.company_id.id,
                "domain_id": row.domain_id.id,
                "group_id": row.group_id.id,
            }
            call = {"model": row._name, "method": "create", "args": [[values]], "kwargs": {}}
            response = self.url_open(
                "/web/dataset/call_kw",
                json.dumps({"jsonrpc": "2.0", "method": "call", "params": call}),
                headers={"Content-Type": "application/json"},
            )
            error = response.json()["error"]["data"]
            self.assertIn("There is a row for this data already", error["message"])

    def test_form_asks_the_server(self):
        """G1: fields that may have an owner ask the server when they are changed on the form."""
        arch = self.env["res.partner"].get_view(self.env.ref("base.view_partner_form").id)["arch"]
        self.assertRegex(arch, r'<field name="street"[^>]*on_change="1"')

    def test_address_belongs_to_customer(self):
        """G1: an address of a customer goes by the owner of addresses, its name included."""
        self._own(self._get_row("customer", "addresses"), odoo_write_policy="refuse")
        clerk = new_test_user(self.env, "clerk", groups="base.group_user,base.group_partner_manager")
        self.env.flush_all()
        address = self.env["res.partner"].create(
            {"name": "Dock", "parent_id": self.partner.id, "type": "delivery"}
        )
        with self.assertRaises(UserError):
            address.with_user(clerk).name = "Gate"
        self.partner.with_user(clerk).name = "Berta"

    def test_matrix_on_screen(self):
        """G1: the matrix is edited in the list; what nobody owns can be found."""
        manager = new_test_user(self.env, "boss", groups="dist_integration_base.group_dist_manager")
        with Form(self.identity.with_user(manager), "dist_integration_base.dist_ownership_view_form") as form:
            form.owner = "system"
            form.system_id = self.crm
        self.assertEqual(self.identity.system_id, self.crm)
        domain = self.identity.domain_id.with_user(manager)
        rows = self.env["dist.ownership"].search([("domain_id", "=", domain.id), ("is_decided", "=", False)])
        self.assertNotIn(self.identity, rows)
        self.assertEqual(
            domain.undecided_count, len(rows.filtered(lambda row: row.company_id == self.env.company))
        )
        with Form(self.identity.with_user(manager), "dist_integration_base.dist_ownership_view_form") as form:
            form.owner = "odoo"
        self.assertFalse(self.identity.system_id)
        with self.assertRaises(AccessError):
            self.identity.with_user(self.steward).owner = False

    @mute_logger("odoo.sql_db")
    def test_constraints(self):
        """G1: a system is named exactly where a system owns; a field has one group; rows are unique."""
        with self.assertRaises(psycopg2.IntegrityError), self.cr.savepoint():
            self.identity.owner = "system"
            self.identity.flush_recordset()
        with self.assertRaises(psycopg2.IntegrityError), self.cr.savepoint():
            self.identity.copy()
        with self.assertRaises(ValidationError):
            self.identity.domain_id.group_ids = [
                Command.create(
                    {"name": "Twice", "code": "twice", "model_names": "res.partner", "field_names": "name"}
                )
            ]
