import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec

from ..lib.envelope import INTERCHANGE_ACKNOWLEDGEMENT, Envelope, build_interchange, group_transactions
from ..lib.errors import EdiError, EdiSyntaxError
from ..lib.interchange import read_interchanges
from ..lib.separators import X12
from .dist_edi_partner import STANDARDS

DIRECTIONS = [("in", "Received"), ("out", "Sent")]
TRANSACTIONS = "dist_edi_transactions"


@dataclass(frozen=True)
class Written:
    """An interchange as it is sent: standard, control number, bytes."""

    standard: str
    control_number: str
    raw: bytes


class DistEdiInterchange(models.Model):
    """An interchange as it came or went, byte for byte."""

    _name = "dist.edi.interchange"
    _description = "EDI interchange"
    _inherit = ["dist.kept.mixin"]
    _order = "id desc"

    direction = fields.Selection(DIRECTIONS, required=True, readonly=True)
    state = fields.Selection(
        [
            ("processed", "Processed"),
            ("duplicate", "Duplicate"),
            ("held", "Held: number used before"),
            ("unreadable", "Unreadable"),
            ("corrected", "Corrected"),
            ("ignored", "Ignored"),
            ("prepared", "Prepared"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    edi_partner_id = fields.Many2one(
        "dist.edi.partner",
        string="Trading partner",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    system_id = fields.Many2one("dist.system", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    message_id = fields.Many2one(
        "dist.message", readonly=True, ondelete="restrict", index="btree_not_null", string="Message"
    )
    message_state = fields.Selection(related="message_id.state", string="Delivery")
    standard = fields.Selection(STANDARDS, readonly=True)
    version = fields.Char(readonly=True)
    sender = fields.Char(readonly=True)
    receiver = fields.Char(readonly=True)
    control_number = fields.Char(string="Control number", readonly=True)
    prepared_at = fields.Datetime(string="Prepared", readonly=True, help="In the sender's time zone.")
    is_test = fields.Boolean(
        string="Test", readonly=True, help="A test, or sent for information only: nothing is done with it."
    )
    raw = fields.Binary(attachment=False, readonly=True, groups=fields.NO_ACCESS)
    digest = fields.Char(readonly=True)
    size = fields.Integer(readonly=True, group_operator=None)
    issues = fields.Text(readonly=True, groups=fields.NO_ACCESS)
    error = fields.Char(readonly=True)
    acknowledgement = fields.Text(readonly=True, groups=fields.NO_ACCESS)
    original_id = fields.Many2one(
        "dist.edi.interchange",
        string="Came before as",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    group_ids = fields.One2many("dist.edi.group", "interchange_id", string="Groups", readonly=True)
    document_ids = fields.One2many("dist.edi.document", "interchange_id", string="Documents", readonly=True)
    expectation_ids = fields.One2many(
        "dist.edi.expectation", "interchange_id", string="Awaited acknowledgements", readonly=True
    )
    document_count = fields.Integer(compute="_compute_counts")
    refused_count = fields.Integer(compute="_compute_counts", string="Refused")

    def init(self):
        for sql in (
            "CREATE INDEX IF NOT EXISTS dist_edi_interchange_number_idx ON dist_edi_interchange "
            "(edi_partner_id, direction, control_number)",
            # whatever the code thinks, a message has one interchange, and so one control number
            "CREATE UNIQUE INDEX IF NOT EXISTS dist_edi_interchange_sent_uniq ON dist_edi_interchange "
            "(message_id) WHERE direction = 'out'",
        ):
            self.env.cr.execute(sql)

    @api.depends("control_number", "sender", "receiver", "direction")
    def _compute_display_name(self):
        for interchange in self:
            other = interchange.sender if interchange.direction == "in" else interchange.receiver
            interchange.display_name = f"{interchange.control_number or '?'} {other or ''}".strip()

    def _compute_counts(self):
        documents = self.env["dist.edi.document"]
        every = dict(
            documents._read_group([("interchange_id", "in", self.ids)], ["interchange_id"], ["__count"])
        )
        refused = dict(
            documents._read_group(
                [("interchange_id", "in", self.ids), ("state", "=", "refused")],
                ["interchange_id"],
                ["__count"],
            )
        )
        for interchange in self:
            interchange.document_count = every.get(interchange, 0)
            interchange.refused_count = refused.get(interchange, 0)

    def _get_raw(self):
        """:return: bytes"""
        self.ensure_one()
        return base64.b64decode(self.sudo().with_context(bin_size=False).raw or b"")

    def _get_transactions(self):
        """The transactions of this interchange, read once: they are asked for document by document.

        :return: dict, byte at which one starts to lib.interchange.Transaction; empty where it cannot be read
        """
        self.ensure_one()
        source = self.sudo().with_context(bin_size=False).raw or b""
        known, transactions = self.env.cr.cache.get(TRANSACTIONS, (None, {}))
        if known != source:
            transactions = _read_transactions(base64.b64decode(source))
            self.env.cr.cache[TRANSACTIONS] = source, transactions
        return transactions

    def _get_form_action(self):
        """:return: action that shows this interchange"""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def _get_issues(self):
        """:return: list of dicts as of lib.errors.Issue.to_dict"""
        return json.loads(self.sudo().issues or "[]")

    def _dist_get_edi_receiver(self, code, system=None):
        # what is sent about an interchange goes back to whom it came from
        partner = self.edi_partner_id
        return partner if not system or partner.system_id == system else partner.browse()

    # receiving

    @api.model
    def _take_piece(self, message, partner, parsed, raw, start):
        """Store an interchange of a file and hand its documents on, in the transaction of the message.

        :param message: dist.message of the file
        :param partner: dist.edi.partner that sent it
        :param parsed: lib.interchange.Interchange
        :param raw: its bytes
        :param start: byte of the file at which it starts
        :return: dist.edi.interchange
        """
        interchange = self.sudo().create(self._prepare_received(message, partner, parsed, raw))
        interchange._open_exceptions(interchange._take(parsed, start))
        return interchange

    def _open_exceptions(self, specs):
        """Tell persons of what is wrong with documents: the file's own message goes on.

        :param specs: list of ExceptionSpec
        """
        for spec in specs:
            self.env["dist.exception"]._open_without_message(spec, self.company_id, self.system_id)

    @api.model
    def _prepare_received(self, message, partner, parsed, raw):
        return {
            "direction": "in",
            "state": "processed",
            "edi_partner_id": partner.id,
            "system_id": message.system_id.id,
            "company_id": message.company_id.id,
            "message_id": message.id,
            "standard": parsed.standard,
            "version": parsed.version,
            "sender": parsed.sender,
            "receiver": parsed.receiver,
            "control_number": parsed.control_number,
            "prepared_at": parsed.prepared_at,
            "is_test": parsed.is_test,
            "raw": base64.b64encode(raw),
            "digest": hashlib.sha256(raw.strip()).hexdigest(),
            "size": len(raw),
            "issues": json.dumps([issue.to_dict() for issue in parsed.issues]),
        }

    def _take(self, parsed, start):
        """Hand on the documents, unless the interchange was here before.

        :param start: byte of the file at which this interchange starts
        :return: list of ExceptionSpec
        """
        known = self._find_same_number()
        same = known.filtered(lambda one: one.digest == self.digest)[:1]
        if same:
            self.write({"state": "duplicate", "original_id": same.id})
            return []
        if known:
            self.write({"state": "held", "original_id": known[:1].id})
            return [self._prepare_number_exception(known[:1])]
        return self._process(parsed, start)

    def _find_same_number(self):
        """:return: what came from the partner under the same control number within the agreed time, latest first"""
        self.ensure_one()
        since = fields.Datetime.now() - timedelta(days=self.edi_partner_id.duplicate_days)
        return self.search(
            [
                ("edi_partner_id", "=", self.edi_partner_id.id),
                ("direction", "=", "in"),
                ("control_number", "=", self.control_number),
                ("is_test", "=", self.is_test),
                ("state", "in", ("processed", "held")),
                ("create_date", ">=", since),
                ("id", "!=", self.id),
            ]
        )

    def _prepare_number_exception(self, known):
        return ExceptionSpec(
            category="identity",
            code="control_number_reused",
            summary=_(
                "%(partner)s sent other content under the control number %(number)s",
                partner=self.edi_partner_id.name,
                number=self.control_number,
            ),
            detail=_(
                "The number came on %(moment)s with other content. Nothing of the new interchange was applied.",
                moment=fields.Datetime.to_string(known.create_date),
            ),
            record=self,
            severity="high",
            suggestion=_(
                "Ask the partner. Open the interchange and choose to process it all the same, or to ignore it."
            ),
            fingerprint=f"edi/{self.id}",
        )

    def _process(self, parsed, start):
        """Read the documents, hand them on, acknowledge them.

        :return: list of ExceptionSpec
        """
        documents = self.env["dist.edi.document"].sudo()
        judged, specs = [], []
        for group in parsed.groups:
            stored = self.env["dist.edi.group"].sudo()._store(self, group)
            members = []
            for transaction in group.transactions:
                document, verdict, found = documents._take(self, stored, transaction, start)
                members.append(verdict)
                specs += found
            judged.append((group, members))
        specs += self._acknowledge(parsed, judged)
        return specs + self._read_rejections(parsed)

    def _read_rejections(self, parsed):
        """:return: list of ExceptionSpec, of the interchanges that the partner rejects as a whole (TA1)"""
        told = [one for one in parsed.beside if one.tag == INTERCHANGE_ACKNOWLEDGEMENT and one.get(4) == "R"]
        return [self._prepare_rejection(one.get(1).strip(), one.get(5).strip()) for one in told]

    def _prepare_rejection(self, number, note):
        """:param note: TA105, the standard's code of what is wrong"""
        sent = self.search(
            [
                ("edi_partner_id", "=", self.edi_partner_id.id),
                ("direction", "=", "out"),
                ("is_test", "=", self.is_test),
                ("control_number", "=", number),
            ],
            order="id desc",
            limit=1,
        )
        return ExceptionSpec(
            category="delivery",
            code="interchange_rejected",
            summary=_(
                "%(partner)s rejects the interchange %(number)s",
                partner=self.edi_partner_id.name,
                number=number,
            ),
            detail=_("It was rejected as a whole, with the code %s (TA105).", note or "-"),
            record=sent or self,
            severity="high",
            suggestion=_("Ask the partner what is wrong with the envelope, and send its documents again."),
            fingerprint=f"edi_interchange_rejected/{(sent or self).id}",
        )

    def _acknowledge(self, parsed, judged):
        """Have the partner told what of the interchange was understood.

        :param judged: list of (lib.interchange.Group, list of lib.acknowledgement.Judged)
        :return: list of ExceptionSpec
        """
        outgoing = self.edi_partner_id._prepare_acknowledgements(parsed, judged)
        if not outgoing:
            return []
        code = "edi.acknowledgement"
        message_type = self.env["dist.message.type"]._get_by_code(code)
        self.acknowledgement = json.dumps([_to_json(one) for one in outgoing])
        if self.env["dist.flow"]._find_inbound(self.system_id, message_type):
            self._dist_emit(code)
            return []
        return [
            ExceptionSpec(
                category="delivery",
                code="acknowledgement_without_flow",
                summary=_("%s is not acknowledged: no active flow", self.edi_partner_id.name),
                detail=_(
                    "The partner is to be acknowledged by %(code)s, but its system has no active flow %(type)s.",
                    code=self.edi_partner_id.acknowledgement,
                    type=code,
                ),
                severity="high",
                suggestion=_("Activate the flow, or agree on no acknowledgement."),
                fingerprint=f"edi_acknowledgement/{self.edi_partner_id.id}",
            )
        ]

    @api.model
    def _note_unreadable(self, message, error):
        """Keep a file that is no interchange, so that it can be looked at and corrected.

        :param error: IntegrationError with what is wrong and, in its errors, where
        """
        if self.sudo().search_count([("message_id", "=", message.id)], limit=1):
            return
        raw = message._get_edi_bytes()
        issues = getattr(error, "extensions", {}).get("issues", [])
        self.sudo().create(
            {
                "direction": "in",
                "state": "unreadable",
                "system_id": message.system_id.id,
                "company_id": message.company_id.id,
                "message_id": message.id,
                "raw": base64.b64encode(raw),
                "digest": hashlib.sha256(raw.strip()).hexdigest(),
                "size": len(raw),
                "issues": json.dumps(issues),
                "error": message._redact(error.detail)[:500],
            }
        )

    # sending

    @api.model
    def _get_for_outgoing(self, message):
        """The interchange of an outbound message: made once, the same at every attempt.

        It is stored with its control numbers in a transaction of its own, before anything is sent. Who is killed in
        between finds it again.

        :return: Written; the caller's own transaction may be older than the interchange and not see it
        :raises IntegrationError: the message cannot be told in the partner's form
        """
        known = self._find_of_message(message)
        if known:
            return known._get_written()
        partner, message_id = message._get_edi_partner(), message.id

        def make(env):
            mine, interchanges = env["dist.message"].browse(message_id), env["dist.edi.interchange"]
            return (interchanges._find_of_message(mine) or interchanges._make(mine))._get_written()

        return self.env["dist.message"]._in_serial_transaction(f"dist.edi.counter/{partner.id}", make)

    def _get_written(self):
        self.ensure_one()
        return Written(self.standard, self.control_number, self._get_raw())

    @api.model
    def _find_of_message(self, message):
        return self.sudo().search([("message_id", "=", message.id), ("direction", "=", "out")], limit=1)

    @api.model
    def _make(self, message):
        """Write an outbound message as an interchange, with the next control numbers."""
        partner = message._get_edi_partner()
        transactions = message._get_edi_transactions(partner)
        counters = self.env["dist.edi.counter"]
        number = counters._allocate(partner, "interchange")
        of_groups = (
            [counters._allocate(partner, "group") for _group in group_transactions(transactions)]
            if partner.standard == X12
            else []
        )
        raw = self._build(message, partner, transactions, number.number, of_groups)
        parsed = read_interchanges(raw)[0]
        interchange = self.sudo().create(
            {
                **self._prepare_received(message, partner, parsed, raw),
                "direction": "out",
                "state": "prepared",
            }
        )
        for control in (number, *of_groups):
            control.interchange_id = interchange
        interchange._store_sent(parsed, message)
        return interchange

    @api.model
    def _build(self, message, partner, transactions, number, of_groups):
        ours, theirs = partner._get_addresses()
        envelope = Envelope(
            sender=ours,
            receiver=theirs,
            control_number=number,
            group_control_number=of_groups[0].number if of_groups else number,
            prepared_at=partner._get_local_now(),
            test=partner.is_test,
            acknowledgement_requested=partner.standard != X12
            and bool(partner.acknowledgement_hours)
            and message.message_type_id.code != "edi.acknowledgement",
            syntax=partner.syntax,
            syntax_version=partner.syntax_version,
        )
        return build_interchange(envelope, transactions, partner._get_separators())

    def _store_sent(self, parsed, message):
        """Groups and documents of what goes out, and the acknowledgements that are to come back."""
        self.ensure_one()
        is_acknowledgement = message.message_type_id.code == "edi.acknowledgement"
        awaits = bool(self.edi_partner_id.acknowledgement_hours) and not is_acknowledgement
        expectations = self.env["dist.edi.expectation"].sudo()
        for group in parsed.groups:
            stored = self.env["dist.edi.group"].sudo()._store(self, group)
            for transaction in group.transactions:
                self.env["dist.edi.document"].sudo()._store_sent(self, stored, transaction, message, awaits)
            if awaits and self.standard == X12:
                expectations._expect(self, stored)
        if awaits and self.standard != X12:
            expectations._expect(self, self.env["dist.edi.group"])

    # what a person does

    def action_process_anyway(self):
        """Apply an interchange that was held because its control number had come before with other content."""
        self._check_may_act("held")
        for interchange in self:
            self.env["dist.audit.entry"]._add("overridden", interchange, reason=_("Processed although held"))
            stored = interchange.sudo()
            parsed = stored._parse()
            stored.state = "processed"
            stored._open_exceptions(stored._process(parsed, 0))
            stored._wake_inbox()
            stored._close_number_exception()
        return True

    def action_ignore(self):
        """Leave an interchange aside that was held."""
        self._check_may_act("held")
        for interchange in self:
            self.env["dist.audit.entry"]._add("ignored", interchange)
            interchange.sudo().state = "ignored"
            interchange.sudo()._close_number_exception()
        return True

    def _check_may_act(self, state):
        """:raises AccessError: the user is no operator
        :raises UserError: an interchange is in another state
        """
        self.env["dist.message"].browse(self.sudo().message_id.ids)._check_may_act()
        if any(interchange.state != state for interchange in self):
            raise UserError(_("This was settled in between."))

    def _close_number_exception(self):
        self.env["dist.exception"].sudo().search(
            [
                ("code", "=", "control_number_reused"),
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("state", "in", ("open", "in_progress")),
            ]
        )._close("handled")

    def _parse(self):
        """:return: lib.interchange.Interchange
        :raises UserError: it cannot be read
        """
        try:
            return read_interchanges(self._get_raw())[0]
        except EdiSyntaxError as error:
            raise UserError(str(error)) from error

    def _wake_inbox(self):
        """Have the messages of these interchanges processed once this transaction is committed."""
        waiting = self.document_ids.message_id.filtered(lambda message: message.state == "pending")
        for criticality in set(waiting.mapped("criticality")):
            self.env["dist.message"]._schedule_inbox(criticality)

    def action_view_documents(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_edi.action_dist_edi_document"
        )
        return {**action, "domain": [("interchange_id", "in", self.ids)], "context": {}}

    def action_view_message(self):
        self.ensure_one()
        return self.env["dist.message"]._get_list_action([("id", "=", self.message_id.id)])


def _read_transactions(raw):
    try:
        interchanges = read_interchanges(raw)
    except EdiError:
        return {}
    return {one.header.offset: one for interchange in interchanges for one in interchange.transactions}


def _to_json(outgoing):
    """:return: dict of a lib.envelope.Outgoing"""
    return {
        "code": outgoing.code,
        "group": outgoing.group,
        "version": outgoing.version,
        "association": outgoing.association,
        "segments": [segment.parts for segment in outgoing.segments],
    }
