from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import EdiCase


@tagged("post_install", "-at_install")
class TestSecurity(EdiCase):
    def test_route(self):
        """G8: it wants a key, its scope and its flow."""
        raw = self.x12(self.order_850("P1"))
        headers = {"Content-Type": "application/edi-x12"}
        self.assertEqual(self._call("POST", "/edi/interchanges", raw, **headers).status_code, 401)
        self.assertEqual(self._call("POST", "/edi/interchanges", raw, self.key, **headers).status_code, 403)
        self.assertEqual(
            self._call("POST", "/edi/interchanges", raw, self.edi_key, Content_Type="text/csv").status_code,
            415,
        )
        flow = self.edi_system.flow_ids.filtered(lambda flow: flow.message_type_id.code == "edi.interchange")
        flow.state = "retired"
        self.assertEqual(
            self._call("POST", "/edi/interchanges", raw, self.edi_key, **headers).status_code, 403
        )

    def test_profiles(self):
        """G8: managers write profiles; users and auditors read them; others see nothing."""
        for group, may_read, may_write in (
            ("dist_integration_base.group_dist_manager", True, True),
            ("dist_integration_base.group_dist_user", True, False),
            ("dist_integration_base.group_dist_auditor", True, False),
            ("base.group_user", False, False),
        ):
            profile = self.profile.with_user(new_test_user(self.env, group.split(".")[1], groups=group))
            with self.subTest(group):
                if may_read:
                    self.assertEqual(profile.read(["identifier"])[0]["identifier"], "BUYER")
                else:
                    with self.assertRaises(AccessError):
                        profile.read(["identifier"])
                if may_write:
                    profile.name = "New"
                else:
                    with self.assertRaises(AccessError):
                        profile.name = "New"

    def test_what_happened_is_written_by_nobody(self):
        """G5: not even by a manager; content is read through the screens alone."""
        interchange = self.take(self.x12(self.order_850("P1")))
        manager = new_test_user(self.env, "chief", groups="dist_integration_base.group_dist_manager")
        for record in (interchange, interchange.document_ids, self.profile.counter_ids[0]):
            mine = record.with_user(manager)
            self.assertTrue(mine.read(["display_name"]))
            with self.assertRaises(AccessError):
                mine.write({"company_id": self.company.id})
            with self.assertRaises(AccessError):
                mine.unlink()
        with self.assertRaises(AccessError):
            interchange.with_user(manager).read(["raw"])
        with self.assertRaises(AccessError):
            interchange.document_ids.with_user(manager).read(["canonical"])

    def test_buttons(self):
        """G8: a user without the operator's rights decides nothing."""
        self.take(self.x12(self.order_850("P1")))
        held = self.take(self.x12(self.order_850("P2")))
        auditor = new_test_user(self.env, "auditor", groups="dist_integration_base.group_dist_auditor")
        for method in ("action_process_anyway", "action_ignore"):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(held.with_user(auditor), method)()
        operator = new_test_user(self.env, "operator", groups="dist_integration_base.group_dist_operator")
        held.with_user(operator).action_ignore()
        self.assertEqual(held.state, "ignored")

    def test_dialogs(self):
        """X1: to a person of another company no dialog is made or filled for a foreign record."""
        document = self.take(self.x12(["BEG*00*SA"])).document_ids
        self.assertEqual(document.state, "refused")
        beta = self.env["res.company"].create({"name": "Beta"})
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="dist_integration_base.group_dist_manager,dist_integration_base.group_dist_clear",
            company_id=beta.id,
            company_ids=[(6, 0, beta.ids)],
        )
        for model_name, vals in (
            ("dist.edi.correct", {"document_id": document.id, "content": "x"}),
            ("dist.edi.upload", {"edi_partner_id": self.profile.id, "file": "QQ=="}),
        ):
            wizards = self.env[model_name].with_user(stranger)
            field_name = next(iter(vals))
            with self.subTest(model_name):
                with self.assertRaises(AccessError):
                    wizards.create(vals)
                with self.assertRaises(AccessError):
                    wizards.with_context(**{f"default_{field_name}": vals[field_name]}).default_get(
                        [field_name]
                    )
                with self.assertRaises(AccessError):
                    wizards.onchange(vals, [], {field_name: {}})
        with self.assertRaises(AccessError):
            document.with_user(stranger).action_correct()

    def test_dialogs_of_others(self):
        """G6, X1: what somebody put into a dialog, or sees in it, is for nobody else, whatever they may do."""
        document = self.take(self.x12(["BEG*00*SA"])).document_ids
        kinds = "dist_integration_base.group_dist_manager,dist_integration_base.group_dist_clear"
        first, second = (new_test_user(self.env, name, groups=kinds) for name in ("first", "second"))
        correct = self.env["dist.edi.correct"].browse(document.with_user(first).action_correct()["res_id"])
        onboarding = (
            self.env["dist.edi.onboarding"]
            .with_user(first)
            .create(
                {
                    "file_ids": [(0, 0, {"name": "a.x12", "content": "QQ=="})],
                    "code_ids": [(0, 0, {"kind": "unit", "code": "EA"})],
                    "agreement_ids": [(0, 0, {"code": "850", "direction": "in"})],
                    "outcome_ids": [(0, 0, {"code": "850", "verdict": "own"})],
                }
            )
        )
        upload = {"edi_partner_id": self.profile.id, "file": "QQ=="}
        dialogs = (
            correct,
            onboarding,
            onboarding.file_ids,
            onboarding.code_ids,
            onboarding.agreement_ids,
            onboarding.outcome_ids,
            self.env["dist.edi.upload"].with_user(first).create(upload),
        )
        for dialog in dialogs:
            with self.subTest(dialog._name):
                dialog.invalidate_model()
                self.assertTrue(dialog.with_user(first).read())
                self.assertFalse(dialog.with_user(second).search([]))
                with self.assertRaises(AccessError):
                    dialog.with_user(second).read()

    def test_companies(self):
        """Multi-company: nobody sees or writes what belongs to another company."""
        other = self.env["res.company"].create({"name": "Other"})
        system = self.env["dist.system"].create({"name": "Theirs", "code": "theirs", "company_id": other.id})
        profile = self.env["dist.edi.partner"].create(
            {"name": "Theirs", "system_id": system.id, "own_identifier": "A", "identifier": "B"}
        )
        interchange = self.env["dist.edi.interchange"].create(
            {"direction": "in", "state": "processed", "system_id": system.id, "company_id": other.id,
             "edi_partner_id": profile.id}
        )  # fmt: skip
        group = self.env["dist.edi.group"].create({"interchange_id": interchange.id})
        document = self.env["dist.edi.document"].create(
            {"interchange_id": interchange.id, "direction": "in", "state": "refused", "code": "850"}
        )
        expectation = self.env["dist.edi.expectation"].create(
            {"interchange_id": interchange.id, "control_number": "1"}
        )
        agreement = self.agree(profile, "in", "850")
        tolerance = self.env["dist.edi.tolerance"].create({"edi_partner_id": profile.id})
        order = self.env["purchase.order"].create({"partner_id": self.customer.id, "company_id": other.id})
        answer = self.env["dist.supplier.acknowledgement"].create(
            {"order_id": order.id, "edi_partner_id": profile.id, "status": "accepted", "digest": "x",
             "line_ids": [(0, 0, {"product_id": self.corn.id, "uom_id": self.units.id})]}
        )  # fmt: skip
        invoice = self.env["dist.supplier.invoice"].create(
            {"external_id": "I", "kind": "invoice", "edi_partner_id": profile.id, "partner_id": self.customer.id,
             "company_id": other.id, "currency_id": other.currency_id.id, "invoiced_on": "2026-03-20",
             "digest": "x", "line_ids": [(0, 0, {"description": "Corn"})]}
        )  # fmt: skip
        shipment = self.env["dist.supplier.shipment"].create(
            {"external_id": "S", "edi_partner_id": profile.id, "partner_id": self.customer.id,
             "company_id": other.id, "digest": "x",
             "line_ids": [(0, 0, {"product_id": self.corn.id, "uom_id": self.units.id})]}
        )  # fmt: skip
        catalogue = self.env["dist.supplier.catalogue"].create(
            {"external_id": "C", "edi_partner_id": profile.id, "partner_id": self.customer.id,
             "company_id": other.id, "currency_id": other.currency_id.id, "valid_from": "2031-04-01",
             "digest": "x", "line_ids": [(0, 0, {"valid_from": "2031-04-01", "item": "A"})]}
        )  # fmt: skip
        stock = self.env["dist.supplier.stock"].create(
            {"edi_partner_id": profile.id, "partner_id": self.customer.id, "company_id": other.id,
             "product_id": self.corn.id, "uom_id": self.units.id, "reported_at": "2031-03-01 10:00:00"}
        )  # fmt: skip
        self._check_seen_only_in(
            other,
            profile,
            interchange,
            group,
            document,
            expectation,
            agreement,
            profile.counter_ids,
            tolerance,
            answer,
            answer.line_ids,
            invoice,
            invoice.line_ids,
            shipment,
            shipment.line_ids,
            catalogue,
            catalogue.line_ids,
            stock,
        )
        agreement.unlink()
        self.profile.write({"channel_id": False, "client_id": False})
        manager = new_test_user(self.env, "chief", groups="dist_integration_base.group_dist_manager")
        with self.assertRaises(AccessError):
            self.profile.with_user(manager).system_id = system
        with self.assertRaises(AccessError):
            self.env["dist.edi.agreement"].with_user(manager).create(
                {"edi_partner_id": profile.id, "direction": "in", "code": "850"}
            )
