import base64
import hashlib
import json
from datetime import timedelta
from urllib.parse import urlsplit

from odoo import _, api, fields, models

from odoo.addons.dist_integration_base.lib import trace
from odoo.addons.dist_integration_base.lib.backoff import RetrySchedule
from odoo.addons.dist_integration_base.lib.errors import IntegrationError
from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec
from odoo.addons.dist_integration_base.lib.network import parse_networks
from odoo.addons.dist_integration_base.lib.transport import HttpSession, classify
from odoo.addons.dist_integration_base.models.dist_endpoint import DEFAULT_RETRY_SCHEDULE
from odoo.addons.dist_integration_base.models.dist_message import CHANNELS

from ..lib.as2 import message as as2_message
from ..lib.as2.errors import As2Error
from ..lib.as2.mime import Entity
from ..lib.as2.receipt import judge, read_disposition, read_receipt
from ..lib.as2.receiving import answer

OVERDUE = "as2_receipt_overdue"
REFUSED = "as2_receipt_refused"
NOT_TAKEN = "as2_message_not_taken"
RECEIPT_SECONDS = 30
# whoever knows the names may knock as often as he likes: of each partner so many are kept that were not taken
KEPT_NOT_TAKEN = 100
# a job that is younger than this is left alone
JOB_GRACE = timedelta(minutes=2)


