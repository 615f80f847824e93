from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DistCase

from .people import PeopleMixin


@tagged("post_install", "-at_install")
class TestConditions(PeopleMixin, DistCase):
    """What a person asks by a condition, which the system evaluates, tells of nothing they may not read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.system, _client, _key = cls._make_system(message_types=["partner.submit"])
        endpoint = cls._make_endpoint(cls.system, "http://127.0.0.1:9/hook")
        cls.flow = cls._make_flow(cls.system, "partner.changed", endpoint_id=endpoint.id)

    def _as_manager(self, model_name):
        return self.env[model_name].with_user(self.people["manager"])

    def _make_process(self, **values):
        return self._as_manager("dist.process").create(
            {"name": "Partners", "code": "asked", "model_name": "res.partner", **values}
        )

    def _check_refused(self, record, values):
        with self.assertRaisesRegex(AccessError, "may not read"), self.env.cr.savepoint():
            record.write(values)
        record.invalidate_recordset()

    def test_a_process_is_about_documents(self):
        """M12: parameters, messages and notes are none; nobody follows them to read what they hold."""
        for model_name in ("ir.config_parameter", "dist.message", "mail.message", "res.users", "dist.event"):
            with self.subTest(model_name), self.assertRaisesRegex(ValidationError, "no documents"):
                self._make_process(model_name=model_name)
        process = self._make_process()
        with self.assertRaisesRegex(ValidationError, "no documents"):
            process.model_name = "ir.config_parameter"

    def test_a_process_asks_for_what_its_writer_may_read(self):
        """M12: each field of a path is for the person to read, and each model it leads to."""
        for domain in (
            "[('user_ids.partner_id.signup_type', '=like', 'A%')]",
            "[('message_ids.body', 'ilike', 'secret')]",
            "['|', ('name', '=', 'x'), ('signup_type', '=like', '0%')]",
            "[('child_ids', 'any', [('signup_type', '=like', '0%')])]",
        ):
            with self.subTest(domain):
                for name in ("document_domain", "cancelled_domain"):
                    with self.assertRaisesRegex(AccessError, "may not read"), self.env.cr.savepoint():
                        self._make_process(**{name: domain})
        self._make_process(document_domain="['|', ('country_id.code', '=', 'BE'), ('name', '!=', False)]")

    def test_a_step_asks_for_what_its_writer_may_read(self):
        """M12: what reaches or refuses it, and its date."""
        process = self._make_process()
        values = {"process_id": process.id, "name": "Paid", "code": "paid", "condition": "[('ref', '!=', 0)]"}
        step = self._as_manager("dist.process.step").create(values)
        for name in ("condition", "refused_condition"):
            with self.subTest(name):
                self._check_refused(step, {name: "[('signup_type', '=like', '0%')]"})
        step.write({"due_from": "field", "due_field": "create_date"})
        self.patch(self.env["res.partner"]._fields["create_date"], "groups", "base.group_system")
        step.write({"due_field": "write_date"})
        self._check_refused(step, {"due_field": "create_date"})

    def test_since_when_a_process_runs_is_kept(self):
        """M12: nobody dates it back to have it look at documents from before it was started."""
        with self.assertRaises(AccessError):
            self._make_process(started_at="2020-01-01 00:00:00")
        process = self._make_process()
        self._as_manager("dist.process.step").create(
            {"process_id": process.id, "name": "Paid", "code": "paid", "condition": "[('ref', '!=', False)]"}
        )
        process.action_start()
        started = process.started_at
        self.assertLess(abs((fields.Datetime.now() - started).total_seconds()), 600)
        with self.assertRaises(AccessError):
            process.write({"started_at": "2020-01-01 00:00:00"})
        process.action_stop()
        process.write({"state": "running"})
        self.assertTrue(process.started_at)

    def test_other_conditions(self):
        """G2, G4, G10, X2: filters of flows, change rules and reconciliations are asked as carefully; a filter is
        a value, which means the same to everybody.
        """
        flow = self.flow.with_user(self.people["manager"])
        secret = "[('signup_type', '=like', '0%')]"
        for name in ("filter_domain", "cutover_domain"):
            with self.subTest(name):
                self._check_refused(flow, {name: secret})
            flow.write({name: "[('country_id.code', '=', 'BE')]"})
        profile = self._as_manager("dist.reconciliation.profile").create(
            {"name": "P", "system_id": self.system.id, "domain_code": "partner"}
        )
        self._check_refused(profile, {"scope_domain": secret})
        with self.assertRaisesRegex(ValidationError, "cannot be used"), self.env.cr.savepoint():
            profile.write({"scope_domain": f"[('create_uid', '=', uid)] if uid > 1 else {secret}"})
        profile.write({"scope_domain": "[('create_uid', '=', uid)]"})
        with self.assertRaisesRegex(AccessError, "may not read"):
            self._as_manager("dist.change.rule").create(
                {
                    "name": "R",
                    "model": "dist.endpoint",
                    "condition": "[('create_uid.totp_secret', '=like', 'A%')]",
                }
            )
