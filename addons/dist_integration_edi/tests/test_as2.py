from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from ..lib.as2.message import Protection
from .as2 import Station, make_pair, read_pair
from .common import EdiCase


class As2Case(EdiCase):
    """The customer exchanges its documents by AS2."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours, cls.theirs = make_pair("Ours"), make_pair("Theirs")
        cls.credential = cls.make_credential("AS2 key", cls.ours)
        cls.as2 = cls.env["dist.as2.partner"].create(
            {
                "name": "Harbour",
                "system_id": cls.edi_system.id,
                "client_id": cls.edi_client.id,
                "own_name": Station.PARTNER,
                "partner_name": Station.NAME,
                "allowed_networks": "127.0.0.0/8",
            }
        )
        cls.own = cls.add_certificate(owner="own", credential_id=cls.credential.id)
        cls.add_certificate(pem=read_pair(cls.theirs).certificate.pem)

    @classmethod
    def make_credential(cls, name, pem):
        credential = cls.env["dist.credential"].create(
            {"name": name, "system_id": cls.edi_system.id, "kind": "certificate"}
        )
        credential._add_version(pem)
        return credential

    @classmethod
    def add_certificate(cls, **values):
        return cls.env["dist.as2.certificate"].create({"as2_partner_id": cls.as2.id, **values})

    def setUp(self):
        super().setUp()
        self.station = Station(read_pair(self.theirs), read_pair(self.ours).certificate)
        self.addCleanup(self.station.close)

    def get_exchanges(self, direction):
        return self.env["dist.as2.exchange"].search([("direction", "=", direction)])

    # sending

    def make_sender(self, **agreed):
        """An endpoint that sends acknowledgements by AS2.

        :return: dist.endpoint
        """
        self.as2.write(agreed)
        endpoint = self._make_endpoint(
            self.edi_system,
            self.station.url,
            transport="as2",
            as2_partner_id=self.as2.id,
            content="edi",
            lanes=1,
            file_name="{type}-{id}.edi",
            retry_schedule="1m, 1m, 1m",
        )
        self._make_flow(self.edi_system, "edi.acknowledgement", endpoint_id=endpoint.id)
        return endpoint

    def send(self, endpoint, control=7):
        """An order comes, its acknowledgement leaves.

        :return: dist.message of the acknowledgement
        """
        self.take(self.x12(self.order_850(f"P{control}"), control=control))
        self.deliver(endpoint)
        return self.get_exchanges("out")[:1].message_id

    def send_again(self, endpoint, message):
        message.sudo().next_attempt_at -= timedelta(hours=1)
        self._drain(endpoint)

    # receiving

    def call(self, headers, body, status=200):
        self.env.flush_all()
        response = self.opener.post(self.base_url() + "/dist/as2", data=body, headers=headers, timeout=60)
        self.env.invalidate_all()
        self.assertEqual(response.status_code, status, response.text[:500])
        return response

    def get_files(self):
        """:return: dist.message of the files that came by AS2"""
        return self.env["dist.message"].search([("idempotency_key", "like", "as2 %")])


@tagged("post_install", "-at_install")
class TestAs2Sending(As2Case):
    def test_signed_and_encrypted(self):
        """E8: the partner gets the interchange and its signed receipt is kept, for every kind of protection."""
        endpoint = self.make_sender()
        kinds = (
            {"digest": "sha256", "cipher": "aes256"},
            {"digest": "sha1", "cipher": "3des", "compressed": True},
            {"digest": "sha512", "cipher": "none"},
            {"digest": "none", "cipher": "aes128", "compressed": True},
            {"digest": "none", "cipher": "none", "compressed": False},
        )
        for number, kind in enumerate(kinds, start=20):
            with self.subTest(**kind):
                self.as2.write(kind)
                message = self.send(endpoint, number)
                self.assertEqual(message.state, "done", message.error)
                exchange = self.get_exchanges("out")[:1]
                self.assertEqual((exchange.state, exchange.message_id), ("confirmed", message))
                self.assertEqual(exchange.disposition, "processed")
                interchange = self.env["dist.edi.interchange"].search([("message_id", "=", message.id)])
                self.assertEqual(self.station.taken[exchange.reference], interchange._get_raw())
                self.assertIn(b"Original-Message-ID", exchange._get_receipt())

    def test_the_same_id_at_every_attempt(self):
        """E8, M7: the partner is down, then takes it; its answer is lost, it says that it has it. One effect."""
        endpoint = self.make_sender()
        self.station.faults = ["503", "garbage"]
        message = self.send(endpoint)
        self.assertEqual(message.state, "retry")
        self.send_again(endpoint, message)
        self.assertEqual((message.state, message.error_code), ("retry", "receipt_unreadable"))
        self.send_again(endpoint, message)
        self.assertEqual(message.state, "done", message.error)
        self.assertEqual([status for _reference, status in self.station.calls], [503, 200, 200])
        self.assertEqual(len({reference for reference, _status in self.station.calls}), 1)
        self.assertEqual(len(self.station.taken), 1)
        self.assertEqual(self.get_exchanges("out").state, "confirmed")

    def test_receipts_that_say_no(self):
        """E8: a negative receipt, one of other content: a person sees why; the receipt is kept."""
        endpoint = self.make_sender()
        for number, (fault, code, words) in enumerate(
            (
                ("refuse", "receipt_negative", "decryption-failed"),
                ("wrong mic", "mic_differs", "something else"),
            ),
            start=30,
        ):
            with self.subTest(fault):
                self.station.faults = [fault]
                message = self.send(endpoint, number)
                self.assertEqual((message.state, message.error_code), ("dead", code))
                self.assertIn(words, message.exception_id.name)
                exchange = self.get_exchanges("out")[:1]
                self.assertEqual(exchange.state, "refused")
                self.assertTrue(exchange.receipt)

    def test_receipts_that_prove_nothing(self):
        """E8: not signed, or signed by a stranger: it is asked for again."""
        endpoint = self.make_sender()
        self.station.faults = ["unsigned", "stranger"]
        message = self.send(endpoint)
        self.assertEqual((message.state, message.error_code), ("retry", "receipt_unsigned"))
        self.send_again(endpoint, message)
        self.assertEqual((message.state, message.error_code), ("retry", "receipt_unreadable"))
        self.send_again(endpoint, message)
        self.assertEqual(message.state, "done")

    def test_asynchronous_receipt(self):
        """E8: awaited after sending, matched when it comes; the same one again changes nothing."""
        endpoint = self.make_sender(receipt="async")
        message = self.send(endpoint)
        exchange = self.get_exchanges("out")
        self.assertEqual((message.state, exchange.state), ("done", "waiting"))
        self.assertEqual(exchange.due_at - exchange.sent_at, timedelta(hours=4))
        self.assertTrue(self.station.wishes[0].address.endswith("/dist/as2"))
        receipt = self.station.last_receipt
        for _time in range(2):
            self.call(dict(receipt.headers.items()), receipt.body)
            self.assertEqual((exchange.state, exchange.disposition), ("confirmed", "processed"))

    def test_asynchronous_receipt_before_the_outcome_is_recorded(self):
        """E8, M7: a worker is killed behind the call; the receipt finds what was kept before it, and stays."""
        endpoint = self.make_sender(receipt="async")
        self.take(self.x12(self.order_850("P1")))
        self._commit_events()
        self.prepare_only(endpoint)
        exchange = self.get_exchanges("out")
        self.assertEqual(exchange.state, "prepared")
        self.deliver(endpoint)
        exchange.state = "prepared"
        receipt = self.station.last_receipt
        self.call(dict(receipt.headers.items()), receipt.body)
        self.assertEqual(exchange.state, "confirmed")
        exchange.message_id.sudo().state = "pending"
        self.deliver(endpoint)
        self.assertEqual((exchange.state, len(self.station.taken)), ("confirmed", 1))

    def test_overdue_receipt(self):
        """E5, E8: an exception, which closes by itself when the receipt comes; or a person gives up."""
        endpoint = self.make_sender(receipt="async")
        self.send(endpoint)
        exchange = self.get_exchanges("out")
        self.env["dist.as2.exchange"]._cron_overdue()
        self.assertFalse(self.get_exceptions("as2_receipt_overdue"))
        exchange.sudo().due_at = fields.Datetime.now() - timedelta(minutes=1)
        self.env["dist.as2.exchange"]._cron_overdue()
        exception = self.get_exceptions("as2_receipt_overdue")
        self.assertEqual(exception.state, "open")
        self.assertIn(exchange, self.env["dist.as2.exchange"].search([("is_overdue", "=", True)]))
        receipt = self.station.last_receipt
        self.call(dict(receipt.headers.items()), receipt.body)
        self.assertEqual((exception.state, exchange.state), ("resolved", "confirmed"))
        self.send(endpoint, 8)
        other = self.get_exchanges("out")[:1]
        other.sudo().due_at = fields.Datetime.now() - timedelta(minutes=1)
        self.env["dist.as2.exchange"]._cron_overdue()
        operator = new_test_user(self.env, "op", groups="dist_integration_base.group_dist_operator")
        other.with_user(operator).action_waive()
        self.assertEqual(other.state, "waived")
        self.assertFalse(self.get_exceptions("as2_receipt_overdue").filtered(lambda one: one.state == "open"))

    def test_asynchronous_receipts_that_say_no(self):
        """E8: refused and of other content open an exception; a forged one is refused and changes nothing."""
        endpoint = self.make_sender(receipt="async")
        for number, fault in enumerate(("refuse", "wrong mic"), start=40):
            self.station.faults = [fault]
            self.send(endpoint, number)
            receipt = self.station.last_receipt
            self.call(dict(receipt.headers.items()), receipt.body)
            exchange = self.get_exchanges("out")[:1]
            self.assertEqual(exchange.state, "refused")
            exception = self.get_exceptions("as2_receipt_refused").filtered(
                lambda one, exchange=exchange: one.res_id == exchange.id
            )
            self.assertEqual(exception.state, "open")
        for number, fault in enumerate(("stranger", "unsigned"), start=50):
            self.station.faults = [fault]
            self.send(endpoint, number)
            receipt = self.station.last_receipt
            self.call(dict(receipt.headers.items()), receipt.body, 400)
            self.assertEqual(self.get_exchanges("out")[:1].state, "waiting")

    def test_no_certificate(self):
        """E8: nothing leaves without protection; the owner is told, the message waits."""
        endpoint = self.make_sender()
        self.as2.certificate_ids.filtered(lambda one: one.owner == "partner").unlink()
        self.assertIn("certificate of the partner", self.as2.missing)
        self.send(endpoint)
        self.assertFalse(self.station.calls)
        told = endpoint.activity_ids.filtered(lambda activity: "cannot be used" in activity.summary)
        self.assertIn("no valid certificate to encrypt for", told.note)

    def test_connection(self):
        """M9: Test connection and the test event."""
        endpoint = self.make_sender()
        self.assertEqual(endpoint.action_test_connection()["params"]["type"], "success")
        endpoint.content = "data"
        self.env.flush_all()
        self.assertIn("delivered", endpoint.action_send_test_event()["name"])
        self.assertEqual(len(self.station.taken), 1)

    def test_what_an_endpoint_needs(self):
        """E8: its partner, and nothing is fetched."""
        endpoint = self.make_sender()
        for values in (
            {"as2_partner_id": False},
            {"purpose": "receive"},
            {"url": "as2://x"},
            {"file_name": "{nope}"},
        ):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                endpoint.write(values)


@tagged("post_install", "-at_install")
class TestAs2Receiving(As2Case):
    def test_an_order(self):
        """E8: stored, acknowledged by a signed receipt with the right integrity check, handled."""
        raw = self.x12(self.order_850("P1"))
        response = self.call(*self.station.build(raw, "<1@harbour>"))
        receipt = self.station.read_receipt(response)
        self.assertEqual((receipt.disposition, receipt.message_id), ("processed", "<1@harbour>"))
        self.assertTrue(receipt.is_signed and receipt.mic)
        message = self.get_files()
        self.assertEqual((message.state, message._get_raw()), ("pending", raw))
        exchange = self.get_exchanges("in")
        self.assertEqual((exchange.state, exchange.message_id), ("received", message))
        self.assertEqual(exchange.protection, "sha256, encrypted")
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        self.assertEqual(message.state, "done")
        self.assertEqual(self.get_order("P1").state, "sale")

    def test_the_same_message_again(self):
        """E8, M5: the same receipt byte for byte, no second effect, whatever the encryption looks like this time."""
        raw = self.x12(self.order_850("P1"))
        first = self.call(*self.station.build(raw, "<1@harbour>"))
        again = self.call(*self.station.build(raw, "<1@harbour>"))
        self.assertEqual(first.content, again.content)
        self.assertEqual(len(self.get_files()), 1)
        self.assertEqual(len(self.get_exchanges("in")), 1)

    def test_a_message_whose_receipt_was_never_made(self):
        """M7: a worker was killed between the message and its receipt; the repeated call finds the one message."""
        raw = self.x12(self.order_850("P1"))
        self.call(*self.station.build(raw, "<1@harbour>"))
        self.get_exchanges("in").sudo().unlink()
        receipt = self.station.read_receipt(self.call(*self.station.build(raw, "<1@harbour>")))
        self.assertTrue(receipt.is_positive)
        self.assertEqual(len(self.get_files()), 1)

    def test_the_same_id_with_other_content(self):
        """E8: refused as a duplicate, a person is told, the first one stays."""
        self.call(*self.station.build(self.x12(self.order_850("P1")), "<1@harbour>"))
        other = self.x12(self.order_850("P2"), control=8)
        receipt = self.station.read_receipt(self.call(*self.station.build(other, "<1@harbour>")))
        self.assertEqual(receipt.disposition, "processed/error: duplicate-document")
        self.assertEqual(len(self.get_files()), 1)
        self.assertEqual(self.get_exceptions("as2_message_not_taken").category, "identity")
        self.assertEqual(set(self.get_exchanges("in").mapped("state")), {"received", "not_taken"})

    def test_what_cannot_be_taken(self):
        """E8: each fault has its disposition in the receipt and an exception; nothing is stored.

        Of an encrypted message the exception alone says what is wrong with it.
        """
        raw = self.x12(self.order_850("P1"))
        stranger = read_pair(make_pair("Stranger"))
        headers, body = self.station.build(raw, "<1@harbour>", Protection("sha256", ""))
        plain = {"must_be_encrypted": False}
        cases = (
            ("integrity-check-failed", plain, headers, body.replace(b"P1", b"P2")),
            ("authentication-failed", {}, *self.station.build(raw, "<2@harbour>", pair=stranger)),
            (
                "decryption-failed",
                {},
                *self.station.build(raw, "<3@harbour>", certificate=stranger.certificate),
            ),
            ("insufficient-message-security", {"must_be_encrypted": True}, headers, body),
            (
                "insufficient-message-security",
                {},
                *self.station.build(raw, "<4@harbour>", Protection("", "aes256")),
            ),
            (
                "unexpected-processing-error",
                {},
                {**headers, "Content-Type": "application/pkcs7-mime"},
                b"\x00\xff",
            ),
        )
        for code, values, given, content in cases:
            with self.subTest(code):
                self.as2.write(values)
                receipt = self.station.read_receipt(self.call(given, content))
                told = "decryption-failed" if "pkcs7-mime" in given["Content-Type"] else code
                self.assertEqual(receipt.disposition, f"processed/error: {told}")
                self.assertTrue(receipt.is_signed)
                found = self.get_exceptions("as2_message_not_taken")
                self.assertTrue(found.filtered(lambda one, code=code: code in one.name))
        self.assertFalse(self.get_files())

    def test_a_good_one_after_a_bad_one(self):
        """E8: what was refused may come again under its id when the partner has put it right."""
        raw = self.x12(self.order_850("P1"))
        stranger = read_pair(make_pair("Stranger"))
        bad = self.call(*self.station.build(raw, "<1@harbour>", pair=stranger))
        self.assertFalse(self.station.read_receipt(bad).is_positive)
        good = self.call(*self.station.build(raw, "<1@harbour>"))
        self.assertTrue(self.station.read_receipt(good).is_positive)
        self.assertEqual(len(self.get_files()), 1)

    def test_a_stranger_who_knocks_again_and_again(self):
        """E8, G8: whoever knows the names leaves a bounded number of traces; the latest is told of."""
        kept = "odoo.addons.dist_integration_edi.models.dist_as2_exchange.KEPT_NOT_TAKEN"
        good = self.station.build(self.x12(self.order_850("P1")), "<good@harbour>")
        self.call(*good)
        stranger = read_pair(make_pair("Stranger"))
        with patch(kept, 3):
            for number in range(5):
                raw = self.x12(self.order_850("P2"), control=8)
                self.call(*self.station.build(raw, f"<{number}@harbour>", pair=stranger))
        exchanges = self.get_exchanges("in")
        self.assertEqual(
            exchanges.mapped("reference"),
            [*(f"<{number}@harbour>" for number in (4, 3, 2)), "<good@harbour>"],
        )
        exception = self.get_exceptions("as2_message_not_taken")
        self.assertEqual((exception.state, exception.res_id), ("open", exchanges[0].id))

    def test_no_receipt_is_wanted(self):
        """E8: then the status of the answer says it."""
        raw = self.x12(self.order_850("P1"))
        self.assertEqual(self.call(*self.station.build(raw, "<1@harbour>", receipt="")).content, b"")
        stranger = read_pair(make_pair("Stranger"))
        answer = self.call(*self.station.build(raw, "<2@harbour>", receipt="", pair=stranger), 400)
        self.assertIn("not signed as agreed", answer.text)

    def test_too_large(self):
        """E8: not read to its end; the owner is told."""
        self.as2.max_megabytes = 1
        headers, body = self.station.build(b"x" * 1_100_000, "<1@harbour>")
        self.call(headers, body, 413)
        self.call(headers, iter([body[:600_000], body[600_000:]]), 413)
        self.assertEqual(self.get_exceptions("as2_too_large").state, "open")
        packed = Protection("sha256", "aes256", True)
        response = self.call(*self.station.build(bytes(5_000_000), "<2@harbour>", packed))
        self.assertIn("decryption-failed", self.station.read_receipt(response).disposition)
        self.assertIn("decompression-failed", self.get_exceptions("as2_message_not_taken").name)
        self.assertFalse(self.get_files())

    def test_who_is_not_known(self):
        """E8, G8: other names, missing headers, a system that is not active, no flow."""
        raw = self.x12(self.order_850("P1"))
        self.call(*self.station.build(raw, "<1@harbour>", name="NOBODY"), 403)
        self.assertIn("NOBODY", self.get_exceptions("as2_unknown_sender").name)
        headers, body = self.station.build(raw, "<2@harbour>")
        for name in ("AS2-From", "AS2-To", "Message-ID"):
            self.call({key: value for key, value in headers.items() if key != name}, body, 400)
        self.edi_system.state = "suspended"
        self.assertEqual(self.call(headers, body, 503).headers["Retry-After"], "60")
        self.edi_system.state = "active"
        flow = self.edi_system.flow_ids.filtered(lambda flow: flow.message_type_id.code == "edi.interchange")
        flow.state = "retired"
        receipt = self.station.read_receipt(self.call(headers, body))
        self.assertEqual(receipt.disposition, "processed/error: unexpected-processing-error")
        self.assertIn("flow", self.get_exceptions("as2_message_not_taken").detail)
        self.assertFalse(self.get_files())

    def test_receipt_to_an_address(self):
        """E8: sent by a job, again after a failure, the same one; at the end a person is told and sends it."""
        headers, body = self.station.build(self.x12(self.order_850("P1")), "<1@harbour>", receipt="async")
        self.assertEqual(self.call(headers, body).content, b"")
        exchange = self.get_exchanges("in")
        self.assertEqual((exchange.state, exchange.receipt_state), ("received", "due"))
        self.station.faults = ["503"]
        exchange._job_send_receipt()
        self.assertEqual((exchange.receipt_state, exchange.receipt_attempts), ("due", 1))
        exchange._job_send_receipt()
        self.assertEqual(exchange.receipt_attempts, 1, "not before its time")
        exchange.sudo().receipt_next_at = fields.Datetime.now()
        exchange._job_send_receipt()
        self.assertEqual(exchange.receipt_state, "sent")
        (receipt,) = self.station.receipts
        self.assertTrue(receipt.is_positive and receipt.is_signed)
        # somebody who only knows the names does not have us call others
        stranger = read_pair(make_pair("Stranger"))
        self.call(*self.station.build(b"x", "<9@harbour>", receipt="async", pair=stranger))
        self.assertFalse(self.get_exchanges("in")[:1].receipt_state)
        # nor does an address that is none keep what came from being kept and told
        headers, body = self.station.build(b"x", "<8@harbour>", receipt="async", pair=stranger)
        self.assertEqual(
            self.call({**headers, "Receipt-Delivery-Option": "http://[::1"}, body).status_code, 200
        )
        kept = self.get_exchanges("in")[:1]
        self.assertEqual(
            (kept.reference, kept.state, kept.receipt_state), ("<8@harbour>", "not_taken", False)
        )
        # a private address that nobody allowed
        self.as2.allowed_networks = False
        self.call(
            *self.station.build(self.x12(self.order_850("P2"), control=8), "<2@harbour>", receipt="async")
        )
        exchange = self.get_exchanges("in")[:1]
        for _attempt in range(12):
            exchange.sudo().receipt_next_at = fields.Datetime.now()
            exchange._job_send_receipt()
        self.assertEqual(exchange.receipt_state, "failed")
        exception = self.get_exceptions("as2_receipt_not_sent")
        self.assertEqual(exception.state, "open")
        self.as2.allowed_networks = "127.0.0.0/8"
        exchange.action_send_receipt()
        exchange._job_send_receipt()
        self.assertEqual((exchange.receipt_state, exception.state), ("sent", "resolved"))


@tagged("post_install", "-at_install")
class TestAs2Certificates(As2Case):
    def test_what_a_certificate_says(self):
        """E8, G7: its names and dates are shown; ours follows its credential."""
        self.assertEqual((self.own.state, self.own.subject), ("used", "Common Name: Ours"))
        self.assertEqual((self.own.valid_to - fields.Datetime.now()).days, 59)
        self.assertNotIn("PRIVATE", self.own.pem)
        self.credential._add_version(make_pair("Ours, renewed"))
        self.assertEqual(self.own.subject, "Common Name: Ours, renewed")

    def test_ours_changes(self):
        """E8: the next one decrypts at once and signs from its moment; then the former still decrypts."""
        endpoint = self.make_sender()
        renewed = make_pair("Ours, next")
        credential = self.make_credential("AS2 key, next", renewed)
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        second = self.add_certificate(owner="own", credential_id=credential.id, use_from=tomorrow)
        self.assertEqual((self.own.state, second.state), ("used", "next"))
        self.assertEqual(self.send(endpoint).state, "done", "signed with the present one")
        raw, to_next = self.x12(self.order_850("P8"), control=8), read_pair(renewed).certificate
        response = self.call(*self.station.build(raw, "<1@harbour>", certificate=to_next))
        self.assertTrue(self.station.read_receipt(response).is_positive)
        second.use_from = fields.Datetime.now() - timedelta(seconds=1)
        self.own.use_from = second.use_from - timedelta(days=1)
        self.own.invalidate_recordset()
        self.assertEqual((self.own.state, second.state), ("former", "used"))
        former, self.station.certificate = self.station.certificate, to_next
        self.assertEqual(self.send(endpoint, 9).state, "done", "signed with the next one")
        raw = self.x12(self.order_850("P10"), control=10)
        response = self.call(*self.station.build(raw, "<2@harbour>", certificate=former))
        self.assertTrue(self.station.read_receipt(response).is_positive)

    def test_theirs_changes(self):
        """E8: signatures of both are accepted while there are two; an expired one is worth nothing."""
        renewed = read_pair(make_pair("Theirs, next"))
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        self.add_certificate(pem=renewed.certificate.pem, use_from=tomorrow)
        former = read_pair(make_pair("Theirs, expired", -10, -1))
        expired = self.add_certificate(pem=former.certificate.pem)
        self.assertEqual(expired.state, "expired")
        for number, pair, good in ((1, self.station.pair, True), (2, renewed, True), (3, former, False)):
            raw = self.x12(self.order_850(f"P{number}"), control=number)
            response = self.call(*self.station.build(raw, f"<{number}@harbour>", pair=pair))
            self.assertEqual(self.station.read_receipt(response).is_positive, good)

    def test_one_that_expires(self):
        """E8, G7: the owner is told once, unless the next one is there."""
        self.as2.certificate_ids.filtered(lambda one: one.owner == "partner").unlink()
        ending = self.add_certificate(pem=read_pair(make_pair("Theirs, ending", -1, 5)).certificate.pem)
        self.assertTrue(ending.expires_soon)
        for _day in range(2):
            self.env["dist.credential"]._cron_warn_expiry()
        told = self.edi_system.activity_ids.filtered(lambda activity: "AS2 certificate" in activity.summary)
        self.assertEqual(len(told), 1)
        self.assertEqual(told.date_deadline, ending.valid_to.date())
        told.unlink()
        self.add_certificate(pem=read_pair(self.theirs).certificate.pem)
        self.env["dist.credential"]._cron_warn_expiry()
        self.assertFalse(
            self.edi_system.activity_ids.filtered(lambda activity: "AS2 certificate" in activity.summary)
        )

    def test_what_is_no_certificate(self):
        """E8: refused in words."""
        password = self.env["dist.credential"].create(
            {"name": "Password", "system_id": self.edi_system.id, "kind": "password", "username": "me"}
        )
        pem = read_pair(self.theirs).certificate.pem
        for values in (
            {"pem": "nonsense"},
            {"pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"},
            {"pem": False},
            {"owner": "own", "pem": pem},
            {"owner": "own", "credential_id": password.id},
            {"owner": "partner", "pem": pem, "credential_id": self.credential.id},
        ):
            with self.subTest(values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.add_certificate(**values)
        for name in ("Häfen", " BLANK", "x" * 129):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.as2.partner_name = name

    def test_screens(self):
        """E8, G8: a manager enters an agreement and a certificate; users read, nobody writes what happened."""
        manager = new_test_user(self.env, "chief", groups="dist_integration_base.group_dist_manager")
        form = Form(self.env["dist.as2.partner"].with_user(manager))
        form.name, form.system_id, form.client_id = "Second", self.edi_system, self.edi_client
        form.partner_name, form.own_name = "SECOND", Station.PARTNER
        partner = form.save()
        self.assertIn("certificate", partner.missing)
        form = Form(self.env["dist.as2.certificate"].with_user(manager))
        form.as2_partner_id, form.pem = partner, read_pair(self.theirs).certificate.pem
        self.assertEqual(form.save().subject, "Common Name: Theirs")
        self.call(*self.station.build(self.x12(self.order_850("P1")), "<1@harbour>"))
        exchange = self.get_exchanges("in")
        user = new_test_user(self.env, "reader", groups="dist_integration_base.group_dist_user")
        for record in (partner, partner.certificate_ids, exchange):
            self.assertTrue(record.with_user(user).read(["display_name"]))
            with self.assertRaises(AccessError):
                record.with_user(user).write({"company_id": self.company.id})
        with self.assertRaises(AccessError):
            exchange.with_user(manager).write({"state": "confirmed"})
        with self.assertRaises(AccessError):
            exchange.with_user(manager).read(["receipt"])

    def test_of_another_company(self):
        """G8: seen in its company alone."""
        company = self.env["res.company"].create({"name": "Elsewhere"})
        system, client, _key = self._make_system("Elsewhere", company_id=company.id)
        partner = self.as2.create(
            {
                "name": "Elsewhere",
                "system_id": system.id,
                "client_id": client.id,
                "own_name": "A",
                "partner_name": "B",
            }
        )
        certificate = self.add_certificate(
            as2_partner_id=partner.id, pem=read_pair(self.theirs).certificate.pem
        )
        self._check_seen_only_in(company, partner, certificate)

    def test_download_of_a_receipt(self):
        """E8: whoever may see the message gets the receipt as it is, with its signature."""
        response = self.call(*self.station.build(self.x12(self.order_850("P1")), "<1@harbour>"))
        exchange = self.get_exchanges("in")
        address = exchange.action_open_receipt()["url"]
        for group, status in (("dist_integration_base.group_dist_user", 200), ("base.group_user", 403)):
            login = group.split(".")[1]
            new_test_user(self.env, login, groups=group)
            self.authenticate(login, login)
            found = self.url_open(address)
            self.assertEqual(found.status_code, status)
            if status == 200:
                self.assertTrue(found.content.endswith(response.content))
