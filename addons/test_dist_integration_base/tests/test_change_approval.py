from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.dist_integration_base.models.dist_change_rule import SETTING
from odoo.addons.dist_integration_base.models.dist_guarded_mixin import ChangeKept
from odoo.addons.dist_integration_base.models.dist_message import WAKING
from odoo.addons.dist_integration_base.tests.common import DistCase

from .test_audit import AuditMixin

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OLD, NEW = "http://127.0.0.1:9/hook", "https://new.example/hook"


@tagged("post_install", "-at_install")
class TestChangeApproval(AuditMixin, DistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.manager, cls.approver = cls.people["manager"], cls.people["approver"]
        cls.second = new_test_user(
            cls.env,
            login="dist-test-second",
            groups="dist_integration_base.group_dist_manager,dist_integration_base.group_dist_approver",
        )
        cls.system, cls.client, _key = cls._make_system(message_types=["partner.submit"])
        cls.system.environment = "production"
        cls.endpoint = cls._make_endpoint(cls.system, OLD)
        cls._turn_on()

    @classmethod
    def _turn_on(cls):
        cls.env["ir.config_parameter"].sudo().set_param(SETTING, "True")

    @contextmanager
    def _kept(self):
        """What happens inside is refused and kept as requests, which are added to the list given."""
        requests = []
        self.env.flush_all()
        known = self.env["dist.change.request"].search([])
        try:
            # no assertRaises: it would take the request back, which has a transaction of its own in real life
            yield requests
        except ChangeKept as warning:
            self.env.invalidate_all()
            requests += self.env["dist.change.request"].search([]) - known
            self.assertIn(requests[0].name if requests else "CR", warning.args[0])
            self.assertEqual(warning.context["action"]["res_model"], "dist.change.request")
            # goes with the transaction that was refused
            self.env.cr.postcommit.clear()
            return
        self.fail("not refused")

    def _as(self, user, record):
        return record.with_user(user)

    def _ask(self, url=NEW, user=None, reason="It moves on Monday"):
        """:return: a request that waits for approval"""
        user = user or self.manager
        with self._kept() as requests:
            self._as(user, self.endpoint).write({"url": url})
        request = requests[0]
        request.with_user(user).reason = reason
        request.with_user(user).action_request()
        return request

    def test_ownership_and_tolerance(self):
        """G4: who owns data, and how far both sides may be apart, wait for a second person as well."""
        owned = self.env["dist.ownership"].search([("company_id", "=", self.env.company.id)], limit=1)
        profile = self.env["dist.reconciliation.profile"].create(
            {"name": "Stock", "system_id": self.system.id, "tolerance_ids": [Command.create({"percent": 1})]}
        )
        for record, vals in (
            (owned, {"owner": "odoo"}),
            (profile, {"auto_post": True}),
            (profile.tolerance_ids, {"percent": 50}),
        ):
            with self.subTest(model=record._name):
                with self._kept() as requests:
                    self._as(self.manager, record).write(vals)
                name, value = next(iter(vals.items()))
                self.assertNotEqual(record[name], value)
                request = requests[0]
                request.with_user(self.manager).reason = "Agreed in the meeting"
                request.with_user(self.manager).action_request()
                request.with_user(self.approver).action_approve()
                self.assertEqual(record[name], value)

    def test_off_until_turned_on(self):
        """G4: nothing waits before an administrator turned approval on."""
        self.env["ir.config_parameter"].sudo().set_param(SETTING, "False")
        self._as(self.manager, self.endpoint).url = NEW
        self.assertEqual(self.endpoint.url, NEW)

    def test_change_waits_and_is_applied(self):
        """G4: a change is kept, shown old and new, applied when a second person approves; the trail says who."""
        with self._kept() as requests:
            self._as(self.manager, self.endpoint).write({"url": NEW})
        request = requests[0]
        self.assertEqual(
            (self.endpoint.url, request.state, request.requester_id), (OLD, "draft", self.manager)
        )
        line = request.line_ids
        self.assertEqual((line.label, line.old, line.new), ("Address", OLD, NEW))
        self.assertIn(request.name, self._as(self.manager, self.endpoint).dist_pending_change)
        with self.assertRaisesRegex(UserError, "why"):
            request.with_user(self.manager).action_request()
        with Form(request.with_user(self.manager)) as form:
            form.reason = "It moves on Monday"
        request.with_user(self.manager).action_request()
        self.assertEqual(request.state, "waiting")
        people = request.activity_ids.user_id
        self.assertIn(self.approver, people)
        self.assertNotIn(self.manager, people)
        request.with_user(self.approver).action_approve()
        self.assertEqual(
            (request.state, self.endpoint.url, request.decided_by_id), ("applied", NEW, self.approver)
        )
        self.assertFalse(request.activity_ids)
        self.assertFalse(request.sudo().content)
        people = self.manager + self.approver
        told = {entry.action: entry for entry in self._entries(self.endpoint) if entry.user_id in people}
        self.assertEqual(told["requested"].user_id, self.manager)
        self.assertEqual(told["requested"].reason, "It moves on Monday")
        self.assertEqual(told["approved"].user_id, self.approver)
        self.assertEqual(self._changes(told["changed"]), {"url": (OLD, NEW)})

    def test_nobody_can_approve(self):
        """G4: it is said in the request and in the answer who has to be given what, once somebody can it is not."""
        system = self._make_lonely_system()
        company = system.company_id
        self.manager.company_ids += company
        endpoint = self._as(self.manager, self._make_endpoint(system, OLD))
        endpoint = endpoint.with_context(allowed_company_ids=company.ids)
        with self._kept() as requests:
            endpoint.write({"url": NEW})
        request = requests[0].with_user(self.manager).with_context(allowed_company_ids=company.ids)
        self.assertIn("works in Lonely than Manager of the tests", request.approver_problem)
        request.reason = "It moves"
        answer = request.action_request()
        self.assertIn(request.name, answer["params"]["message"])
        self.assertIn("Approver: decides", answer["params"]["message"])
        self.assertEqual(request.state, "waiting")
        self.approver.company_ids += company
        request.invalidate_recordset()
        self.assertFalse(request.approver_problem)

    def _make_lonely_system(self):
        """:return: dist.system of a company in which nobody approves"""
        company = self.env["res.company"].create({"name": "Lonely"})
        values = {"name": "Lonely shop", "code": "lonely", "kind": "shop", "environment": "production"}
        return self.env["dist.system"].create({**values, "company_id": company.id, "state": "active"})

    def test_turning_it_on_with_too_few(self):
        """G4: the settings warn while a company has fewer than two people who may approve."""
        self.env["ir.config_parameter"].sudo().set_param(SETTING, "False")
        settings = self.env["res.config.settings"].new({"dist_change_approval": True})
        self.assertFalse(settings._onchange_dist_change_approval(), "the approver and the second manager")
        self._make_lonely_system()
        warning = settings._onchange_dist_change_approval()["warning"]
        self.assertIn("Lonely", warning["message"])
        self.env["ir.config_parameter"].sudo().set_param(SETTING, "True")
        self.assertFalse(settings._onchange_dist_change_approval(), "nothing is turned on")

    def test_reasons_are_text(self):
        """G4: what a person writes stands as text in the activities of those who decide."""
        text = "<img src='https://evil.example/x'> <a href='https://evil.example'>Look</a>"
        request = self._ask(reason=text)
        self._check_text(request.activity_ids)
        action = request.with_user(self.manager).action_ask_bypass()
        wizard = self.env[action["res_model"]].with_user(self.manager).with_context(**action["context"])
        wizard.create({"note": text}).action_decide()
        self._check_text(request.activity_ids)
        self.endpoint._notify_owner("Look", text)
        self._check_text(self.endpoint.activity_ids)

    def _check_text(self, activities):
        self.assertTrue(activities)
        for activity in activities:
            self.assertIn("&lt;img", activity.note)
            self.assertNotIn("<img", activity.note)
            self.assertNotIn("<a ", activity.note)

    def test_nobody_approves_alone(self):
        """G4: the requester, whoever lacks the right, and an approver who is too late are refused."""
        request = self._ask(user=self.second)
        with self.assertRaisesRegex(AccessError, "second person"):
            request.with_user(self.second).action_approve()
        for group in ("manager", "operator", "auditor", "user"):
            with self.assertRaises(AccessError):
                request.with_user(self.people[group]).action_approve()
            with self.assertRaises(AccessError):
                request.with_user(self.people[group])._reject("no")
        for values in ({"state": "applied"}, {"requester_id": self.approver.id}, {"reason": "x"}):
            with self.assertRaises(AccessError):
                request.with_user(self.manager).write(values)
        with self.assertRaises(AccessError):
            request.with_user(self.second).write({"content": "{}"})
        with self.assertRaises(AccessError):
            self.env["dist.change.request"].with_user(self.second).create({"name": "x"})
        with self.assertRaises(AccessError):
            request.with_user(self.second).unlink()
        wizard = self.env["dist.change.decide"].with_user(self.manager)
        forged = wizard.create({"request_id": request.id, "decision": "bypass", "note": "x"})
        with self.assertRaises(AccessError):
            forged.action_decide()
        self.assertEqual((request.state, self.endpoint.url), ("waiting", OLD))
        request.with_user(self.approver).action_approve()
        with self.assertRaisesRegex(UserError, "settled"):
            request.with_user(self.approver).action_approve()

    def test_context_does_not_help(self):
        """G4: no context that a client sends lets a change through."""
        for context in ({"approved": True}, {"install_mode": True}, {"dist_approved": True}):
            with self._kept():
                self._as(self.manager, self.endpoint).with_context(**context).write({"url": NEW})
        self.assertEqual(self.endpoint.url, OLD)

    def test_asked_twice_is_kept_once(self):
        """G4: saving the same change again finds the request that is open."""
        request = self._ask()
        with self._kept() as requests:
            self._as(self.manager, self.endpoint).write({"url": NEW})
        self.assertFalse(requests, "none was added")
        with self._kept() as requests:
            self._as(self.manager, self.endpoint).write({"url": "https://third.example/"})
        self.assertNotEqual(requests[0], request)
        numbers = [int(found.name.rpartition("/")[2].strip("CR")) for found in (request, requests[0])]
        self.assertEqual(numbers[1], numbers[0] + 1, "no number was used up")

    def test_rejected_change_leaves_no_trace(self):
        """G4: nothing of a rejected change is in the configuration, and no secret of it is kept."""
        request = self._ask()
        action = request.with_user(self.approver).action_ask_reject()
        wizard = self.env[action["res_model"]].with_user(self.approver).with_context(**action["context"])
        wizard.create({"note": "Not on a Monday"}).action_decide()
        self.assertEqual((request.state, request.decision_note), ("rejected", "Not on a Monday"))
        self.assertEqual(self.endpoint.url, OLD)
        self.assertFalse(request.sudo().content)
        self.assertFalse(self.endpoint.dist_pending_change)
        self.assertEqual(self._entries(self.endpoint, action="rejected").reason, "Not on a Monday")

    def test_stale_request(self):
        """G4: a request whose record changed meanwhile cannot be approved; it is asked for again."""
        request = self._ask()
        self.endpoint.sudo().url = "https://between.example/"
        request.invalidate_recordset()
        self.assertTrue(request.is_stale)
        with self.assertRaisesRegex(UserError, "asked for again"):
            request.with_user(self.approver).action_approve()
        action = request.with_user(self.manager).action_ask_again()
        fresh = self.env["dist.change.request"].browse(action["res_id"])
        self.assertEqual((request.state, fresh.state, fresh.is_stale), ("cancelled", "draft", False))
        self.assertEqual(fresh.line_ids.old, "https://between.example/")
        fresh.with_user(self.manager).action_request()
        fresh.with_user(self.approver).action_approve()
        self.assertEqual(self.endpoint.url, NEW)

    def test_not_archived(self):
        """O6: configuration that is only deleted says so to whoever calls the server to archive it."""
        credential = self.env["dist.credential"].create({"name": "Token", "system_id": self.system.id})
        for call in (credential.action_archive, credential.action_unarchive):
            with self.assertRaisesRegex(UserError, "Credential are not archived"):
                call()

    def test_what_happens_by_itself(self):
        """G4: that the partner says 410 or a key runs out makes no request stale that is about something else."""
        key = self.client.key_ids.sudo()
        key.expires_at = fields.Datetime.now() + timedelta(hours=1)
        request = self._ask()
        with self._kept() as requests:
            self._as(self.manager, self.client).write({"allowed_networks": "10.0.0.0/8"})
        of_client = requests[0]
        self.endpoint.sudo()._disable("410")
        with patch.object(fields.Datetime, "now", return_value=key.expires_at + timedelta(hours=1)):
            self.env.invalidate_all()
            self.assertEqual(key.state, "expired")
            self.assertFalse(self._find_stale(request | of_client))
        self.env.invalidate_all()
        request.with_user(self.approver).action_approve()
        self.assertEqual((self.endpoint.url, self.endpoint.state), (NEW, "disabled"))
        key.expires_at += timedelta(days=30)
        self.assertEqual(self._find_stale(of_client), of_client)

    def test_state_asked_for_is_compared(self):
        """G4: a request about the state of an endpoint is stale once the partner said 410; so is one that a person
        enabled meanwhile.
        """
        with self._kept() as requests:
            self._as(self.manager, self.endpoint).action_disable()
        self.endpoint.sudo()._disable("410")
        self.env.invalidate_all()
        self.assertEqual(self._find_stale(requests[0]), requests[0])
        request = self._ask()
        self.endpoint.sudo().action_enable()
        self.env.invalidate_all()
        self.assertEqual(self._find_stale(request), request)

    def _find_stale(self, requests):
        approver = requests.with_user(self.approver)
        return approver.search([("id", "in", requests.ids), ("is_stale", "=", True)])

    def test_other_record_of_the_same_name(self):
        """G4: a request tells records of the same name apart, for the approver and when it is asked for again."""
        values = {"name": "tpw", "system_id": self.system.id, "kind": "password"}
        credentials = self.env["dist.credential"].create([{**values, "username": user} for user in "abc"])
        self.endpoint.sudo().credential_id = credentials[0]
        requests = [self._keep_credential(credential) for credential in credentials[1:]]
        self.assertNotEqual(*requests)
        for request, credential in zip(requests, credentials[1:], strict=True):
            line = request.line_ids
            self.assertIn(f"#{credentials[0].id}", line.old)
            self.assertIn(f"#{credential.id}", line.new)
            self.assertEqual(request.summary, "Credential")

    def _keep_credential(self, credential):
        with self._kept() as requests:
            self._as(self.manager, self.endpoint).write({"credential_id": credential.id})
        return requests[0]

    def _make_mapping(self, system):
        return self.env["dist.mapping"].create(
            {
                "name": "Partners",
                "system_id": system.id,
                "message_type_id": self.system.flow_ids.message_type_id.id,
                "row_ids": [Command.create({"target": "name", "source": "n"})],
            }
        )

    def test_rows_are_approved_with_their_mapping(self):
        """G4: the approver sees the rows of a mapping; they cannot be rewritten between asking and approving."""
        mapping = self._as(self.manager, self._make_mapping(self.system))
        for change in (
            {"row_ids": [Command.update(mapping.row_ids.id, {"source": "evil"})]},
            {"row_ids": [Command.create({"target": "ref", "source": "r"})]},
            {"row_ids": [Command.clear(), Command.create({"target": "name", "source": "n"})]},
        ):
            with self._kept() as requests:
                mapping.action_approve()
            request = requests[0]
            request.with_user(self.manager).reason = "The shop goes live"
            request.with_user(self.manager).action_request()
            shown = request.with_user(self.approver).part_ids
            self.assertEqual(len(shown), len(mapping.row_ids))
            self.assertIn(f"Source: {mapping.row_ids[0].source}", shown[0].new)
            self.assertEqual(request.line_ids.mapped("name"), ["state"])
            mapping.write(change)
            request.invalidate_recordset()
            self.assertTrue(request.is_stale)
            with self.assertRaisesRegex(UserError, "asked for again"):
                request.with_user(self.approver).action_approve()
            request.with_user(self.manager).action_cancel()
        with self._kept() as requests:
            mapping.action_approve()
        self._settle(requests[0])
        self.assertEqual(mapping.state, "approved")

    def test_system_is_approved_with_all_it_has(self):
        """G4: what a system goes to production with is shown, and is what was asked for."""
        system, client, _key = self._make_system("Test", message_types=["partner.submit"])
        mapping = self._make_mapping(system)
        endpoint = self._make_endpoint(system, OLD)
        credential = self.env["dist.credential"].create(
            {"name": "Webhook", "system_id": system.id, "secret": SECRET}
        )
        with self._kept() as requests:
            self._as(self.manager, system).environment = "production"
        request = requests[0]
        shown = "\n".join(request.part_ids.mapped("new"))
        for text in (f"Address: {OLD}", "Source: n", f"Fingerprint {credential.fingerprint}", client.name):
            self.assertIn(text, shown)
        self.assertIn("dist.flow", request.part_ids.mapped("name"))
        for change in (
            lambda: self._as(self.manager, endpoint).write({"url": NEW}),
            lambda: self._as(self.manager, credential).write({"secret": SECRET[:-1] + "A"}),
            lambda: self._as(self.manager, mapping.row_ids).write({"source": "evil"}),
            lambda: self._as(self.manager, system.flow_ids).write({"filter_domain": "[]"}),
            lambda: self._as(self.manager, client).write({"allowed_networks": "0.0.0.0/0"}),
        ):
            self.assertFalse(request.is_stale)
            change()
            self.env.invalidate_all()
            self.assertTrue(request.is_stale)
            request = request.browse(request.with_user(self.manager).action_ask_again()["res_id"])
        self._settle(request)
        self.assertEqual(system.environment, "production")

    def test_nothing_of_another_system(self):
        """G4: what serves a production system is of that system: what is of a test system changes unseen."""
        test, client, _key = self._make_system("Test", message_types=["partner.submit"])
        credential = self.env["dist.credential"].create(
            {"name": "Test", "system_id": test.id, "secret": SECRET}
        )
        mapping = self._make_mapping(test)
        mapping.action_approve()
        endpoint = self._make_endpoint(test, OLD)
        flow = self._make_flow(self.system, "partner.changed", "draft")
        self.env["ir.config_parameter"].sudo().set_param(SETTING, "False")
        own = self.env["dist.credential"].create({"name": "Own", "system_id": self.system.id})
        self._as(self.manager, self.endpoint).write({"credential_id": own.id})
        for record, name, other in (
            (self.endpoint, "credential_id", credential),
            (self.endpoint, "signing_credential_id", credential),
            (self.endpoint, "client_id", client),
            (flow, "mapping_id", mapping),
            (flow, "endpoint_id", endpoint),
            (self.client, "signing_credential_id", credential),
            (own, "system_id", test),
        ):
            with self.subTest(name=name), self.assertRaises(ValidationError) as refused:
                self._as(self.manager, record).write({name: other.id})
            self.assertIn("cannot use", refused.exception.args[0])

    def _check_refused(self, error, *changes):
        """Each of these changes is refused to whoever makes it, and none is kept."""
        known = self.env["dist.change.request"].search_count([])
        for number, change in enumerate(changes):
            with self.subTest(number=number), self.assertRaises(error) as refused:
                change()
            self.assertNotIsInstance(refused.exception, ChangeKept)
        self.assertEqual(self.env["dist.change.request"].search_count([]), known)

    def test_checks_of_the_model_hold(self):
        """G4: what the model refuses is refused to the person who asks; and at approval, where the request stays."""
        endpoint, types = self._as(self.manager, self.endpoint), self.system.flow_ids.message_type_id
        rules = self.env["dist.change.rule"].with_user(self.manager)
        self._check_refused(
            ValidationError,
            lambda: endpoint.write({"url": "no address"}),
            lambda: endpoint.write({"url": "javascript:x"}),
            lambda: endpoint.write({"auth_type": "basic"}),
            lambda: endpoint.copy({"url": "javascript:x"}),
            lambda: self._as(self.manager, types).write({"sensitive_paths": "a[[["}),
            lambda: rules.create({"name": "R", "model": "dist.flow", "field_names": "nothing"}),
            lambda: rules.create({"name": "R", "model": "dist.flow", "condition": "__import__('os')"}),
        )
        self._check_refused(ValueError, lambda: endpoint.write({"transport": "bogus"}))
        request = self._ask()
        request.sudo().content = '{"url": "no address"}'
        with self.assertRaises(ValidationError):
            request.with_user(self.approver).action_approve()
        self.env.invalidate_all()
        self.assertEqual((request.state, self.endpoint.url), ("waiting", OLD))

    def test_nothing_is_kept_without_rights(self):
        """G4: who may not make a change cannot ask for it either, and learns nothing by trying."""
        credential = self.env["dist.credential"].create(
            {"name": "Login", "system_id": self.system.id, "username": "hidden"}
        )
        stranger = new_test_user(self.env, login="dist-test-plain", groups="base.group_user")
        company = self.env["res.company"].create({"name": "Other"})
        other = new_test_user(
            self.env,
            login="dist-test-manager-of-other",
            groups="dist_integration_base.group_dist_manager",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        values = {"name": "X", "system_id": self.system.id}
        ownership = self.env["dist.ownership"].search([("company_id", "=", company.id)], limit=1)
        row = {"owner": "system", "system_id": self.system.id}
        for user in (stranger, self.people["user"], self.people["auditor"], other):
            self._check_refused(
                UserError if user == other else AccessError,
                self._as(user, credential).unlink,
                self._as(user, self.endpoint).unlink,
                lambda user=user: self._as(user, credential).write({"username": "x"}),
                lambda user=user: self._as(user, credential).action_generate(),
                lambda user=user: self.env["dist.credential"].with_user(user).create(values),
                lambda user=user: self._as(user, ownership).write(row),
            )

    def test_rights_at_the_time_of_approval(self):
        """G4: who lost the right to configure does not get a change applied."""
        request = self._ask()
        self.manager.groups_id -= self.env.ref("dist_integration_base.group_dist_manager")
        with self.assertRaises(AccessError):
            request.with_user(self.approver).action_approve()

    def test_other_fields_and_systems_do_not_wait(self):
        """G4: only what a rule names waits, and only where its condition holds, before or after the change."""
        self._as(self.manager, self.endpoint).write({"name": "Renamed", "url": OLD})
        self.assertEqual(self.endpoint.name, "Renamed")
        test, _client, _key = self._make_system("Test")
        self._as(self.manager, test).state = "suspended"
        with self._kept():
            self._as(self.manager, test).environment = "production"

    def test_creation_and_deletion(self):
        """G4: a new endpoint of a production system and the deletion of one wait as well."""
        values = {"name": "Second", "system_id": self.system.id, "url": NEW}
        with self._kept() as requests:
            self.env["dist.endpoint"].with_user(self.manager).create(values)
        request = requests[0]
        self.assertFalse(self.env["dist.endpoint"].search([("name", "=", "Second")]))
        self._settle(request)
        created = self.env["dist.endpoint"].search([("name", "=", "Second")])
        self.assertEqual((created.url, request.res_id, created.create_uid), (NEW, created.id, self.manager))
        with self._kept() as requests:
            self._as(self.manager, created).unlink()
        self.assertTrue(created.exists())
        self._settle(requests[0])
        self.assertFalse(created.exists())

    def _age(self, *recordsets):
        """Make records older than this transaction, which a test otherwise is all in."""
        self.env.flush_all()
        for records in recordsets:
            self.env.cr.execute(
                f"UPDATE {records._table} SET create_date = create_date - interval '1 hour' WHERE id IN %s",
                (tuple(records.ids),),
            )
        self.env.invalidate_all()

    def _check_waits(self, *changes):
        """Each of these changes is kept as one request, and nothing of it is done."""
        for number, change in enumerate(changes):
            with self.subTest(number=number):
                with self._kept() as requests:
                    change()
                self.assertEqual(len(requests), 1)
                # the same change would not be kept once more
                requests[0].unlink()

    def _make_profile(self, **values):
        profile = self.env["dist.reconciliation.profile"].create(
            {
                "name": "Stock",
                "system_id": self.system.id,
                "tolerance_ids": [Command.create({"percent": 1})],
                **values,
            }
        )
        self._age(profile, profile.tolerance_ids)
        return profile

    def test_lines_of_a_record(self):
        """G4: what is about a list of a record concerns its lines, whichever way they are changed; a new record comes
        with its lines.
        """
        profile, second = self._make_profile(), self._make_profile(name="Second")
        line = profile.tolerance_ids
        profiles = profile.browse().with_user(self.manager)
        tolerances = line.browse().with_user(self.manager)
        values = {"name": "New", "system_id": self.system.id}
        self._check_waits(
            lambda: tolerances.create({"profile_id": profile.id, "class_code": "A", "percent": 99}),
            lambda: self._as(self.manager, line).write({"percent": 99}),
            lambda: self._as(self.manager, line).unlink(),
            lambda: self._as(self.manager, line).copy({"class_code": "A"}),
            lambda: self._as(self.manager, line).write({"profile_id": second.id, "class_code": "B"}),
            lambda: self._as(self.manager, profile).write(
                {"tolerance_ids": [Command.create({"class_code": "A", "percent": 99})]}
            ),
            lambda: profiles.create({**values, "tolerance_ids": [Command.update(line.id, {"percent": 99})]}),
            lambda: profiles.create({**values, "tolerance_ids": [Command.link(line.id)]}),
        )
        self.assertEqual((profile.tolerance_ids, line.percent, line.class_code), (line, 1, False))
        made = profiles.create({**values, "tolerance_ids": [Command.create({"percent": 3})]})
        self.assertEqual(made.tolerance_ids.percent, 3)
        with self._kept() as requests:
            tolerances.create({"profile_id": profile.id, "class_code": "A", "percent": 2})
        self._settle(requests[0])
        self.assertEqual(sorted(profile.tolerance_ids.mapped("percent")), [1, 2])

    def test_rows_of_a_mapping(self):
        """G4: the rows of a mapping can be put under approval by themselves or as a list of it."""
        mapping = self.env["dist.mapping"].create(
            {
                "name": "Partners",
                "system_id": self.system.id,
                "message_type_id": self.system.flow_ids.message_type_id.id,
                "row_ids": [Command.create({"target": "name", "source": "n"})],
            }
        )
        self._age(mapping, mapping.row_ids)
        row = self._as(self.manager, mapping.row_ids)
        rule = self.env["dist.change.rule"].create(
            {"name": "Rows", "model": "dist.mapping", "field_names": "row_ids"}
        )
        changes = (
            lambda: row.write({"source": "m"}),
            row.unlink,
            lambda: row.copy({"target": "ref"}),
            lambda: row.create({"mapping_id": mapping.id, "target": "ref", "source": "r"}),
            lambda: self._as(self.manager, mapping).write(
                {"row_ids": [Command.update(row.id, {"source": "m"})]}
            ),
        )
        self._check_waits(*changes)
        rule.write({"model": "dist.mapping.row", "field_names": False, "on_create": True, "on_unlink": True})
        self._check_waits(*changes)
        self.assertEqual((row.source, mapping.row_ids.ids), ("n", row.ids))

    def test_who_owns_which_data(self):
        """G4: rows of the matrix, field groups, domains and scopes wait when they are made, changed or deleted."""
        owned = self.env["dist.ownership"].search(
            [("company_id", "=", self.env.company.id), ("group_id", "!=", False)], limit=1
        )
        group, domain = owned.group_id, owned.domain_id
        scope = self.env["dist.api.scope"].create({"code": "x:y", "name": "X"})
        owned, group, domain, scope = (
            self._as(self.manager, record) for record in (owned, group, domain, scope)
        )
        new_group = {"name": "G", "code": "g", "model_names": "res.partner", "field_names": "function"}
        other = group.sudo().create(
            {**new_group, "code": "h", "field_names": "title", "domain_id": domain.id}
        )
        self.env["dist.ownership"].search([("group_id", "=", other.id)]).unlink()
        self._check_waits(
            owned.unlink,
            lambda: owned.write({"odoo_write_policy": "allow"}),
            lambda: owned.create({"domain_id": domain.id, "group_id": other.id, "owner": "odoo"}),
            lambda: group.write({"field_names": "function"}),
            lambda: group.create({**new_group, "domain_id": domain.id}),
            group.unlink,
            lambda: domain.write({"group_ids": [Command.create(new_group)]}),
            lambda: domain.write({"group_ids": [Command.update(group.id, {"field_names": "function"})]}),
            lambda: domain.create({"name": "D", "code": "d"}),
            domain.unlink,
            lambda: scope.write({"code": "x:z"}),
            scope.unlink,
        )
        scope.name = "Only a name"
        self.assertTrue(owned.exists() and group.exists() and domain.exists() and scope.exists())

    def test_codes_and_bindings(self):
        """G4: what codes mean and external ids stand for waits where somebody wants it, also for an operator."""
        names = ("code_map", "binding")
        rules = [self.env.ref(f"dist_integration_base.change_rule_{name}") for name in names]
        operator = self.people["operator"]
        code = self.env["dist.code.map"].with_user(operator)
        binding = self.env["dist.binding"].with_user(operator)
        code = code.create(
            {"system_id": self.system.id, "domain": "unit", "external_code": "EA", "value": "Units"}
        )
        binding = binding.create(
            {"system_id": self.system.id, "res_model": "res.partner", "res_id": 1, "external_id": "B1"}
        )
        for rule in rules:
            rule.active = True
        country = self.env.ref("base.us")
        self._check_waits(
            lambda: code.write({"value": "Pieces"}),
            lambda: code.write({"value": False, "record_ref": f"res.country,{country.id}"}),
            lambda: code.copy({"external_code": "PC"}),
            code.unlink,
            lambda: binding.write({"res_id": 2}),
            lambda: binding.copy({"external_id": "B2", "res_id": 2}),
            binding.unlink,
        )
        self.env["dist.binding"]._bind(self.system, self.env.ref("base.partner_admin"), "B3")
        with self._kept() as requests:
            code.write({"value": "Pieces"})
        self._settle(requests[0])
        self.assertEqual(code.value, "Pieces")
        self.assertFalse(requests[0].with_user(self.people["user"]).search([]), "only who asked sees it")

    def test_fix_mapping(self):
        """G4: a code that is explained by the button of an exception waits as well; approved, it is replayed."""
        self.env.ref("dist_integration_base.change_rule_code_map").active = True
        message = self._make_message(self.system.flow_ids, state="error", payload='{"external_id": "A"}')
        user = self.people["user"]
        exception = self._open_exception(
            message, user, category="mapping", domain="country", external_code="XX", model="res.country"
        )
        action = exception.with_user(user).action_fix_mapping()
        wizard = self.env[action["res_model"]].with_user(user).browse(action["res_id"])
        wizard.record_ref = self.env.ref("base.us")
        with self.assertRaises(ChangeKept):
            wizard.action_fix()
        # again without the transaction of its own, which a test cannot roll back alone
        with self._kept() as requests:
            exception.with_user(user).sudo()._write_mapping(wizard.record_ref, None)
        request = requests[0]
        self.assertFalse(exception._find_working_code())
        self.assertEqual((request.requester_id, exception.state), (user, "open"))
        self.assertTrue(request.with_user(user).may_withdraw)
        arch = request.with_user(user).get_view(view_type="form")["arch"]
        self.assertIn('name="action_request"', arch)
        self.assertNotIn('name="action_ask_bypass"', arch)
        with Form(request.with_user(user)) as form:
            form.reason = "The shop says so"
        jobs = self.env["queue.job"].search([])
        self._settle(request)
        code = exception._find_working_code()
        self.assertEqual((code._get_meaning(), code.create_uid), (self.env.ref("base.us"), user))
        job = self.env["queue.job"].search([("method_name", "=", "_job_replay_mapped")]) - jobs
        self.assertEqual(job.records, exception)
        exception._job_replay_mapped(user.id)
        self.env.invalidate_all()
        self.assertEqual(self._entries(message, action="retried").user_id, user)

    def test_turning_approval_off(self):
        """G4: approval is not turned off by one person, on the page of settings or beside it."""
        administrator = new_test_user(
            self.env, "dist-test-root", groups="base.group_system,dist_integration_base.group_dist_manager"
        )
        parameter = self.env["ir.config_parameter"].sudo().search([("key", "=", SETTING)])
        settings = self.env["res.config.settings"].with_user(administrator)
        self._check_waits(
            lambda: parameter.with_user(administrator).write({"value": "False"}),
            lambda: parameter.with_user(administrator).unlink(),
        )
        settings.create({"dist_change_approval": True, "dist_retention_days": 30}).execute()
        with self._kept() as requests:
            settings.create({"dist_change_approval": False}).execute()
        self.assertTrue(self.env["dist.change.rule"]._is_approval_on())
        self._settle(requests[0])
        self.assertFalse(self.env["dist.change.rule"]._is_approval_on())

    def test_validity_of_keys(self):
        """G4, G8: nobody makes an old key good again alone; revoking one waits for nobody."""
        key = self._as(self.manager, self.client.key_ids)
        self._check_waits(lambda: key.write({"expires_at": "2099-01-01 00:00:00"}))
        key.action_revoke()
        self.assertEqual(key.state, "revoked")

    def test_several_at_once(self):
        """G4: none of several new records is lost when all of them wait."""
        values = [{"name": name, "system_id": self.system.id, "url": NEW} for name in ("One", "Two")]
        with self._kept() as requests:
            self.env["dist.endpoint"].with_user(self.manager).create(values)
        self.assertEqual([request.record_name for request in requests], ["Two", "One"])

    def test_rule_in_force_at_once(self):
        """G4: a rule holds from the moment it is made, for what it is about and for rules themselves."""
        self.env.ref("dist_integration_base.change_rule_change_rule").active = False
        rule = self._as(self.manager, self.env["dist.change.rule"]).create(
            {"name": "Again", "model": "dist.change.rule"}
        )
        self._check_waits(lambda: rule.write({"active": False}))

    # what follows

    def test_enabling_is_followed(self):
        """G4: an endpoint that is enabled by an approval, or by writing, goes on as by its button."""
        status = self.endpoint.status_ids.sudo()
        for enable in (
            lambda endpoint: endpoint.action_enable(),
            lambda endpoint: endpoint.write({"state": "active"}),
        ):
            self.endpoint.sudo()._disable("410")
            status.breaker_state = "open"
            self._make_waiting()
            with self._kept() as requests:
                enable(self._as(self.manager, self.endpoint))
            self.assertEqual((status.breaker_state, self._get_woken()), ("open", self.endpoint.browse()))
            self._settle(requests[0])
            self.assertEqual(
                (self.endpoint.state, self.endpoint.disabled_reason, status.breaker_state),
                ("active", False, "closed"),
            )
            self.assertEqual(self._get_woken(), self.endpoint)

    def _make_waiting(self):
        flow = self.endpoint.flow_ids or self._make_flow(
            self.system, "partner.changed", endpoint_id=self.endpoint.id
        )
        return self._make_message(flow, state="pending", next_attempt_at="2026-01-01 08:00:00", lane=0)

    def _get_woken(self):
        """:return: dist.endpoint whose lanes are drained after the commit"""
        self.env.flush_all()
        woken = self.env.cr.postcommit.data.get(WAKING, {"endpoints": set()})["endpoints"]
        found = self.env["dist.endpoint"].browse(sorted(woken))
        woken.clear()
        return found

    def test_activation_is_followed(self):
        """G4: a system that is activated by an approval sends what waited; a flow that is, hears events at once."""
        self._make_waiting()
        self.system.sudo().action_suspend()
        with self._kept() as requests:
            self._as(self.manager, self.system).action_activate()
        self.assertFalse(self._get_woken())
        self._settle(requests[0])
        self.assertEqual(self._get_woken(), self.endpoint)
        flow = self._make_flow(self.system, "integration.alert", "approved", endpoint_id=self.endpoint.id)
        flows = self.env["dist.flow"]
        self.assertFalse(flows._get_subscriptions("integration.alert", self.env.company.id))
        with self._kept() as requests:
            self._as(self.manager, flow).action_activate()
        self._settle(requests[0])
        self.assertEqual(flows._get_subscriptions("integration.alert", self.env.company.id), (flow.id,))

    def test_cutover_is_followed(self):
        """G4, G10: a step of the cut-over that is approved does all of it, then: messages since are to be handled."""
        flow = self.system.flow_ids
        flow.sudo()._set_stage("shadow", "Before")
        switches = self.env["dist.cutover.switch"].with_user(self.manager)
        with self._kept() as requests:
            switches.create({"flow_id": flow.id, "stage": "coexist"}).action_apply()
        self.assertEqual(flow.stage, "shadow")
        self._settle(requests[0])
        self.assertEqual((flow.stage, flow.previous_stage), ("coexist", "shadow"))
        flow.sudo().stage_since = "2026-01-01 08:00:00"
        message = self._make_message(flow, state="done", stage="coexist", received_at="2026-01-02 08:00:00")
        with self._kept() as requests:
            switches.create({"flow_id": flow.id, "rolls_back": True, "reason": "Wrong prices"}).action_apply()
        self.assertEqual(flow.stage, "coexist")
        # taken back with the transaction that was refused
        message.rollback_state = False
        request = requests[0]
        self.assertEqual(request.reason, "Wrong prices")
        later = self._make_message(flow, state="done", stage="coexist", received_at="2026-01-03 08:00:00")
        self._settle(request)
        self.assertEqual((flow.stage, flow.previous_stage), ("shadow", False))
        self.assertEqual(set((message + later).mapped("rollback_state")), {"to_handle"})
        self.assertTrue(flow.rolled_back_at)
        history = flow.history_ids.sorted("id")[-1]
        self.assertEqual((history.from_value, history.to_value), ("coexist", "shadow"))

    def test_rejected_step_of_the_cutover(self):
        """G4, G10: a step that is rejected is not taken, and nothing was done for it."""
        flow = self.system.flow_ids
        values = {"flow_id": flow.id, "stage": "shadow", "reason": "Try"}
        switch = self.env["dist.cutover.switch"].with_user(self.manager).create(values)
        with self._kept() as requests:
            switch.action_apply()
        requests[0].with_user(self.manager).action_request()
        requests[0].with_user(self.approver)._reject("No")
        self.env.invalidate_all()
        self.assertEqual((flow.stage, flow.previous_stage), ("live", False))
        self.assertFalse(self._entries(flow, action="changed", user_id=self.manager.id))

    def _settle(self, request):
        if not request.reason:
            request.with_user(request.requester_id).reason = "Needed"
        request.with_user(request.requester_id).action_request()
        request.with_user(self.approver).action_approve()

    def test_buttons_wait(self):
        """G4: activating a flow by its button waits for the second person."""
        flow = self._make_flow(self.system, "partner.changed", "approved", endpoint_id=self.endpoint.id)
        with self._kept() as requests:
            self._as(self.manager, flow).action_activate()
        self.assertEqual(flow.state, "approved")
        self.assertEqual(
            requests[0].line_ids.mapped(lambda line: (line.old, line.new)), [("Approved", "Active")]
        )
        self._settle(requests[0])
        self.assertEqual(flow.state, "active")

    def test_line_of_a_form(self):
        """G4: a change that comes inside the form of the system waits just the same."""
        with self._kept() as requests:
            self._as(self.manager, self.system).write(
                {"endpoint_ids": [Command.update(self.endpoint.id, {"url": NEW})]}
            )
        self.assertEqual((requests[0].res_model, self.endpoint.url), ("dist.endpoint", OLD))

    def test_secrets(self):
        """G4, G7: a secret waits encrypted and is compared by fingerprints only; a generated one is shown at once."""
        credential = self.env["dist.credential"].create(
            {"name": "Webhook", "system_id": self.system.id, "secret": SECRET}
        )
        other = SECRET[:-1] + "A"
        with self._kept() as requests:
            self._as(self.manager, credential).write({"secret": other})
        request = requests[0]
        text = f"{request.sudo().content} {request.line_ids.mapped('new')} {request.line_ids.mapped('old')}"
        self.assertNotIn(other, text)
        self.assertIn(credential.fingerprint, request.line_ids.old)
        self.assertEqual(credential._get_secret(), SECRET)
        self._settle(request)
        self.assertEqual(credential._get_secret(), other)
        action = self._as(self.manager, credential).action_generate()
        shown = action["context"]["dist_new_secret"]
        self.assertEqual(credential._get_secret(), other)
        waiting = self.env["dist.change.request"].search([("res_id", "=", credential.id)], limit=1)
        self.assertIn(waiting.name, self.env[action["res_model"]].browse(action["res_id"]).note)
        self._settle(waiting)
        self.env.invalidate_all()
        self.assertEqual(credential._get_secret(), shown)

    def test_key_of_a_client(self):
        """G4, G8: a new key waits for a second person like any credential; only its hash is kept until then."""
        client = self.client
        keys = client.key_ids
        action = self._as(self.manager, client).action_generate_key()
        shown = action["context"]["dist_new_secret"]
        self.assertEqual((client.key_ids, self.env["dist.api.key"]._find_access(shown)), (keys, None))
        request = self.env["dist.change.request"].search([("res_id", "=", client.id)], limit=1)
        self.assertIn(request.name, self.env[action["res_model"]].browse(action["res_id"]).note)
        prefix = shown.split("_")[2]
        self.assertEqual(request.line_ids.mapped(lambda line: (line.old, line.new)), [(keys.prefix, prefix)])
        self.assertNotIn(shown, str(request.sudo().read()))
        self.assertFalse(keys.expires_at, "the former key goes on")
        request.with_user(self.manager).reason = "The shop was taken over"
        request.with_user(self.manager).action_request()
        with self.assertRaises(AccessError):
            request.with_user(self.manager).action_approve()
        request.with_user(self.approver).action_approve()
        key = self.env["dist.api.key"].browse(self.env["dist.api.key"]._find_access(shown).key_id)
        self.assertEqual((key.client_id, key.state), (client, "valid"))
        self.assertTrue(keys.expires_at, "the former key ends with the overlap")
        made = self._entries(client, action="key_generated")[:1]
        self.assertEqual(made.user_id, self.manager)
        rejected = self._as(self.manager, client)._generate_key()
        request = self.env["dist.change.request"].search([("res_id", "=", client.id)], limit=1)
        request.with_user(self.manager).reason = "Once more"
        request.with_user(self.manager).action_request()
        request.with_user(self.approver)._reject("why?")
        self.assertFalse(self.env["dist.api.key"]._find_access(rejected))

    def test_key_without_a_rule(self):
        """G4, G8: where no rule asks for it a key is valid at once; what is not a key's hash is refused."""
        self.env.ref("dist_integration_base.change_rule_api_key").active = False
        key = self._as(self.manager, self.client)._generate_key()
        self.assertTrue(self.env["dist.api.key"]._find_access(key).is_valid)
        for wrong in (key, "x:y", "12345678:" + "g" * 64):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self._as(self.manager, self.client).new_key = wrong
        with self.assertRaises(AccessError):
            self.client.with_user(self.people["operator"])._generate_key()

    def test_private_key(self):
        """G4, G7: the text of a private key waits encrypted, and the request shows its fingerprint only."""
        credential = self.env["dist.credential"].create(
            {"name": "SFTP", "system_id": self.system.id, "kind": "ssh_key", "username": "x"}
        )
        text = (
            Ed25519PrivateKey.generate()
            .private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
            .decode()
        )
        with self._kept() as requests:
            self._as(self.manager, credential).write({"pem": text})
        request = requests[0]
        self.assertNotIn(text.splitlines()[1], f"{request.sudo().content} {request.line_ids.mapped('new')}")
        self.assertEqual(request._get_vals(), {"pem": text})

    def test_emergency(self):
        """G4: a manager may apply an own change at once, loudly: reason, mark, activities and messages."""
        with self._kept() as requests:
            self._as(self.manager, self.endpoint).write({"url": NEW})
        request = requests[0]
        with self.assertRaises(AccessError):
            request.with_user(self.second)._bypass("not mine")
        with self.assertRaisesRegex(UserError, "Say why"):
            request.with_user(self.manager)._bypass(" ")
        owner = new_test_user(self.env, "dist-test-owner", groups="dist_integration_base.group_dist_user")
        self.system.sudo().technical_owner_id = owner
        action = request.with_user(self.manager).action_ask_bypass()
        wizard = self.env[action["res_model"]].with_user(self.manager).with_context(**action["context"])
        wizard.create({"note": "The warehouse stands still"}).action_decide()
        self.assertEqual((self.endpoint.url, request.state, request.is_emergency), (NEW, "applied", True))
        self.assertIn(self.approver, request.activity_ids.user_id)
        self.assertIn(self.approver.partner_id, request.message_ids.notified_partner_ids)
        self.assertIn(owner.partner_id, request.message_ids.notified_partner_ids)
        entry = self._entries(self.endpoint, action="bypassed")
        self.assertEqual((entry.user_id, entry.reason), (self.manager, "The warehouse stands still"))

    def test_automation(self):
        """G4: code of addons and scheduled actions go through, unless a rule says otherwise."""
        self.endpoint.sudo()._disable("410")
        self.assertEqual(self.endpoint.state, "disabled")
        rule = self.env.ref("dist_integration_base.change_rule_endpoint")
        rule.include_automation = True
        with self._kept():
            self.endpoint.sudo().action_enable()
        self.assertEqual(self.endpoint.state, "disabled")

    def test_server_action(self):
        """G4: what a server action does waits like what its user does; a scheduled one goes through."""
        model = self.env["ir.model"]._get("dist.endpoint")
        update = {"state": "object_write", "update_path": "url", "value": NEW}
        code = {"state": "code", "code": f"records.sudo().write({{'url': '{NEW}'}})"}
        context = {"active_model": "dist.endpoint", "active_id": self.endpoint.id}
        for values in (update, code):
            action = self.env["ir.actions.server"].create({"name": "Move", "model_id": model.id, **values})
            run = action.with_user(self.manager).with_context(**context, active_ids=self.endpoint.ids).run
            self._check_waits(run)
            self.assertEqual(self.endpoint.url, OLD)
            self.endpoint.sudo().write({"name": "By the system"})
        action.usage = "ir_cron"
        run()
        self.assertEqual(self.endpoint.url, NEW)

    def test_rules_are_under_approval(self):
        """G4: nobody takes a rule away alone; a rule that cannot be read is refused."""
        rule = self.env.ref("dist_integration_base.change_rule_endpoint")
        with self._kept():
            self._as(self.manager, rule).active = False
        with self.assertRaises(ValidationError):
            rule.condition = "[('nothing', '=', 1)]"
        with self.assertRaises(ValidationError):
            rule.field_names = "url, nothing"

    def test_default_rules_fit(self):
        """G4: the rules that come with the addon name fields that exist, and wait for nothing by themselves."""
        rules = self.env["dist.change.rule"].search([])
        self.assertGreaterEqual(len(rules), 8)
        rules._check_field_names()
        rules._check_condition()

    def test_other_company(self):
        """G4: requests of another company are neither seen nor decided."""
        request = self._ask()
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            login="dist-test-stranger",
            groups="dist_integration_base.group_dist_approver",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertNotIn(stranger, request.activity_ids.user_id)
        self.assertFalse(self.env["dist.change.request"].with_user(stranger).with_company(other).search([]))
        with self.assertRaises(AccessError):
            request.with_user(stranger).with_company(other).action_approve()

    def test_what_all_companies_share(self):
        """G4: a change of what is the same for all companies belongs to none: every approver is asked."""
        company = self.env["res.company"].create({"name": "Another"})
        administrator, approver = (
            new_test_user(
                self.env,
                login=f"dist-test-{group}-of-both",
                groups=f"base.group_system,dist_integration_base.group_dist_{group}",
                company_id=company.id,
                company_ids=[
                    Command.set((company if group == "approver" else company + self.env.company).ids)
                ],
            )
            for group in ("manager", "approver")
        )
        parameter = self.env["ir.config_parameter"].sudo().search([("key", "=", SETTING)])
        rule = self.env.ref("dist_integration_base.change_rule_endpoint")
        for record, values in ((rule, {"active": False}), (parameter, {"value": "False"})):
            with self._kept() as requests:
                self._as(administrator, record).write(values)
            request = requests[0]
            self.assertFalse(request.company_id)
            request.with_user(administrator).reason = "Needed"
            request.with_user(administrator).action_request()
            self.assertLessEqual(self.approver + approver, request.activity_ids.user_id)
            seen = request.with_user(approver).with_company(company)
            self.assertTrue(seen.search([("id", "=", request.id)]) and seen.line_ids)
            seen.action_approve()
            self.assertEqual(request.state, "applied")
        row = self._make_mapping(self.system).row_ids
        self.assertEqual(self.env["dist.change.request"]._get_company(row), self.system.company_id)

    def test_list_opens_with_what_waits(self):
        """G4: an approver finds what waits for a decision, the person who asked what lacks a reason."""
        action = self.env.ref("dist_integration_base.action_dist_change_request")
        self.assertIn("search_default_waits_for_me", action.context)
        for user, shown in ((self.approver, True), (self.manager, False)):
            arch = self.env["dist.change.request"].with_user(user).get_view(view_type="search")["arch"]
            self.assertEqual('name="waits_for_me"' in arch, shown)
