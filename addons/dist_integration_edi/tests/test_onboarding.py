import base64
import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import EdiCase, SupplierCase

# models of which a dialog that is cancelled, or a trial, leaves nothing
WATCHED = (
    "dist.binding",
    "dist.code.map",
    "dist.edi.control",
    "dist.edi.document",
    "dist.edi.interchange",
    "dist.edi.partner",
    "dist.event",
    "dist.exception",
    "dist.flow",
    "dist.message",
    "dist.sales.channel",
    "dist.system",
    "ir.attachment",
    "purchase.order",
    "sale.order",
)


class OnboardingMixin:
    def onboard(self, *files, user=None):
        """Add files to the dialog as the browser does, and have them read.

        :param files: pairs of name and bytes
        """
        env = self.env(user=user or self.env.user)
        added = env["ir.attachment"].create(
            [
                {"name": name, "raw": raw, "res_model": "dist.edi.onboarding", "res_id": 0}
                for name, raw in files
            ]
        )
        wizard = env["dist.edi.onboarding"].create({"attachment_ids": [(6, 0, added.ids)]})
        wizard.action_read()
        self.env.flush_all()  # trials look into the database
        return wizard

    def count_all(self):
        self.env.flush_all()
        return {
            name: self.env[name].sudo().with_context(active_test=False).search_count([]) for name in WATCHED
        }

    def outcomes(self, wizard):
        return {row.number: row.verdict for row in wizard.outcome_ids}

    def try_out(self, wizard):
        self.env.flush_all()
        wizard.action_try()

    def row(self, wizard, code):
        return wizard.code_ids.filtered(lambda row: row.code == code)


