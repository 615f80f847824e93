import json
import re

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.dist_integration_base.lib import strict_json
from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec

from ..lib.acknowledgement import Judged
from ..lib.changes import CHANGES, reference_of
from ..lib.errors import EdiError, EdiSyntaxError, Issue
from ..lib.interchange import read_interchanges
from ..lib.reading import read_document
from .dist_edi_interchange import DIRECTIONS

ACKNOWLEDGEMENTS = ("997", "999", "CONTRL")
# purposes of an order: those that ask for one, and those of one that is known
ORDERED = ("original", "resubmission")
# kinds of an order (92 of X12, 1001 of EDIFACT) that only announce the releases to come
BLANKETS = ("BK", "BE", "221")
REPEATED = ("confirmation", "duplicate", "copy")
NUMBERS = ("number", "shipment", "receipt", "adjustment", "order")
MAX_KEY = 256
# so many places an order goes to are named
MAX_NAMED = 20
LINE_POINTER = re.compile(r"/lines/(\d+)")


class DistEdiDocument(models.Model):
    """One transaction set or message: as it came, what it says, what is wrong with it and what became of it."""

    _name = "dist.edi.document"
    _description = "EDI document"
    _inherit = ["dist.kept.mixin"]
    _order = "id desc"

    interchange_id = fields.Many2one(
        "dist.edi.interchange", required=True, readonly=True, ondelete="cascade", index=True
    )
    group_id = fields.Many2one("dist.edi.group", readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="interchange_id.company_id", store=True, index=True)
    edi_partner_id = fields.Many2one(
        related="interchange_id.edi_partner_id", string="Trading partner", store=True, index=True
    )
    system_id = fields.Many2one(related="interchange_id.system_id", store=True, index=True)
    direction = fields.Selection(DIRECTIONS, required=True, readonly=True)
    state = fields.Selection(
        [
            ("accepted", "Handed on"),
            ("refused", "Refused"),
            ("test", "Test only"),
            ("acknowledgement", "Acknowledgement"),
            ("corrected", "Corrected"),
            ("sent", "Sent"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    code = fields.Char(string="Document", required=True, readonly=True)
    control_number = fields.Char(string="Control number", readonly=True)
    version = fields.Char(readonly=True)
    document_name = fields.Char(string="What it is", readonly=True)
    business_key = fields.Char(string="Document number", readonly=True, index="btree_not_null")
    start = fields.Integer(readonly=True, group_operator=None)
    end = fields.Integer(readonly=True, group_operator=None)
    canonical = fields.Text(readonly=True, groups=fields.NO_ACCESS)
    issues = fields.Text(readonly=True, groups=fields.NO_ACCESS)
    issue_count = fields.Integer(string="Faults", readonly=True)
    problem = fields.Char(string="First fault", readonly=True)
    message_id = fields.Many2one(
        "dist.message", readonly=True, ondelete="restrict", index="btree_not_null", string="Message"
    )
    message_state = fields.Selection(related="message_id.state", string="Message is")
    acknowledged = fields.Selection(
        [
            ("waiting", "Awaited"),
            ("accepted", "Accepted"),
            ("accepted_with_errors", "Accepted with errors"),
            ("received", "Received"),
            ("rejected", "Rejected"),
        ],
        string="Partner says",
        readonly=True,
    )
    acknowledgement_errors = fields.Text(readonly=True, groups=fields.NO_ACCESS)
    original_id = fields.Many2one(
        "dist.edi.document", string="Corrects", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    correction_ids = fields.One2many("dist.edi.document", "original_id", string="Corrections")

    @api.depends("code", "business_key", "control_number")
    def _compute_display_name(self):
        for document in self:
            document.display_name = (
                f"{document.code} {document.business_key or document.control_number or ''}"
            )

    # receiving

    @api.model
    def _take(self, interchange, group, transaction, start):
        """Store a transaction and hand it on, or refuse it.

        :param group: dist.edi.group
        :param transaction: lib.interchange.Transaction
        :param start: byte of the file at which the interchange starts
        :return: (dist.edi.document, lib.acknowledgement.Judged, list of ExceptionSpec)
        """
        document = self.create(self._prepare_stored(interchange, group, transaction, start))
        if transaction.code in ACKNOWLEDGEMENTS:
            return document, Judged(transaction, transaction.issues), document._match(transaction)
        agreement = interchange.edi_partner_id._get_agreed_document("in", transaction.code)
        canonical, issues = document._read_transaction(transaction, agreement)
        document._write_reading(canonical, issues, agreement)
        verdict = Judged(transaction, issues)
        if not verdict.accepted:
            return document, verdict, [document._refuse(transaction, issues)]
        specs = document._hand_on(agreement)
        return document, verdict, specs

    @api.model
    def _prepare_stored(self, interchange, group, transaction, start):
        last = transaction.segments[-1]
        return {
            "interchange_id": interchange.id,
            "group_id": group.id,
            "direction": interchange.direction,
            "state": "acknowledgement" if transaction.code in ACKNOWLEDGEMENTS else "refused",
            "code": transaction.code or "?",
            "control_number": transaction.control_number,
            "version": transaction.version,
            "start": transaction.header.offset - start,
            "end": last.offset + len(last.text) - start,
        }

    @api.model
    def _read_transaction(self, transaction, agreement):
        """:return: (canonical document, list of lib.errors.Issue, the envelope's included)"""
        if not agreement:
            detail = _("%s is not agreed with this partner.", transaction.code)
            return {}, [
                *transaction.issues,
                Issue("unknown_document", detail, transaction.position(transaction.header)),
            ]
        reading = read_document(transaction, agreement._get_declaration(transaction.version))
        return reading.canonical, reading.issues

    def _write_reading(self, canonical, issues, agreement):
        self.write(
            {
                "canonical": json.dumps(canonical),
                "issues": json.dumps([issue.to_dict() for issue in issues]),
                "issue_count": len(issues),
                "document_name": agreement._get_document() or False,
                "business_key": self._get_key(agreement._get_document(), canonical),
            }
        )

    @api.model
    def _get_key(self, document_name, canonical):
        """:return: number of a document, that of an order with its release; False when it has none"""
        is_order = document_name == "purchase.order"
        numbers = [reference_of(canonical)] if is_order else map(canonical.get, NUMBERS)
        return next((str(number)[:MAX_KEY] for number in numbers if number), False)

    def _refuse(self, transaction, issues):
        """:return: ExceptionSpec for whoever settles it with the partner"""
        every = [*issues, *transaction.group.issues, *transaction.interchange.issues]
        errors = [issue for issue in every if issue.severity == "error"]
        lines = [f"{_describe(issue)}: {issue.detail}" for issue in errors]
        first, *lines = self._redact([errors[0].detail, *lines])
        self.write({"state": "refused", "problem": first[:500], "issue_count": len(every)})
        return ExceptionSpec(
            category="decode" if not self.document_name else "validation",
            code=errors[0].code,
            summary=_(
                "%(document)s of %(partner)s is refused: %(detail)s",
                document=self.display_name,
                partner=self.edi_partner_id.name,
                detail=first,
            ),
            detail="\n".join(lines),
            record=self,
            suggestion=_("Open the document: correct and resubmit it, or have the partner send it again."),
            fingerprint=f"edi_document/{self.id}",
        )

    def _hand_on(self, agreement):
        """Make the message of an accepted document, to be handled like one that came over the API.

        :return: list of ExceptionSpec
        """
        if self.interchange_id.is_test:
            self.state = "test"
            return []
        canonical = self._get_canonical()
        code = agreement._get_message_type_code(canonical)
        message_type = self.env["dist.message.type"]._get_by_code(code)
        flow = self.env["dist.flow"]._find_inbound(self.system_id, message_type)
        objection = self._find_objection(canonical)
        if objection:
            return [self._put_aside(*objection)]
        if not flow:
            detail = _(
                "%(document)s was accepted, but %(system)s has no active flow %(type)s.",
                document=self.display_name,
                system=self.system_id.name,
                type=code,
            )
            return [self._put_aside("no_flow", detail, _("Activate the flow, then resubmit the document."))]
        payload = self.env[f"dist.edi.translator.{self.document_name}"]._to_message(self, canonical)
        row = self._prepare_message(flow, strict_json.dumps(payload))
        messages = self.env["dist.message"]
        self.write({"state": "accepted", "message_id": messages._insert_rows("dist_message", [row])[0]})
        messages.invalidate_model(["child_ids"], flush=False)
        return []

    def _find_objection(self, canonical):
        """:return: (code, what is said, what to do) of why nothing is made of an order that is in order by itself;
        None when there is nothing against it
        """
        if not self._makes_order():
            return (
                "no_order",
                _(
                    "%(document)s: its purpose is %(purpose)s, and there is no such order. No order is made of it.",
                    document=self.display_name,
                    purpose=canonical["purpose"],
                ),
                _("Ask the partner. Where an order is meant, correct the purpose and resubmit it."),
            )
        if self.document_name == "purchase.order" and canonical.get("order_type") in BLANKETS:
            return (
                "blanket_order",
                _(
                    "%s is a blanket order: its releases are what is delivered. No order is made of it.",
                    self.display_name,
                ),
                _("Ask the partner. Where all of it is ordered, correct the type and resubmit it."),
            )
        if any(line.get("destinations") for line in canonical.get("lines", [])):
            return (
                "several_destinations",
                self._describe_destinations(canonical),
                _(
                    "Have the partner order for each place by itself. Where all goes to the address of the order, "
                    "take the SDQ segments out and resubmit it."
                ),
            )
        if not self._is_of_own_customer():
            return (
                "other_customer",
                _(
                    "%(document)s names a buyer that is another customer than that of %(partner)s.",
                    document=self.display_name,
                    partner=self.edi_partner_id.name,
                ),
                _(
                    "Ask the partner. Where it orders for several customers, take the contact out of its profile, "
                    "then resubmit the document."
                ),
            )
        return None

    def _describe_destinations(self, canonical):
        """:return: text, to which places the lines of an order go, and which of them have no address here"""
        told = [one for line in canonical["lines"] for one in line.get("destinations", [])]
        places = list(dict.fromkeys(one["place"] for one in told if one.get("place")))
        handler = self.env["dist.handler"]
        unknown = [place for place in places if not handler._find_bound(self.system_id, "res.partner", place)]
        said = _(
            "%(document)s says of lines to which places their quantities go (SDQ): %(places)s. An order goes to one "
            "place here: no order is made of it.",
            document=self.display_name,
            places=_name_some(places),
        )
        more = [_("No address is known here of %s.", _name_some(unknown))] if unknown else []
        return " ".join([said, *more])

    def _put_aside(self, code, detail, suggestion):
        """Refuse what is in order by itself, but cannot be handed on.

        :return: ExceptionSpec
        """
        self.write({"state": "refused", "problem": detail})
        return ExceptionSpec(
            category="validation",
            code=code,
            summary=detail,
            detail=detail,
            record=self,
            severity="high",
            suggestion=suggestion,
            fingerprint=f"edi_document/{self.id}",
        )

    def _prepare_message(self, flow, raw):
        """:return: dict, row of the message that a document becomes"""
        return self.interchange_id.message_id._prepare_edi_part(
            raw,
            {
                "flow_id": flow.id,
                "message_type_id": flow.message_type_id.id,
                "version_id": flow._get_version().id,
                "criticality": flow.criticality,
                "business_key": self.business_key or None,
                "source_name": self.display_name[:255],
            },
        )

    @api.model
    def _find_of_message(self, message):
        """:return: dist.edi.document that a message, or the one it was corrected from, came as; empty without one"""
        found = self.sudo().search([("message_id", "=", message.id)], limit=1)
        return found or (self._find_of_message(message.original_id) if message.original_id else found)

    # orders of customers

    def _is_change(self):
        """Whether this is about an order that came before: a change, or an order whose purpose says so."""
        is_order = self.document_name == "purchase.order"
        return self.document_name == "purchase.change" or (
            is_order and self._get_canonical().get("purpose") in CHANGES
        )

    def _makes_order(self):
        """Whether this may become an order, is about one that came before, or is no order at all (1225 of EDIFACT, 353
        of X12): a request is none, and of what confirms or repeats an order there has to be one.
        """
        if self.document_name != "purchase.order" or self._is_change():
            return True
        purpose = self._get_canonical().get("purpose", "original")
        if purpose in REPEATED:
            return bool(self.env["dist.handler"]._find_bound(self.system_id, "sale.order", self.business_key))
        return purpose in ORDERED

    def _is_of_own_customer(self):
        """Whether the buyer that an order names is the customer of its profile; one without contact sends for many."""
        customer = self.edi_partner_id.partner_id.commercial_partner_id
        buyer = self._get_canonical().get("parties", {}).get("buyer", {}).get("id")
        if self.document_name != "purchase.order" or not customer or not buyer:
            return True
        known = self.env["dist.handler"]._find_bound(self.system_id, "res.partner", buyer)
        return not known or known.commercial_partner_id == customer

    def _get_order_number(self):
        """:return: the partner's number of the order that this document is, or is about"""
        said = self._get_canonical()
        return said.get("order") or said.get("number")

    def _find_changed_order(self):
        """:return: sale.order of the partner that this document was to change; empty where it has none, or is one"""
        orders = self.env["sale.order"].sudo()
        if not self._is_change():
            return orders
        reference = reference_of(self._get_canonical())
        order = self.env["dist.handler"]._find_bound(self.system_id, orders._name, reference)
        return order.filtered(lambda one: one._dist_is_of_edi_partner(self.edi_partner_id))

    def _is_refused(self):
        """Whether this is an order, or a change of one, that was set aside, and did not come again and was taken."""
        message = self.message_id
        is_known = self.document_name in ("purchase.order", "purchase.change")
        if not is_known or message.state != "cancelled" or message.correction_ids:
            return False
        if self._is_change():
            return True
        orders = self.env["sale.order"].sudo()
        taken = [
            ("dist_channel_id.system_id", "=", self.system_id.id),
            ("dist_external_ref", "=", self.business_key),
        ]
        return not orders.search_count(taken, limit=1)

    def _get_line_reasons(self):
        """:return: dict, number of a line of this document to why it was refused"""
        message = self.message_id.sudo()
        lines = json.loads(message._get_raw() or b"{}").get("lines", [])
        reasons = {}
        for error in json.loads(message.answer or "{}").get("errors", []):
            place = LINE_POINTER.match(error["pointer"])
            if place and int(place[1]) < len(lines):
                reasons.setdefault(lines[int(place[1])]["line"], []).append(error["detail"])
        return {number: " ".join(details) for number, details in reasons.items()}

    def _dist_get_edi_receiver(self, code, system=None):
        """What answers a document goes to whoever sent it."""
        partner = self.edi_partner_id
        is_of_system = not system or partner.system_id == system
        return partner if is_of_system and partner._get_agreement("out", code) else partner.browse()

    def _get_canonical(self):
        """:return: dict, what the document says"""
        self.ensure_one()
        return json.loads(self.sudo().canonical or "{}")

    def _get_issues(self):
        """:return: list of dicts as of lib.errors.Issue.to_dict"""
        return json.loads(self.sudo().issues or "[]")

    def _is_faulty(self):
        return any(issue["severity"] == "error" for issue in self._get_issues())

    # acknowledgements

    def _match(self, transaction):
        """Note what a received acknowledgement says on what it acknowledges.

        :return: list of ExceptionSpec
        """
        every = [*transaction.issues, *transaction.group.issues, *transaction.interchange.issues]
        errors = [issue for issue in every if issue.severity == "error"]
        if errors:
            self.write({"problem": self._redact(errors[0].detail)[:500], "issue_count": len(every)})
            detail = "\n".join(f"{_describe(issue)}: {issue.detail}" for issue in errors)
            return [self._prepare_match_exception("bad_acknowledgement", self._redact(detail))]
        try:
            found = self.env["dist.edi.expectation"]._receive(self, transaction)
        except EdiError as error:
            self.write({"problem": error.detail[:500]})
            return [self._prepare_match_exception("bad_acknowledgement", str(error))]
        if found is None and self.interchange_id.is_test:
            self.state = "test"
            return []
        if found is None:
            return [
                self._prepare_match_exception(
                    "unmatched_acknowledgement",
                    _("What it acknowledges was never sent to this partner."),
                )
            ]
        return found

    def _prepare_match_exception(self, code, detail):
        return ExceptionSpec(
            category="identity",
            code=code,
            summary=_(
                "%(document)s of %(partner)s fits nothing that was sent",
                document=self.display_name,
                partner=self.edi_partner_id.name,
            ),
            detail=detail,
            record=self,
            suggestion=_("Ask the partner what it acknowledges."),
            fingerprint=f"edi_document/{self.id}",
        )

    # sending

    @api.model
    def _store_sent(self, interchange, group, transaction, message, awaits):
        """:param awaits: whether the partner is to acknowledge it"""
        agreement = interchange.edi_partner_id._get_agreed_document("out", transaction.code)
        data = message._get_mapped_envelope()["data"]
        return self.create(
            {
                **self._prepare_stored(interchange, group, transaction, 0),
                "state": "sent",
                "message_id": message.id,
                "document_name": agreement._get_document() or False,
                "canonical": json.dumps(data) if agreement else False,
                "business_key": message.business_key,
                "acknowledged": "waiting" if awaits else False,
            }
        )

    # correcting

    def _get_raw_text(self):
        """:return: text of the document, from its header to its trailer"""
        self.ensure_one()
        return _decode(self.interchange_id._get_raw()[self.start : self.end])[0]

    def _resubmit(self, text):
        """Take another text in place of this refused document; the original is kept.

        :param text: segments from ST to SE, or from UNH to UNT
        :return: dist.edi.document, the correction
        :raises UserError: it cannot be read, or was settled in between
        """
        self.ensure_one()
        self.interchange_id.message_id.with_env(self.env)._check_may_act()
        if self.direction != "in" or self.state != "refused":
            raise UserError(_("Only a document that was refused is corrected."))
        original = self.sudo()
        raw = original._wrap(text)
        interchange = original.interchange_id
        try:
            (parsed,) = read_interchanges(raw)
            (transaction,) = parsed.transactions
        except (EdiSyntaxError, ValueError) as error:
            detail = str(error) if isinstance(error, EdiSyntaxError) else _("It has to be one document.")
            raise UserError(_("The text cannot be read: %s", detail)) from error
        stored = interchange.create(
            {
                **interchange._prepare_received(
                    interchange.message_id, interchange.edi_partner_id, parsed, raw
                ),
                "state": "corrected",
                "original_id": interchange.id,
            }
        )
        group = self.env["dist.edi.group"].sudo()._store(stored, transaction.group)
        correction, _verdict, specs = self.sudo()._take(stored, group, transaction, 0)
        correction.original_id = original
        self.env["dist.audit.entry"]._add("corrected", self, reason=_("As document %s", correction.id))
        stored._open_exceptions(specs)
        original.state = "corrected"
        original._close_exception()
        stored._wake_inbox()
        return correction

    def _wrap(self, text):
        """:return: bytes of an interchange with the corrected document alone in the original's envelopes"""
        self.ensure_one()
        raw = self.interchange_id._get_raw()
        parsed = self.interchange_id._parse()
        separators = parsed.separators
        _text, codec = _decode(raw)
        end = (separators.terminator + separators.suffix).encode("latin-1")
        group = next(
            one
            for one in parsed.groups
            for transaction in one.transactions
            if transaction.header.offset == self.start
        )
        headers = raw[: parsed.header.offset + len(parsed.header.text)]
        pieces = [headers, *([group.header.raw(separators)] if group.header else [])]
        try:
            pieces.append(text.strip().rstrip(separators.terminator).encode(codec))
        except UnicodeEncodeError as error:
            raise UserError(_("The text holds characters that the partner's set does not have.")) from error
        mark = separators.element
        if group.header:
            tag = "GE" if parsed.standard == "X12" else "UNE"
            pieces.append(f"{tag}{mark}1{mark}{group.control_number}".encode("latin-1"))
        tag = "IEA" if parsed.standard == "X12" else "UNZ"
        pieces.append(f"{tag}{mark}1{mark}{parsed.control_number}".encode("latin-1"))
        return end.join(pieces) + end

    def _close_exception(self):
        self._find_unsolved()._close("corrected")

    def _find_unsolved(self):
        """:return: dist.exception, open ones about these documents"""
        return (
            self.env["dist.exception"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("state", "in", ("open", "in_progress")),
                ]
            )
        )

    def _dist_get_impact(self):
        """What is at risk while these documents wait: the orders they are, at the prices they name.

        What is faulty may claim any quantity and price: it counts, and is worth nothing.
        """
        impact = super()._dist_get_impact()
        orders = self.filtered(lambda one: one.document_name in ("purchase.order", "purchase.change"))
        currency = orders.company_id[:1].currency_id
        for order in orders:
            said = order._get_canonical()
            lines = said.get("lines", [])
            own = self.env["res.currency"].search([("name", "=", said.get("currency"))], limit=1) or currency
            impact["lines"] += len(lines)
            if not order._is_faulty():
                value = sum(
                    float(line.get("quantity") or 0) * float(line.get("unit_price") or 0) for line in lines
                )
                impact["value"] += own._convert(
                    value, currency, order.company_id, fields.Date.context_today(order)
                )
            for line in lines:
                numbers = [text for text in line.get("item", {}).values() if isinstance(text, str)]
                impact["skus"] += numbers[:1]
        return {**impact, "orders": len(orders), "currency": currency}

    # screen

    def action_view_message(self):
        self.ensure_one()
        return self.env["dist.message"]._get_list_action([("id", "=", self.message_id.id)])

    def action_view_interchange(self):
        self.ensure_one()
        return self.interchange_id._get_form_action()


def _name_some(names):
    """:return: text of the first names of a list, and that there are more"""
    more = ["..."] if len(names) > MAX_NAMED else []
    return ", ".join([*names[:MAX_NAMED], *more])


def _describe(issue):
    """:return: where an issue is, in words: segment, element and byte"""
    return issue.position.place or "-"


def _decode(raw):
    """:return: (text of bytes, codec that gives the same bytes back)"""
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("latin-1"), "latin-1"