class DistAs2Exchange(models.Model):
    """A message that went or came by AS2, with its receipt, which is kept as it is: it proves what was received."""

    _name = "dist.as2.exchange"
    _description = "AS2 message"
    _inherit = ["dist.kept.mixin", "dist.edi.awaited.mixin"]
    _order = "id desc"
    _rec_name = "reference"

    as2_partner_id = fields.Many2one(
        "dist.as2.partner",
        string="AS2 partner",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    system_id = fields.Many2one(related="as2_partner_id.system_id", store=True, index=True)
    company_id = fields.Many2one(related="as2_partner_id.company_id", store=True, index=True)
    direction = fields.Selection([("in", "Received"), ("out", "Sent")], required=True, readonly=True)
    reference = fields.Char(string="Message-ID", required=True, readonly=True, index=True)
    message_id = fields.Many2one(
        "dist.message", string="Message", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    state = fields.Selection(
        [
            ("prepared", "Not sent yet"),
            ("waiting", "Receipt awaited"),
            ("confirmed", "Receipt came"),
            ("sent", "Sent, no receipt agreed"),
            ("refused", "Refused by the partner"),
            ("waived", "Given up"),
            ("received", "Received"),
            ("not_taken", "Not taken"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    protection = fields.Char(readonly=True, help="How it was signed, encrypted and compressed.")
    mics = fields.Text(readonly=True, groups=fields.NO_ACCESS)
    receipt = fields.Binary(attachment=False, readonly=True, groups=fields.NO_ACCESS)
    disposition = fields.Char(string="What the receipt says", readonly=True)
    detail = fields.Char(readonly=True)
    sent_at = fields.Datetime(string="Sent", readonly=True)
    due_at = fields.Datetime(string="Receipt due", readonly=True)
    receipt_at = fields.Datetime(string="Time of the receipt", readonly=True)
    receipt_address = fields.Char(string="Receipt to", readonly=True)
    receipt_state = fields.Selection(
        [("due", "To be sent"), ("sent", "Sent"), ("failed", "Could not be sent")],
        string="Our receipt",
        readonly=True,
    )
    receipt_attempts = fields.Integer(readonly=True, group_operator=None)
    receipt_next_at = fields.Datetime(readonly=True)

    def init(self):
        # what was sent is sent under one id, what came has one effect; what was not taken may come better
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS dist_as2_exchange_reference_uniq ON dist_as2_exchange "
            "(as2_partner_id, direction, reference) WHERE state <> 'not_taken'"
        )

    @api.model
    def _in_turn(self, partner, reference, work):
        """Run work on one message of a partner in a transaction of its own, one worker after another."""
        key = f"dist.as2/{partner.id}/{reference}"
        return self.env["dist.message"]._in_serial_transaction(key, work)

    @api.model
    def _find(self, partner, direction, reference):
        domain = [("as2_partner_id", "=", partner.id), ("direction", "=", direction)]
        return self.sudo().search(
            [*domain, ("reference", "=", reference), ("state", "!=", "not_taken")], limit=1
        )

    # sending

    @api.model
    def _get_reference(self, message, outgoing):
        """What is known of a message before it leaves: its Message-ID and integrity checks, kept before anything is
        sent, so that a receipt finds them whatever becomes of the worker.

        :param outgoing: Outgoing, as the message is sent
        :return: the Message-ID, the same at every attempt
        """
        endpoint = message.endpoint_id
        partner = endpoint.as2_partner_id
        checked = endpoint._get_transport_settings().get_checked(outgoing)
        mics = as2_message.get_mics(checked)
        known = self.sudo().search([("message_id", "=", message.id), ("direction", "=", "out")], limit=1)
        if known and known._holds(mics):
            return known.reference
        reference = known.reference or self._make_reference(message)
        message_id, partner_id = message.id, partner.id

        def keep(env):
            exchanges = env["dist.as2.exchange"].sudo()
            found = exchanges.search([("message_id", "=", message_id), ("direction", "=", "out")], limit=1)
            found = found or exchanges.create(
                {
                    "as2_partner_id": partner_id,
                    "direction": "out",
                    "state": "prepared",
                    "reference": reference,
                    "message_id": message_id,
                }
            )
            found._add_mics(mics)
            return found.reference

        return self._in_turn(partner, reference, keep)

    @api.model
    def _make_reference(self, message):
        host = urlsplit(self.env["ir.config_parameter"].sudo().get_param("web.base.url", "")).hostname
        return f"<{message.uuid}@{host or 'odoo'}>"

    def _get_mics(self):
        """:return: dict, digest to list of integrity checks; more than one where the agreement changed in between"""
        return json.loads(self.mics or "{}")

    def _holds(self, mics):
        known = self._get_mics()
        return all(mic in known.get(digest, []) for digest, mic in mics.items())

    def _add_mics(self, mics):
        known = self._get_mics()
        for digest, mic in mics.items():
            known[digest] = sorted({*known.get(digest, []), mic})
        protection = self.as2_partner_id._get_protection()
        self.write({"mics": json.dumps(known), "protection": _describe(protection)})

    @api.model
    def _note_deliveries(self, deliveries):
        """Take in what came of sending; the receipt that was in the answer is kept."""
        by_message = {delivery.message_id: delivery for delivery in deliveries}
        found = self.sudo().search([("message_id", "in", list(by_message)), ("direction", "=", "out")])
        for exchange in found:
            exchange._note_delivery(by_message[exchange.message_id.id])

    def _note_delivery(self, delivery):
        now = fields.Datetime.now()
        values = {}
        if delivery.receipt:
            values.update(
                self._prepare_receipt(delivery.receipt),
                disposition=read_disposition(delivery.receipt)[:200],
                detail=delivery.detail or False,
            )
        if delivery.state == "dead":
            values["state"] = "refused" if delivery.receipt else "prepared"
        elif delivery.state == "done" and self.state in ("prepared", "refused"):
            values.update(self._prepare_sent(now, bool(delivery.receipt)))
        if values:
            self.write(values)

    def _prepare_sent(self, now, has_receipt):
        partner = self.as2_partner_id
        if has_receipt:
            return {"state": "confirmed", "sent_at": now}
        if partner.receipt != "async":
            return {"state": "sent", "sent_at": now}
        return {"state": "waiting", "sent_at": now, "due_at": now + timedelta(hours=partner.receipt_hours)}

    @api.model
    def _prepare_receipt(self, raw):
        return {"receipt": base64.b64encode(raw), "receipt_at": fields.Datetime.now()}

    # receipts that come by themselves

    @api.model
    def _take_receipt(self, partner, incoming, entity):
        """Match a receipt with what was sent.

        :param incoming: lib.as2.receiving.Incoming of the call
        :param entity: lib.as2.mime.Entity, the receipt
        :raises As2Error: it cannot be read, is not the partner's, or for nothing that was sent
        """
        receipt = read_receipt(entity, partner._get_partner_certificates())
        exchange = self._find(partner, "out", receipt.message_id) or self._find(
            partner, "out", f"<{receipt.message_id.strip('<>')}>"
        )
        if not exchange:
            raise As2Error("unexpected-processing-error", "The receipt is for nothing that was sent.")
        exchange_id = exchange.id

        def settle(env):
            env["dist.as2.exchange"].browse(exchange_id)._settle(receipt, entity.raw)

        self._in_turn(partner, exchange.reference, settle)

    def _settle(self, receipt, raw):
        """Take in a receipt. A refusal stays: a later receipt does not undo it."""
        verdict = judge(receipt, self.reference, self._get_mics(), self.as2_partner_id.receipt_signed)
        if verdict.outcome == "retryable":
            raise As2Error("insufficient-message-security", verdict.detail)
        if self.state in ("confirmed", "refused"):
            return
        good = verdict.outcome == "success"
        self.write(
            {
                **self._prepare_receipt(raw),
                "state": "confirmed" if good else "refused",
                "sent_at": self.sent_at or fields.Datetime.now(),
                "disposition": receipt.disposition[:200],
                "detail": self.message_id._redact(verdict.detail) or False,
            }
        )
        exceptions = self.env["dist.exception"]
        exceptions._close_without_message([OVERDUE], f"as2/{self.id}")
        if not good:
            exceptions._open_without_message(self._prepare_refusal(), self.company_id, self.system_id)

    def _prepare_refusal(self):
        return ExceptionSpec(
            category="delivery",
            code=REFUSED,
            summary=_(
                "%(partner)s did not take %(document)s",
                partner=self.as2_partner_id.name,
                document=self._get_document_name(),
            ),
            detail=self.detail,
            record=self,
            severity="high",
            suggestion=_("Settle the cause with the partner, then send the document again."),
            fingerprint=f"as2/{self.id}",
        )

    def _get_document_name(self):
        return self.message_id.business_key or self.message_id.uuid or self.reference

    @api.model
    def _cron_overdue(self):
        """Tell a person of what should have had its receipt by now."""
        for exchange in self.search([("state", "=", "waiting"), ("due_at", "<", fields.Datetime.now())]):
            self.env["dist.exception"]._open_without_message(
                exchange._prepare_overdue(), exchange.company_id, exchange.system_id
            )

    def _prepare_overdue(self):
        return ExceptionSpec(
            category="delivery",
            code=OVERDUE,
            summary=_(
                "%(partner)s has sent no receipt for %(document)s",
                partner=self.as2_partner_id.name,
                document=self._get_document_name(),
            ),
            detail=_(
                "Sent at %(sent)s as %(reference)s, receipt due at %(due)s (UTC).",
                sent=fields.Datetime.to_string(self.sent_at),
                reference=self.reference,
                due=fields.Datetime.to_string(self.due_at),
            ),
            record=self,
            severity="high",
            suggestion=_("Ask the partner whether it arrived. This closes by itself with the receipt."),
            fingerprint=f"as2/{self.id}",
        )

    def action_waive(self):
        """Give up waiting: the partner was asked."""
        self._check_may_act()
        for exchange in self.filtered(lambda one: one.state == "waiting"):
            self.env["dist.audit.entry"]._add("overridden", exchange, reason=_("Receipt not awaited"))
            exchange.sudo().state = "waived"
            self.env["dist.exception"]._close_without_message([OVERDUE], f"as2/{exchange.id}")
        return True

    # receiving

    @api.model
    def _receive(self, partner, incoming, wish, received, terms):
        """Keep what came; only then is there a receipt. What comes again gets the same one and has no second effect.

        :return: bytes of the receipt
        :raises As2Error: the id came with other content before, or there is nobody to take it
        """
        flow = partner._find_flow()
        if not flow:
            raise As2Error("unexpected-processing-error", "No active flow takes what this partner sends.")
        values = self._prepare_message(partner, flow, incoming, received)
        messages = self.env["dist.message"]
        message_id, is_new = messages._receive(values, received.content)
        known = messages._in_own_transaction(lambda env: env["dist.message"].browse(message_id).request_hash)
        if known != values["request_hash"]:
            raise As2Error("duplicate-document", "This Message-ID came with other content before.")
        receipt = answer(incoming, incoming.accept(received, wish), wish, terms).raw
        partner_id, reference = partner.id, incoming.message_id

        def keep(env):
            exchanges = env["dist.as2.exchange"]
            mine = env["dist.as2.partner"].browse(partner_id)
            found = exchanges._find(mine, "in", reference)
            if not found:
                found = exchanges._keep(mine, incoming, wish, receipt, "received", "processed")
                found.write({"message_id": message_id, "protection": _describe(received)})
            if is_new:
                env["dist.message"]._schedule_inbox(values["criticality"])
            return found._get_receipt()

        return self._in_turn(partner, reference, keep)

    @api.model
    def _prepare_message(self, partner, flow, incoming, received):
        current = trace.new()
        return {
            "client_id": partner.client_id.id,
            "system_id": partner.system_id.id,
            "company_id": partner.company_id.id,
            "flow_id": flow.id,
            "message_type_id": flow.message_type_id.id,
            "version_id": flow._get_version().id,
            "criticality": flow.criticality,
            "content_format": flow.content_format,
            "idempotency_key": f"as2 {partner.id} {incoming.message_id}",
            "request_hash": hashlib.sha256(received.content).hexdigest(),
            "source_name": received.file_name[:255] or None,
            "payload": None,
            "next_attempt_at": fields.Datetime.now(),
            "trace_id": current.trace_id,
            "traceparent": current.header,
        }

    @api.model
    def _refuse(self, partner, incoming, wish, error, terms):
        """Keep that something could not be taken, and tell a person.

        :return: bytes of the receipt
        """
        receipt = answer(incoming, incoming.refuse(error), wish, terms).raw
        partner_id = partner.id

        def keep(env):
            mine = env["dist.as2.partner"].browse(partner_id)
            made = env["dist.as2.exchange"]._keep(
                mine, incoming, wish, receipt, "not_taken", error.disposition
            )
            made.detail = error.detail[:500]
            env["dist.exception"]._open_without_message(
                made._prepare_not_taken(error), made.company_id, made.system_id
            )
            made._forget_not_taken()
            return receipt

        # one after another, whatever their ids are: they share an exception and what is kept of them
        return self._in_turn(partner, "not taken", keep)

    def _forget_not_taken(self):
        """Remove the oldest that could not be taken; the open exception leads to the latest."""
        domain = [
            ("as2_partner_id", "=", self.as2_partner_id.id),
            ("state", "=", "not_taken"),
            ("receipt_state", "!=", "due"),
        ]
        self.search(domain, order="id desc", offset=KEPT_NOT_TAKEN, limit=KEPT_NOT_TAKEN).unlink()

    @api.model
    def _keep(self, partner, incoming, wish, receipt, state, disposition):
        due = bool(wish.is_wanted and wish.address)
        if state == "not_taken":
            # whoever only knows the names must not have us call others
            due = due and wish.host in partner._get_hosts()
        made = self.sudo().create(
            {
                "as2_partner_id": partner.id,
                "direction": "in",
                "state": state,
                "reference": incoming.message_id,
                "disposition": disposition,
                "receipt_address": wish.address[:1000] if due else False,
                "receipt_state": "due" if due else False,
                "receipt_next_at": fields.Datetime.now() if due else False,
                **self._prepare_receipt(receipt),
            }
        )
        if due:
            made._schedule_receipt()
        return made

    def _prepare_not_taken(self, error):
        partner = self.as2_partner_id
        return ExceptionSpec(
            category="identity" if error.code == "duplicate-document" else "delivery",
            code=NOT_TAKEN,
            summary=_(
                "A message of %(partner)s could not be taken: %(code)s", partner=partner.name, code=error.code
            ),
            detail=_("%(reference)s: %(detail)s", reference=self.reference, detail=error.detail),
            record=self,
            severity="high",
            suggestion=_(
                "The partner's receipt says so as well, but not why where the message was encrypted. Compare "
                "certificates and agreement with the partner, who sends again; then mark this as handled."
            ),
            fingerprint=f"as2/{partner.id}/{error.code}",
        )

    def _get_receipt(self):
        """:return: bytes of the receipt, as it is kept"""
        return base64.b64decode(self.sudo().with_context(bin_size=False).receipt or b"")

    # our receipts that are sent by themselves

    def _schedule_receipt(self, moment=None):
        self.with_delay(
            channel=CHANNELS["normal"],
            eta=moment,
            description=_("AS2 receipt for %s", self.reference),
        )._job_send_receipt()

    def _job_send_receipt(self):
        """Job: send the receipt that the partner asked to have sent; the same bytes at every attempt."""
        self.ensure_one()
        if self.receipt_state != "due" or self.receipt_next_at > fields.Datetime.now():
            return
        try:
            failure = self._post_receipt()
        except IntegrationError as error:
            failure = error.detail
        if not failure:
            self.write({"receipt_state": "sent", "receipt_attempts": self.receipt_attempts + 1})
            return
        attempt = self.receipt_attempts + 1
        delay = RetrySchedule.parse(DEFAULT_RETRY_SCHEDULE).delay(attempt, lambda: 0.5)
        values = {"receipt_attempts": attempt, "detail": failure[:500]}
        if delay is None:
            self.write({**values, "receipt_state": "failed"})
            self._open_receipt_failed(failure)
            return
        moment = fields.Datetime.now() + timedelta(seconds=delay)
        self.write({**values, "receipt_next_at": moment})
        self._schedule_receipt(moment)

    def _post_receipt(self):
        """:return: why the partner did not take it, empty when it did"""
        entity = Entity.parse(self._get_receipt())
        networks = parse_networks(self.as2_partner_id.allowed_networks or "")
        with HttpSession(RECEIPT_SECONDS, networks) as session:
            response = session.request(
                "POST", self.receipt_address, dict(entity.headers.items()), entity.body
            )
        if classify(response.status, response.headers).kind == "success":
            return ""
        return _("The partner answered %s.", response.status)

    def _open_receipt_failed(self, failure):
        partner = self.as2_partner_id
        self.env["dist.exception"]._open_without_message(
            ExceptionSpec(
                category="delivery",
                code="as2_receipt_not_sent",
                summary=_("%s cannot be sent its receipts", partner.name),
                detail=_("%(reference)s: %(detail)s", reference=self.reference, detail=failure),
                record=self,
                severity="high",
                suggestion=_("Tell the partner, or correct its networks, then use Send receipt again."),
                fingerprint=f"as2_receipt/{partner.id}",
            ),
            self.company_id,
            self.system_id,
        )

    def action_send_receipt(self):
        """Send a receipt again that could not be sent."""
        self._check_may_act()
        for exchange in self.sudo().filtered(lambda one: one.receipt_state == "failed"):
            exchange.write(
                {"receipt_state": "due", "receipt_attempts": 0, "receipt_next_at": fields.Datetime.now()}
            )
            exchange._schedule_receipt()
            self.env["dist.exception"]._close_without_message(
                ["as2_receipt_not_sent"], f"as2_receipt/{exchange.as2_partner_id.id}"
            )
        return True

    def _check_may_act(self):
        """:raises AccessError: the user is no operator, or of another company"""
        self.check_access_rule("read")
        self.env["dist.message"]._check_may_act_on_all()

    @api.model
    def _cron_send_receipts(self):
        """Take care of receipts whose job died."""
        late = fields.Datetime.now() - JOB_GRACE
        for exchange in self.search([("receipt_state", "=", "due"), ("receipt_next_at", "<", late)]):
            exchange._schedule_receipt()

    def action_view_message(self):
        self.ensure_one()
        return self.env["dist.message"]._get_list_action([("id", "=", self.message_id.id)])

    def action_open_receipt(self):
        """Hand out the receipt as it is, with its signature."""
        self.ensure_one()
        self.check_access_rule("read")
        return {"type": "ir.actions.act_url", "url": f"/dist/as2/receipt/{self.id}", "target": "self"}


def _describe(protection):
    """:return: text of a lib.as2.message Protection or Received"""
    encrypted = getattr(protection, "cipher", "") or (
        "encrypted" if getattr(protection, "is_encrypted", False) else ""
    )
    compressed = getattr(protection, "compressed", getattr(protection, "is_compressed", False))
    return (
        ", ".join(filter(None, (protection.digest, encrypted, "compressed" if compressed else ""))) or "none"
    )