@tagged("post_install", "-at_install")
class TestOnboarding(OnboardingMixin, EdiCase):
    """A customer who is not known yet sends samples."""

    def sample(self, *documents, **options):
        return self.x12(*(documents or [self.order_850("N1")]), sender="FRESHCO", **options)

    def test_a_profile_is_proposed(self):
        """E7: standard, version, separators, identifiers, documents; what usually goes with them is offered."""
        raw = self.sample().replace(b"~\n", b"\x15").replace(b"GS*PO*FRESHCO", b"GS*PO*FRESHGRP")
        wizard = self.onboard(("orders.x12", raw))
        self.assertEqual((wizard.step, wizard.file_ids.summary), ("profile", "X12: 1 x 850 004010"))
        self.assertEqual(
            (wizard.standard, wizard.version, wizard.terminator, wizard.line_breaks),
            ("X12", "004010", "0x15", False),
        )
        self.assertEqual(
            (wizard.qualifier, wizard.identifier, wizard.own_qualifier, wizard.own_identifier),
            ("ZZ", "FRESHCO", "ZZ", "SELLER"),
        )
        self.assertEqual((wizard.group_identifier, wizard.own_group), ("FRESHGRP", False))
        self.assertEqual(wizard.name, "Meadow Farms")
        documents = {(row.direction, row.code): row.is_agreed for row in wizard.agreement_ids}
        self.assertEqual(
            documents,
            {("in", "850"): True, ("out", "855"): False, ("out", "856"): False, ("out", "810"): False},
        )

    def test_a_profile_of_edifact(self):
        """E7: the same of UNB and UNH."""
        wizard = self.onboard(("orders.edi", self.edifact(self.order_edifact("N1"), sender="4000001000005")))
        self.assertEqual(
            (wizard.standard, wizard.version, wizard.syntax, wizard.syntax_version, wizard.release_character),
            ("EDIFACT", "D96A", "UNOC", "3", "?"),
        )
        self.assertEqual((wizard.qualifier, wizard.identifier), ("14", "4000001000005"))
        wizard.action_codes()
        self.try_out(wizard)
        self.assertEqual(len(wizard.outcome_ids), 1)

    def test_broken_files_are_named(self):
        """E7: each with what is wrong with it; the others are used."""
        good = self.sample()
        hostile = {
            "empty.x12": (b"", "empty"),
            "orders.zip": (b"PK\x03\x04" + bytes(200), "neither X12 nor EDIFACT"),
            "page.html": (b"<script>alert(1)</script>", "neither X12 nor EDIFACT"),
            "cut.x12": (good[: len(good) // 2], ""),
            "noise.edi": (bytes(range(256)) * 10, ""),
            "una.edi": (b"UNA''''''UNB+", ""),
            "other.x12": (self.x12(self.order_850("N9"), sender="ELSE"), "other partners"),
        }
        wizard = self.onboard(("good.x12", good), *((name, raw) for name, (raw, _word) in hostile.items()))
        problems = {file.name: file.problem for file in wizard.file_ids}
        self.assertFalse(problems.pop("good.x12"))
        for name, (_raw, word) in hostile.items():
            self.assertTrue(problems[name], name)
            self.assertIn(word, problems[name].lower() if word.islower() else problems[name])
        self.assertEqual(wizard.step, "profile")
        nothing = self.onboard(("empty.x12", b""))
        self.assertEqual((nothing.step, nothing.problems.split(":")[0]), ("files", "empty.x12"))
        with self.assertRaisesRegex(UserError, "Add one or more"):
            self.env["dist.edi.onboarding"].create({}).action_read()

    def test_suggestions(self):
        """E7: for units, items and contacts, by usual meaning, GTIN, supplier's number, reference and name."""
        case = self.env.ref("dist_integration_commerce.unit_case", raise_if_not_found=False)
        case = case or self.dozen.copy({"name": "Case of 24", "active": True})
        tape, hose = self.env["product.product"].create(
            [{"name": "Packing tape", "barcode": "4006381333931"}, {"name": "Garden hose 25 m"}]
        )
        self.env["product.supplierinfo"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Mill"}).id,
                "product_tmpl_id": self.gloves.product_tmpl_id.id,
                "product_code": "M-77",
            }
        )
        self.corn.default_code = "AB-120"
        lines = (
            "PO1*1*10*EA*10**UK*14006381333938*IN*F-1",
            "PO1*2*10*CA*10**IN*M-77",
            "PO1*3*10*EA*10**IN*00ab120",
            "PO1*4*10*EA*10**IN*F-4",
            "PID*F****GARDEN HOSE 25M 25 m",
            "PO1*5*10*EA*10**IN*NOBODY-KNOWS",
        )
        wizard = self.onboard(("orders.x12", self.sample(self.order_850("N1", *lines))))
        wizard.partner_id = self.customer
        wizard.action_codes()
        self.assertEqual(wizard.step, "codes")
        found = {row.code: row.product_id for row in wizard.code_ids if row.kind == "product"}
        self.assertEqual(
            found,
            {
                "F-1": tape,
                "M-77": self.gloves,
                "00ab120": self.corn,
                "F-4": hose,
                "NOBODY-KNOWS": self.env["product.product"],
            },
        )
        self.assertIn("GTIN", self.row(wizard, "F-1").reason)
        self.assertIn("Mill", self.row(wizard, "M-77").reason)
        self.assertIn("AB-120", self.row(wizard, "00ab120").reason)
        self.assertIn("alike", self.row(wizard, "F-4").reason)
        self.assertEqual(self.row(wizard, "EA").uom_id, self.units)
        self.assertIn("Case", self.row(wizard, "CS").uom_id.name)
        self.assertEqual(self.row(wizard, "BUYER").contact_id, self.customer)
        self.assertFalse(any(wizard.code_ids.mapped("is_accepted")))
        wizard.action_accept_suggestions()
        self.assertFalse(self.row(wizard, "NOBODY-KNOWS").is_accepted)
        self.assertTrue(self.row(wizard, "F-4").is_accepted)

    def test_a_contact_by_its_name(self):
        """E7: where nobody has said who the partner is, a contact of a like name is suggested, no other."""
        self.customer.name = "Meadow Farms Inc"
        wizard = self.onboard(("orders.x12", self.sample()))
        wizard.action_codes()
        self.assertEqual(self.row(wizard, "BUYER").contact_id, self.customer)
        self.customer.name = "Something else"
        wizard = self.onboard(("orders.x12", self.sample()))
        wizard.action_codes()
        self.assertFalse(self.row(wizard, "BUYER").contact_id)

    def test_what_would_happen(self):
        """E7: document by document, with everything that was accepted; nothing of it is left, not even a number."""
        lines = [
            self.order_850("N1", "PO1*1*10*EA***BP*F-9"),
            self.order_850("N2", "PO1*1*10*EA***BP*F-8"),
        ]
        wrong = [segment.replace("20260302", "20261302") for segment in self.order_850("N3")]
        wizard = self.onboard(("orders.x12", self.sample(*lines, wrong, test=True)))
        wizard.partner_id = self.customer
        wizard.action_codes()
        self.row(wizard, "F-9").write({"product_id": self.corn.id, "is_accepted": True})
        (self.row(wizard, "EA") | self.row(wizard, "BUYER")).is_accepted = True
        before = self.count_all()
        numbers = self.env["ir.sequence"].search([("code", "=", "sale.order")], limit=1).number_next_actual
        self.try_out(wizard)
        self.assertEqual(wizard.step, "trial")
        self.assertEqual(self.outcomes(wizard), {"N1": "applied", "N2": "waits", "N3": "refused"})
        details = {row.number: row.detail for row in wizard.outcome_ids}
        self.assertIn("Sales Order: S", details["N1"])
        self.assertIn("F-8", details["N2"])
        self.assertIn("is not a date", details["N3"])
        self.assertEqual(self.count_all(), before)
        sequence = self.env["ir.sequence"].search([("code", "=", "sale.order")], limit=1)
        sequence.invalidate_recordset()
        self.assertEqual(sequence.number_next_actual, numbers)
        self.assertIn("F-9", wizard.outcome_ids[0].content)

    def test_what_would_happen_is_no_other_than_what_happens(self):
        """E7: the profile is made for tests, with what was accepted and flows as drafts; then the file is taken."""
        wizard = self.onboard(("orders.x12", self.sample(self.order_850("N1", "PO1*1*10*EA***BP*F-9"))))
        wizard.partner_id = self.customer
        wizard.action_codes()
        self.row(wizard, "F-9").product_id = self.corn
        wizard.action_accept_suggestions()
        self.try_out(wizard)
        self.assertEqual(self.outcomes(wizard), {"N1": "applied"})
        action = wizard.action_make()
        profile = self.env["dist.edi.partner"].browse(action["res_id"])
        system = profile.system_id
        self.assertEqual((profile.is_test, system.environment, system.kind), (True, "test", "customer"))
        self.assertEqual(profile.agreement_ids.mapped("code"), ["850"])
        self.assertEqual(set(system.flow_ids.mapped("state")), {"draft"})
        self.assertEqual(
            set(system.flow_ids.mapped("message_type_id.code")), {"edi.interchange", "order.submit"}
        )
        self.assertFalse(wizard.exists())
        self.assertFalse(self.env["dist.edi.onboarding.file"].search_count([]))
        self.accept(profile)
        self.assertEqual(self.get_order("N1").state, "sale")

    def accept(self, profile):
        """Somebody approves and activates what was proposed, and uploads the file."""
        system = profile.system_id
        system.state = "active"
        for flow in system.flow_ids:
            flow.action_approve()
            flow.action_activate()
        profile.client_id = self.env["dist.api.client"].create({"name": "Fresh", "system_id": system.id})
        profile.acknowledgement = "none"
        raw = self.sample(self.order_850("N1", "PO1*1*10*EA***BP*F-9"))
        self.env["dist.edi.upload"].create(
            {"edi_partner_id": profile.id, "file": base64.b64encode(raw)}
        ).action_upload()
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()

    def test_nothing_is_left_after_cancel(self):
        """E7: no file, no row, no profile, whatever step it was."""
        before = self.count_all()
        wizard = self.onboard(("orders.x12", self.sample()))
        wizard.action_codes()
        wizard.action_accept_suggestions()
        self.try_out(wizard)
        wizard.action_cancel()
        self.assertEqual(self.count_all(), before)
        for name in ("", ".file", ".code", ".agreement", ".outcome"):
            self.assertFalse(self.env[f"dist.edi.onboarding{name}"].search_count([]))

    def test_files_of_a_dialog_that_was_left(self):
        """E7: who closes the window leaves files for a day."""
        files = self.env["ir.attachment"].create(
            [
                {"name": str(day), "raw": b"x", "res_model": "dist.edi.onboarding", "res_id": 0}
                for day in range(2)
            ]
        )
        files.flush_recordset()
        moment = fields.Datetime.now() - timedelta(days=2)
        self.env.cr.execute("UPDATE ir_attachment SET create_date = %s WHERE id = %s", (moment, files[0].id))
        files.invalidate_recordset()
        self.env["dist.edi.onboarding"]._gc_lost_files()
        self.assertEqual(files.exists(), files[1])

    def test_a_known_partner(self):
        """E7: what is new is added to the profile that there is; what is explained already is not asked."""
        raw = self.x12(self.order_850("N1", "PO1*1*10*EA*10**BP*B-CORN", "PO1*2*1*EA*10**BP*F-1"))
        wizard = self.onboard(("orders.x12", raw))
        self.assertEqual((wizard.known_id, wizard.system_id), (self.profile, self.edi_system))
        wizard.action_codes()
        self.assertEqual(wizard.code_ids.mapped("code"), ["F-1"])
        wizard.code_ids.product_id = self.gloves
        wizard.action_accept_suggestions()
        wizard.agreement_ids.filtered(lambda row: row.code == "855").is_agreed = True
        self.try_out(wizard)
        self.assertEqual(self.outcomes(wizard), {"N1": "applied"})
        wizard.action_make()
        self.assertEqual(set(self.profile.agreement_ids.mapped("code")), {"850", "855"})
        self.assertEqual(self.env["dist.code.map"]._find(self.edi_system, "product", "F-1"), self.gloves)

    def test_a_code_that_no_standard_knows(self):
        """E7: a person says what it means; it is laid over the document as the partner's deviation."""
        segments = [segment.replace("BEG*00", "BEG*77") for segment in self.order_850("N1")]
        wizard = self.onboard(("orders.x12", self.x12(segments)))
        wizard.action_codes()
        row = self.row(wizard, "77")
        self.assertEqual((row.kind, row.code_list), ("code", "purpose"))
        self.try_out(wizard)
        self.assertEqual(wizard.outcome_ids.verdict, "refused")
        row.write({"word": "nonsense", "is_accepted": True})
        with self.assertRaisesRegex(UserError, "cannot mean nonsense"):
            self.try_out(wizard)
        row.word = "original"
        self.try_out(wizard)
        self.assertEqual(self.outcomes(wizard), {"N1": "applied"})
        wizard.action_make()
        overlay = json.loads(self.profile.agreement_ids.overlay)
        self.assertEqual(overlay, {"codes": {"purpose": {"original": ["77"]}}})

    def test_accepting_what_means_nothing(self):
        """E7: is refused in words."""
        wizard = self.onboard(("orders.x12", self.sample(self.order_850("N1", "PO1*1*1*EA*1**BP*F-0"))))
        wizard.action_codes()
        self.row(wizard, "F-0").is_accepted = True
        with self.assertRaisesRegex(UserError, "Say what F-0 means"):
            self.try_out(wizard)

    def test_choosing_accepts(self):
        """E7: who chooses a meaning in the list accepts it."""
        wizard = self.onboard(("orders.x12", self.sample(self.order_850("N1", "PO1*1*1*EA*1**BP*F-0"))))
        wizard.action_codes()
        place = wizard.code_ids.ids.index(self.row(wizard, "F-0").id)
        with Form(wizard) as form, form.code_ids.edit(place) as line:
            line.product_id = self.corn
            self.assertTrue(line.is_accepted)

    def test_who_may(self):
        """E7, G8: managers of the integration; files of others are not taken from them."""
        theirs = self.env["ir.attachment"].create(
            {"name": "theirs", "raw": b"x", "res_model": "dist.edi.onboarding", "res_id": 0}
        )
        manager = new_test_user(self.env, "chief", groups="dist_integration_base.group_dist_manager")
        wizard = self.onboard(("orders.x12", self.sample()), user=manager)
        self.assertEqual(wizard.step, "profile")
        wizard.action_codes()
        wizard.action_accept_suggestions()
        self.try_out(wizard)
        self.assertTrue(wizard.action_make()["res_id"])
        other = self.env["dist.edi.onboarding"].with_user(manager)
        with self.assertRaises(UserError):  # an AccessError is one
            other.create({"attachment_ids": [(6, 0, theirs.ids)]}).action_read()
        self.assertTrue(theirs.exists())
        operator = new_test_user(self.env, "operator", groups="dist_integration_base.group_dist_operator")
        with self.assertRaises(AccessError):
            self.env["dist.edi.onboarding"].with_user(operator).create({})


@tagged("post_install", "-at_install")
class TestSupplierOnboarding(OnboardingMixin, SupplierCase):
    def test_a_supplier_answers(self):
        """E7: an answer to an order of ours, in a trial: the order is as it was afterwards."""
        order = self.buy()
        lines = [f"BAK*00*AC*{order.name}*20260302", "PO1*1*12*EA*3.25**VP*MILL-1", "CTT*1"]
        stray = ["BAK*00*AC*NOWHERE*20260302", "PO1*1*12*EA*3.25**VP*MILL-1", "CTT*1"]
        wizard = self.onboard(("answer.x12", self.x12(lines, stray, code="855", sender="MILL")))
        self.assertEqual(wizard.known_id, self.mill)
        wizard.action_codes()
        self.assertFalse(wizard.code_ids)
        self.try_out(wizard)
        self.assertEqual(self.outcomes(wizard), {order.name: "applied", "NOWHERE": "refused"})
        self.assertFalse(
            self.env["dist.supplier.acknowledgement"].search_count([("order_id", "=", order.id)])
        )

    def test_the_name_of_the_profile_is_shown(self):
        """E7, G6: to whoever makes it, though the document holds it too; other names are not."""
        order = self.buy()
        lines = [f"BAK*00*AC*{order.name}*20260302", "N1*SE*Other Works", "N1*BY*Somebody else", "CTT*0"]
        wizard = self.onboard(("answer.x12", self.x12(lines, code="855", sender="OTHER")))
        wizard.name = "Other works"
        wizard.action_codes()
        self.try_out(wizard)
        outcome = wizard.outcome_ids
        self.assertEqual(outcome.verdict, "refused")
        self.assertIn("The profile of Other works does not say which contact it is.", outcome.detail)
        self.assertNotIn("Somebody else", outcome.content)

    def test_separators_of_its_own(self):
        """E7: what the file does not have is not proposed with a character that the file uses otherwise."""
        lines = ["BAK*00*AC*NOWHERE*20260302", "PO1*1*12*EA*3.25**VP*MILL-1", "CTT*1"]
        raw = self.x12(lines, code="855", sender="OTHER").replace(b">", b"^")
        wizard = self.onboard(("answer.x12", raw))
        self.assertEqual((wizard.component_separator, wizard.repetition_separator), ("^", False))
        wizard.action_codes()
        self.try_out(wizard)
        self.assertEqual(self.outcomes(wizard), {"NOWHERE": "refused"})

    def test_what_a_warehouse_is_sent(self):
        """E7: of a document whose lines describe nothing, items and places are found as well."""
        lines = ["W05*N*OUT-1*P-1", "N1*ST*Harbour*92*0118", "N3*Road 1", "N4*Boulder*CO*80301", "G62*10*20260722",
                 "W66*PP*M", "W01*24*EA**VN*UNKNOWN-9", "N9*LI*1"]  # fmt: skip
        wizard = self.onboard(("order.x12", self.x12(lines, code="940", sender="STORE")))
        wizard.action_codes()
        self.assertIn(("product", "UNKNOWN-9"), wizard.code_ids.mapped(lambda row: (row.kind, row.code)))

    def test_what_we_send(self):
        """E7: a sample of ours is told apart by who sends it."""
        raw = self.x12(self.order_850("P1"), sender="SELLER")
        raw = raw.replace(b"*ZZ*SELLER         *2", b"*ZZ*MILL           *2")
        wizard = self.onboard(("ours.x12", raw))
        self.assertEqual(wizard.known_id, self.mill)
        self.assertEqual(wizard.agreement_ids.mapped("direction"), ["out"])
        wizard.action_codes()
        self.try_out(wizard)
        self.assertEqual(wizard.outcome_ids.verdict, "own")
