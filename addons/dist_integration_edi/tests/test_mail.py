import gzip
import hashlib
from datetime import timedelta
from email.message import EmailMessage
from unittest import mock

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import EdiCase
from .mail import MailServer


@tagged("post_install", "-at_install")
class TestMailReceiving(EdiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain = cls.env["mail.alias.domain"].create({"name": "edi.example"})
        cls.mailbox = cls.env["dist.edi.mailbox"].create(
            {
                "name": "Harbour",
                "system_id": cls.edi_system.id,
                "client_id": cls.edi_client.id,
                "alias_name": "edi-harbour",
                "alias_domain_id": cls.domain.id,
                "senders": "orders@harbour.example\n@port.example",
            }
        )
        cls.operator = new_test_user(
            cls.env, "mail-operator", groups="dist_integration_base.group_dist_operator"
        )

    def mail(self, *files, sender="Orders <orders@harbour.example>", number=1, reply_to=None, kind=None):
        """A mail comes in, as the gateway gets it.

        :param files: pairs of name and bytes
        :param kind: what the mail says of them, else any bytes
        :return: dist.edi.mail that came of it
        """
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, "edi-harbour@edi.example", "Our order"
        mail["Message-ID"] = f"<{number}@harbour.example>"
        if reply_to:
            mail["In-Reply-To"] = reply_to
        mail.set_content("Please find our order attached.")
        for name, content in files:
            mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
            if kind:
                mail.get_payload()[-1].replace_header("Content-Type", kind)
        before = self.env["dist.edi.mail"].search([])
        self.env["mail.thread"].message_process(False, mail.as_bytes())
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["dist.edi.mail"].search([]) - before

    def process(self):
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()

    def test_an_order(self):
        """E8: an attachment is a file of the partner, byte for byte; a logo beside it is none."""
        raw = self.x12(self.order_850("P1"))
        mail = self.mail(("order.EDI", raw), ("logo.png", b"\x89PNG"))
        self.assertEqual((mail.state, mail.sender), ("taken", "orders@harbour.example"))
        self.assertEqual(mail.taken_ids._get_raw(), raw)
        self.process()
        self.assertEqual(self.get_order("P1").state, "sale")

    def test_a_text(self):
        """E8: byte for byte as well where the mail says that it is a text, in whichever charset."""
        named = [segment.replace("Meadow Farms", "Müller Gärten") for segment in self.order_850("P1")]
        for number, charset in enumerate(("", "; charset=iso-8859-1", "; charset=utf-8", "; charset=none")):
            raw = self.x12(named, control=number + 1).decode().encode("latin-1")
            mail = self.mail(("order.edi", raw), number=number, kind=f"text/plain{charset}")
            self.assertEqual(mail.taken_ids._get_raw(), raw, charset)
            self.assertEqual(mail._find_files().raw, raw, charset)

    def test_several_files_and_the_same_mail_again(self):
        """E8, M5: each file is a message; a mail that is delivered twice has one effect."""
        files = [
            (f"{number}.x12", self.x12(self.order_850(f"P{number}"), control=number)) for number in (1, 2)
        ]
        mail = self.mail(*files)
        self.assertEqual(len(mail.taken_ids), 2)
        self.assertFalse(self.mail(*files), "the gateway knows it")
        self.env["mail.message"].search([("message_id", "=", "<1@harbour.example>")]).unlink()
        self.assertEqual(self.mail(*files).taken_ids, mail.taken_ids, "and so do we")
        self.process()
        self.assertEqual(len(self.get_order("P1") | self.get_order("P2")), 2)

    def test_unknown_sender(self):
        """E8: nothing is taken; a person sees it and decides."""
        raw = self.x12(self.order_850("P1"))
        mail = self.mail(("order.edi", raw), sender="someone@evil.example")
        self.assertEqual(mail.state, "unknown_sender")
        self.assertFalse(mail.taken_ids)
        exception = self.get_exceptions("mail_unknown_sender")
        self.assertEqual((exception.state, exception.res_id), ("open", mail.id))
        self.assertIn("someone@evil.example", exception.name)
        reader = new_test_user(self.env, "mail-reader", groups="dist_integration_base.group_dist_user")
        with self.assertRaises(AccessError):
            mail.with_user(reader).action_take()
        mail.with_user(self.operator).action_take()
        self.assertEqual((mail.state, exception.state), ("taken", "resolved"))
        self.assertEqual(mail.taken_ids._get_raw(), raw)
        self._assert_told(mail, "overridden", self.operator)
        with self.assertRaises(UserError):
            mail.with_user(self.operator).action_ignore()

    def test_who_reads_the_files(self):
        """G6: not whoever may read the mail, by no way; who may see content in clear, and that they did is kept."""
        mail = self.mail(("order.edi", self.x12(self.order_850("P1"))))
        attachment = mail._find_files()
        reader = new_test_user(self.env, "mail-reader", groups="dist_integration_base.group_dist_user")
        own = mail.with_user(reader)
        self.assertEqual((own.file_names, own.message_ids.attachment_ids.ids), ("order.edi", []))
        for person in (reader, self.operator, self.env.ref("base.user_admin")):
            files = self.env["ir.attachment"].with_user(person)
            domain = [("res_model", "=", "dist.edi.mail"), ("res_field", "!=", False)]
            self.assertFalse(files.search(domain), person.login)
            with self.assertRaises(AccessError):
                files.browse(attachment.id).read(["datas"])
        with self.assertRaises(AccessError):
            own.action_reveal()
        reader.groups_id += self.env.ref("dist_integration_base.group_dist_clear")
        action = own.action_reveal()
        dialog = self.env[action["res_model"]].with_user(reader).browse(action["res_id"])
        self.assertIn("Meadow Farms", dialog.content)
        self._assert_told(mail, "unmasked", reader)

    def test_who_may_send(self):
        """E8: addresses and domains; what only looks like one does not count."""
        for sender, agreed in (
            ("ORDERS@harbour.example", True),
            ("anyone@port.example", True),
            ("x@notport.example", False),
            ("orders@harbour.example.evil.example", False),
            ("", False),
        ):
            self.assertEqual(self.mailbox._is_agreed(sender), agreed, sender)
        for senders in ("harbour", "@", "a@b@c"):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.mailbox.senders = senders

    def test_nothing_that_is_taken(self):
        """E8: without a file, and without a flow."""
        mail = self.mail(("logo.png", b"\x89PNG"))
        self.assertEqual(mail.state, "no_file")
        mail.with_user(self.operator).action_ignore()
        self.assertEqual((mail.state, self.get_exceptions("mail_no_file").state), ("ignored", "resolved"))
        flow = self.edi_system.flow_ids.filtered(lambda flow: flow.message_type_id.code == "edi.interchange")
        flow.action_retire()
        mail = self.mail(("order.edi", self.x12(self.order_850("P1"))), number=2)
        self.assertEqual(mail.state, "no_flow")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            mail.with_user(self.operator).action_take()
        self.assertEqual(self.get_exceptions("mail_no_flow").state, "open")

    def test_an_answer_to_a_mail(self):
        """E8: a file in the answer to an earlier mail is not lost."""
        self.mail(("logo.png", b"\x89PNG"))
        mail = self.mail(
            ("order.edi", self.x12(self.order_850("P1"))), number=2, reply_to="<1@harbour.example>"
        )
        self.assertEqual(mail.state, "taken")
        raw = self.x12(self.order_850("P2"), control=8)
        mail = self.mail(
            ("order.edi", raw), number=3, reply_to="<1@harbour.example>", sender="someone@evil.example"
        )
        self.assertEqual(mail.state, "unknown_sender")
        mail.with_user(self.operator).action_take()
        self.assertEqual(mail.taken_ids._get_raw(), raw)

    def erase(self, identifiers, **values):
        wizard = self.env["dist.personal.erase"].create(
            {"identifiers": identifiers, "reason": "Request 17", **values}
        )
        wizard.action_search()
        wizard.action_erase()
        self.env.flush_all()
        self.env.invalidate_all()
        return wizard

    def test_a_person_in_a_file(self):
        """G6: a file in which the person stands is removed, though nothing of its mail names him; others stay."""
        named = ("list.csv", b"number;name\n4;ANNA BERG\n")
        packed = ("list.csv.gz", gzip.compress(named[1]))
        mail = self.mail(named, packed, ("logo.png", b"\x89PNG"))
        other = self.mail(("list.csv", b"number;name\n5;Carl\n"), number=2)
        wizard = self.erase("Anna Berg")
        self.assertEqual(mail._find_files().mapped("name"), ["logo.png"])
        self.assertEqual(other._find_files().mapped("name"), ["list.csv"])
        self.assertIn("EDI mail: 1", wizard.beside)
        told = " ".join(mail.message_ids.mapped("body"))
        self.assertEqual(told.count("A file was removed"), 2)
        self.assertIn(hashlib.sha1(named[1]).hexdigest(), told)
        other.sudo().name = "List for Anna Berg"
        self.erase("Anna Berg")
        self.assertFalse(other._find_files(), "the mail itself names the person")

    def test_a_file_goes_with_its_message(self):
        """G6: by the name and the street alone the order of a person is found, and with it the file in the mail."""
        order = self.order_850("P1")
        order.insert(3, "N3*1 Farm Road")
        mail = self.mail(("order.edi", self.x12(order)), ("logo.png", b"\x89PNG"))
        self.process()
        person = self.env["res.partner"].create({"name": "Meadow Farms", "street": "1 Farm Road"})
        wizard = self.erase(False, partner_id=person.id)
        self.assertIn(mail.taken_ids, wizard.message_ids)
        self.assertEqual(mail._find_files().mapped("name"), ["logo.png"])

    def test_a_file_that_is_still_needed(self):
        """G6: as its message, a file is left while somebody needs it, and on legal hold."""
        waiting = self.mail(("order.edi", self.x12(self.order_850("P1"))))
        wizard = self.erase("Meadow Farms")
        self.assertIn(waiting.taken_ids, wizard.left_ids)
        self.assertEqual(waiting._find_files().mapped("name"), ["order.edi"])
        self.process()
        aside = self.mail(
            ("order.edi", self.x12(self.order_850("P2"), control=8)), number=2, sender="x@else.example"
        )
        flow = self.mailbox._find_flow()
        flow.legal_hold = True
        self.erase("Meadow Farms")
        self.assertTrue(waiting._find_files() and aside._find_files())
        flow.legal_hold = False
        self.erase("Meadow Farms")
        self.assertFalse(waiting._find_files() or aside._find_files())

    def test_a_name_in_another_charset(self):
        """G6: a name with letters beyond ASCII is found in a file of the charset that EDI files mostly have."""
        named = [segment.replace("Meadow Farms", "Müller Gärten") for segment in self.order_850("P1")]
        raw = self.x12(named).decode().encode("latin-1")
        mail = self.mail(("order.edi", raw), sender="someone@else.example")
        self.erase("Müller Gärten")
        self.assertFalse(mail._find_files())

    def test_files_of_other_companies(self):
        """G6, G8: files of mails to other companies are neither searched nor removed."""
        mail = self.mail(("list.csv", b"Anna Berg"))
        company = self.env["res.company"].create({"name": "Other"})
        manager = new_test_user(
            self.env,
            "mail-eraser",
            groups="dist_integration_base.group_dist_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        wizard = self.env["dist.personal.erase"].with_user(manager)
        wizard = wizard.create({"identifiers": "Anna Berg", "reason": "Request 17"})
        wizard.action_search()
        self.assertNotIn("EDI mail", wizard.beside or "")
        wizard.action_erase()
        self.assertTrue(mail._find_files())

    def test_a_file_that_cannot_be_read(self):
        """G6: a broken file of a mail is told of before something is erased."""
        mail = self.mail(("broken.gz", gzip.compress(b"Anna Berg" * 99)[:-9]))
        wizard = self.env["dist.personal.erase"].create({"identifiers": "Anna Berg", "reason": "Request 17"})
        wizard.action_search()
        self.assertIn(f"broken.gz ({mail.display_name})", wizard.unreadable)

    def test_screen(self):
        """E8, G8: a manager makes a mailbox."""
        manager = new_test_user(self.env, "mail-chief", groups="dist_integration_base.group_dist_manager")
        form = Form(self.env["dist.edi.mailbox"].with_user(manager))
        form.name, form.system_id, form.client_id = "Second", self.edi_system, self.edi_client
        form.senders, form.alias_name = "a@b.example", "edi-second"
        mailbox = form.save()
        self.assertEqual(mailbox.sudo().alias_id.alias_model_id.model, "dist.edi.mail")
        with self.assertRaises(AccessError):
            mailbox.with_user(self.operator).write({"senders": "c@d.example"})


@tagged("post_install", "-at_install")
class TestMailSending(EdiCase):
    def setUp(self):
        super().setUp()
        self.server = MailServer()
        self.addCleanup(self.server.close)
        servers = type(self.env["ir.mail_server"])
        # Odoo sends no mail during tests; this one goes to a server of the test
        switch = "_is_test_mode" if hasattr(servers, "_is_test_mode") else "_disable_send"
        patch = mock.patch.object(servers, switch, lambda *_arguments: False)
        patch.start()
        self.addCleanup(patch.stop)
        mail_server = self.env["ir.mail_server"].create(
            {
                "name": "Ours",
                "smtp_host": "127.0.0.1",
                "smtp_port": self.server.port,
                "smtp_encryption": "none",
            }
        )
        self.endpoint = self._make_endpoint(
            self.edi_system,
            "edi@harbour.example",
            transport="mail",
            content="edi",
            lanes=1,
            mail_server_id=mail_server.id,
            mail_from="edi@seller.example",
            mail_subject="{type} {key}",
            file_name="{type}-{id}.edi",
            retry_schedule="1m, 1m",
        )
        self._make_flow(self.edi_system, "edi.acknowledgement", endpoint_id=self.endpoint.id)

    def send(self):
        self.take(self.x12(self.order_850("P1")))
        self.deliver(self.endpoint)
        return self.env["dist.edi.interchange"].search([("direction", "=", "out")], limit=1)

    def test_an_acknowledgement(self):
        """E8: the interchange is attached byte for byte."""
        interchange = self.send()
        self.assertEqual(interchange.message_id.state, "done", interchange.message_id.error)
        (mail,) = self.server.mails
        (attachment,) = mail.iter_attachments()
        self.assertEqual(attachment.get_content(), interchange._get_raw())
        self.assertEqual((mail["To"], mail["From"]), ("edi@harbour.example", "edi@seller.example"))
        self.assertIn("edi.acknowledgement", mail["Subject"])
        self.assertIn(interchange.message_id.uuid, mail["Message-ID"])

    def test_refused_and_tried_again(self):
        """E8, M7: for a while, then taken, with the same Message-ID; for good: a person is told."""
        self.server.answers = ["451 later"]
        message = self.send().message_id
        self.assertEqual((message.state, message.error_code), ("retry", "mail_refused"))
        message.sudo().next_attempt_at -= timedelta(hours=1)
        self._drain(self.endpoint)
        self.assertEqual((message.state, len(self.server.mails)), ("done", 1))
        self.server.answers = ["550 nobody here"]
        self.take(self.x12(self.order_850("P2"), control=8))
        self.deliver(self.endpoint)
        message = self.env["dist.edi.interchange"].search([("direction", "=", "out")], limit=1).message_id
        self.assertEqual(message.state, "dead")
        self.assertIn("550", message.exception_id.detail)

    def test_no_server(self):
        """E8: what cannot be reached is tried again."""
        self.server.close()
        self.assertEqual(self.send().message_id.state, "retry")
        with self.assertRaises(UserError):
            self.endpoint.action_test_connection()

    def test_what_an_endpoint_needs(self):
        """E8: addresses that are some, and nothing is fetched."""
        self.assertEqual(self.endpoint.action_test_connection()["params"]["type"], "success")
        for values in (
            {"url": "harbour"},
            {"mail_from": "x"},
            {"purpose": "receive"},
            {"mail_subject": "{nope}"},
        ):
            with self.subTest(values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.endpoint.write(values)
