import base64

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import EdiCase


@tagged("post_install", "-at_install")
class TestScreens(EdiCase):
    def refuse(self, control=7):
        bad = [segment.replace("20260302", "20261302") for segment in self.order_850("P1")]
        return self.take(self.x12(bad, control=control)).document_ids

    def show_all(self):
        """Take away what EDI files, and the messages that become of orders, hide."""
        types = self.env.ref("dist_integration_edi.type_edi_interchange")
        types |= types._get_by_code("order.submit")
        types.sensitive_paths = False

    def test_raw_tree_and_content(self):
        """E9: the faulty element is marked; segments have names; the content reads like an order."""
        document = self.refuse()
        self.assertIn(
            "BEG*00*SA*P1**<mark class='text-bg-danger' title='&#34;20261302&#34; is not a date.'>20261302</mark>",
            document.raw_view,
        )
        self.assertIn("Order line", document.tree_view)
        self.assertIn("&#34;20261302&#34; is not a date.", document.tree_view)
        self.assertIn("B-CORN", document.rendered_view)
        self.assertIn("Purchase order", document.rendered_view)

    def test_a_missing_segment_is_marked(self):
        """E9: where it should have been."""
        segments = [segment for segment in self.order_850("P1") if not segment.startswith("PO1")]
        document = self.take(self.x12(segments)).document_ids
        self.assertEqual(document.state, "refused")
        self.assertIn("PO1 ...</mark>", document.raw_view)

    def test_what_is_sensitive_is_masked(self):
        """G6: prices and persons, in all three views; nothing when the policy says so."""
        document = self.refuse()
        for view in (document.raw_view, document.tree_view, document.rendered_view):
            self.assertNotIn("Meadow Farms", view)
        self.assertIn("N1*BY****", document.raw_view)
        self.show_all()
        document.invalidate_recordset()
        for view in (document.raw_view, document.tree_view, document.rendered_view):
            self.assertIn("Meadow Farms", view)

    def test_contacts_are_masked(self):
        """G6: a phone number is one whichever element says so, also where no rule reads it."""
        segments = self.order_850("P1")
        at = next(number for number, segment in enumerate(segments) if segment.startswith("PO1"))
        contacts = ["PER*BD*Mary Smith*TE*555-0100*EM*mary@example.com*FX*555-0199"]
        document = self.take(self.x12([*segments[:at], *contacts, *segments[at:]])).document_ids
        for view in (document.raw_view, document.tree_view, document.rendered_view):
            for personal in ("Mary Smith", "555-0100", "mary@example.com", "555-0199"):
                self.assertNotIn(personal, view)
        self.assertIn("PER*BD****", document.raw_view)

    def test_amounts_that_no_rule_reads(self):
        """G6: prices and accounts are masked by their place, too; quantities and item numbers stay."""
        lines = (
            "PO1*1*10*EA*10**BP*B-CORN",
            "CTP**RES*17.29*12*EA***83.51",
            "PO3*CO*20310514**7.43*ST*10*EA",
            "SLN*1**I*4*EA*3.77****VN*INNER-9",
        )
        document = self.take(self.x12(self.order_850("P1", *lines))).document_ids
        views = [document.raw_view, document.tree_view]
        system, client, key = self.make_edi_system("BANK")
        self.agree(self.make_profile(system, client, standard="EDIFACT"), "in", "INVOIC")
        segments = ["BGM+380+I1+9", "DTM+137:20260302:102", "FII+BF+DE02120300000000202051:Mill"]
        raw = self.edifact([*segments, "MOA+9:96.13"], code="INVOIC", qualifier="ZZ")
        document |= self.take(raw, key=key, media_type="application/edifact").document_ids
        views += [document[-1].raw_view, document[-1].tree_view]
        for view in views:
            for hidden in ("17.29", "83.51", "7.43", "3.77", "DE02120300000000202051", "96.13"):
                self.assertNotIn(hidden, view)
        self.assertIn("CTP**RES****", views[0])
        self.assertIn("INNER-9", views[0])
        self.assertIn("FII+BF+***", views[2])

    def test_the_type_of_the_message_counts(self):
        """G6: what the message of a document hides is hidden on the document, too."""
        self.env.ref("dist_integration_edi.type_edi_interchange").sensitive_paths = "nothing"
        order_type = self.env["dist.message.type"]._get_by_code("order.submit")
        for paths, hidden in (("customer.name", True), ("nothing", False)):
            order_type.sensitive_paths = paths
            document = self.refuse(control=8 if hidden else 9)
            for view in (document.raw_view, document.tree_view, document.rendered_view):
                self.assertEqual("Meadow Farms" not in view, hidden)

    def test_what_is_wrong_is_told_without_the_value(self):
        """G6: neither the fault of a document, its exception, its dialog nor its views quote what is hidden."""
        self.env.ref("dist_integration_edi.type_edi_interchange").sensitive_paths = "order_date,unit_price"
        document = self.refuse()
        operator = new_test_user(self.env, "operator", groups="dist_integration_base.group_dist_operator")
        wizard = (
            self.env["dist.edi.correct"]
            .with_user(operator)
            .create({"document_id": document.id, "content": "x"})
        )
        exception = self.get_exceptions("invalid_date")
        texts = [document.problem, exception.name, exception.detail, wizard.problem]
        texts += [document.raw_view, document.tree_view, document.rendered_view]
        for text in texts:
            self.assertNotIn("20261302", text)

    def test_markup_in_a_document_is_text(self):
        """E9: what a partner writes is shown, not run."""
        self.show_all()
        segments = [s.replace("Meadow Farms", "<img src=x") for s in self.order_850("P1")]
        document = self.take(self.x12(segments)).document_ids
        for view in (document.raw_view, document.tree_view, document.rendered_view):
            self.assertNotIn("<img", view)
            self.assertIn("&lt;img src=x", view)

    def test_correct_and_resubmit(self):
        """E9: the corrected text takes the same path; the original is kept as it came."""
        document = self.refuse()
        exception = self.get_exceptions("invalid_date")
        wizard = self.env["dist.edi.correct"].browse(document.action_correct()["res_id"])
        self.assertIn("is not a date", wizard.problem)
        wizard.content = wizard.content.replace("20261302", "20261202")
        correction = self.env["dist.edi.document"].browse(wizard.action_resubmit()["res_id"])
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        self.assertEqual((correction.original_id, correction.state), (document, "accepted"))
        self.assertEqual(self.get_order("P1").state, "sale")
        self.assertEqual((document.state, exception.state), ("corrected", "resolved"))
        self.assertIn("20261302", document._get_raw_text())
        entries = self.env["dist.audit.entry"].search(
            [("res_model", "=", document._name), ("res_id", "=", document.id)]
        )
        self.assertEqual(entries.mapped("action"), ["corrected"])
        with self.assertRaises(UserError):
            document.action_correct()

    def test_a_correction_that_is_wrong_again(self):
        """E9: it is refused like the first; what cannot be read at all is said at once."""
        document = self.refuse()
        wizard = self.env["dist.edi.correct"].browse(document.action_correct()["res_id"])
        for content, words in (
            ("nonsense", "one document"),
            ("ST*850*1~SE*2*1~ST*850*2~SE*2*2", "one document"),
        ):
            wizard.content = content
            with self.assertRaisesRegex(UserError, words), self.env.cr.savepoint():
                wizard.action_resubmit()
        wizard.content = document._get_raw_text().replace("20261302", "20261402")
        correction = self.env["dist.edi.document"].browse(wizard.action_resubmit()["res_id"])
        self.assertEqual((correction.state, document.state), ("refused", "corrected"))
        self.assertEqual(len(self.get_exceptions("invalid_date").filtered(lambda e: e.state == "open")), 1)

    def test_who_may_correct(self):
        """G6, G8: an operator who may not see content in clear does not correct what holds some; that one looked is
        kept.
        """
        document = self.refuse()
        operator = new_test_user(self.env, "operator", groups="dist_integration_base.group_dist_operator")
        with self.assertRaisesRegex(UserError, "content in clear"):
            document.with_user(operator).action_correct()
        auditor = new_test_user(self.env, "auditor", groups="dist_integration_base.group_dist_auditor")
        with self.assertRaises(AccessError):
            document.with_user(auditor).action_correct()
        operator.groups_id += self.env.ref("dist_integration_base.group_dist_clear")
        wizard_id = document.with_user(operator).action_correct()["res_id"]
        wizard = self.env["dist.edi.correct"].with_user(operator).browse(wizard_id)
        wizard.content = wizard.content.replace("20261302", "20261202")
        wizard.action_resubmit()
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        self.assertEqual(self.get_order("P1").state, "sale")
        entries = self.env["dist.audit.entry"].search([("user_id", "=", operator.id)])
        self.assertLessEqual({"unmasked", "corrected"}, set(entries.mapped("action")))

    def test_upload(self):
        """E8: a person hands over a file as the partner would have."""
        wizard = self.env["dist.edi.upload"].create(
            {
                "edi_partner_id": self.profile.id,
                "file": base64.b64encode(self.x12(self.order_850("P1"))),
                "file_name": "orders.x12",
            }
        )
        action = wizard.action_upload()
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        interchange = self.env["dist.edi.interchange"].search(action["domain"])
        self.assertEqual((interchange.state, interchange.message_id.source_name), ("processed", "orders.x12"))
        self.assertEqual(self.get_order("P1").state, "sale")
        # the same file once more is the same message
        wizard.action_upload()
        self.assertEqual(
            self.env["dist.edi.interchange"].search_count([("edi_partner_id", "=", self.profile.id)]), 1
        )
        user = new_test_user(self.env, "user", groups="dist_integration_base.group_dist_user")
        with self.assertRaises(AccessError):
            self.env["dist.edi.upload"].with_user(user).create(
                {"edi_partner_id": self.profile.id, "file": b"QQ=="}
            )
        self.profile.client_id = False
        with self.assertRaisesRegex(UserError, "cannot take files yet"):
            wizard.action_upload()

    def test_a_purged_document(self):
        """G6: after its time the content is gone, the evidence stays."""
        document = self.refuse()
        document.interchange_id.message_id._purge()
        self.env.invalidate_all()
        self.assertEqual((document.state, document.business_key), ("refused", "P1"))
        self.assertNotIn("P1", document.raw_view)
        self.assertIn("purged", document.tree_view)

    def test_a_person_is_erased(self):
        """G6: the interchange is removed, what its documents say of the person too; numbers and hashes stay. A file
        of which a document waits for its correction is left.
        """
        refused = self.refuse()
        taken = self.take(self.x12(self.order_850("P2"), control=9)).document_ids
        self.env["dist.message"]._job_process_inbox("normal")
        wizard = self.env["dist.personal.erase"].create({"identifiers": "Meadow Farms", "reason": "Request"})
        wizard.action_erase()
        self.env.invalidate_all()
        self.assertIn(refused.interchange_id.message_id, wizard.left_ids)
        self.assertIn(b"Meadow Farms", refused.interchange_id._get_raw())
        interchange = taken.interchange_id
        self.assertFalse(interchange._get_raw())
        self.assertNotIn("Meadow Farms", taken.sudo().canonical)
        self.assertTrue(interchange.size and interchange.digest)
        self.assertEqual((taken.state, taken.business_key), ("accepted", "P2"))

    def test_a_document_goes_with_its_message(self):
        """G6: what a document says is purged with the message it became, the interchange with the last of them."""
        interchange = self.take(self.x12(self.order_850("P1"), self.order_850("P2")))
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        first, second = interchange.document_ids.sorted("control_number")
        first.message_id._purge()
        self.env.invalidate_all()
        self.assertFalse(first.sudo().canonical)
        self.assertTrue(second.sudo().canonical and interchange._get_raw())
        second.message_id._purge()
        self.env.invalidate_all()
        self.assertFalse(interchange._get_raw())
        self.assertTrue(interchange.message_id.purged_at and interchange.digest)

    def test_a_file_stays_while_a_document_waits(self):
        """G6, E9: what is to be corrected is corrected from the file; it is purged once nobody needs it."""
        refused = self.refuse()
        message = refused.interchange_id.message_id
        message.message_type_id.retention_days = 1
        message.done_at = fields.Datetime.subtract(fields.Datetime.now(), days=2)
        self.env.flush_all()
        start = (fields.Datetime.to_datetime("1970-01-01"), 0)
        self.env["dist.message"]._purge_batch(0, start)
        self.env.invalidate_all()
        self.assertTrue(refused.interchange_id._get_raw())
        refused._find_unsolved()._close("handled")
        self.env.flush_all()
        self.env["dist.message"]._purge_batch(0, start)
        self.env.invalidate_all()
        self.assertFalse(refused.interchange_id._get_raw())

    def test_views_open(self):
        """E9: every screen opens for those who see its menu."""
        self.refuse()
        for groups in (
            "dist_integration_base.group_dist_manager",
            "dist_integration_base.group_dist_auditor",
        ):
            user = new_test_user(self.env, groups.split("_")[-1], groups=groups)
            for name in ("partner", "control", "interchange", "document", "expectation"):
                action = self.env.ref(f"dist_integration_edi.action_dist_edi_{name}")
                model = self.env[action.res_model].with_user(user)
                views = model.get_views([(False, kind) for kind in [*action.view_mode.split(","), "search"]])
                self.assertTrue(views["views"])
                records = model.search([], limit=2)
                fields = [name for name, field in records._fields.items() if field.type != "one2many"]
                readable = set(model.fields_get(fields))
                records.read(sorted(readable))
