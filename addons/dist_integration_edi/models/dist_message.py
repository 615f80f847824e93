import hashlib
import json
from dataclasses import replace

from odoo import _, api, fields, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError
from odoo.addons.dist_integration_base.lib.identifiers import new_id
from odoo.addons.dist_integration_base.lib.problem import Problem
from odoo.addons.dist_integration_base.lib.snapshot import SnapshotError, open_stream
from odoo.addons.dist_integration_base.lib.transports import Outgoing
from odoo.addons.dist_integration_base.tools import get_exact_now

from ..lib.envelope import Outgoing as EdiOutgoing
from ..lib.errors import DeclarationError, EdiSyntaxError, EdiWriteError, Issue
from ..lib.interchange import describe, read_interchanges
from ..lib.receipts import to_notice
from ..lib.segment import Segment
from ..lib.separators import X12
from ..lib.writing import write_document
from .dist_edi_document import _decode

FILE_TYPE = "edi.interchange"
ACKNOWLEDGEMENT_TYPE = "edi.acknowledgement"
MAX_BYTES = 50_000_000
MEDIA_TYPES = {X12: "application/EDI-X12"}
EDIFACT_MEDIA_TYPE = "application/EDIFACT"


class DistMessage(models.Model):
    """Files of interchanges come in, documents go out as interchanges."""

    _inherit = "dist.message"

    # in

    def _is_edi_file(self):
        return self.message_type_id.code == FILE_TYPE

    def _get_edi_bytes(self):
        """:return: bytes of a file of interchanges: as it came, or as a person corrected it"""
        self.ensure_one()
        if self.payload:
            original = self.original_id._get_edi_bytes() if self.original_id else b""
            return json.loads(self.payload).encode(_decode(original)[1], "replace")
        if not self._find_uploads():
            return self._get_raw()
        try:
            with open_stream(self._get_upload()._dist_open(), MAX_BYTES) as stream:
                return stream.read(MAX_BYTES + 1)
        except SnapshotError as error:
            raise self._unreadable(error.detail) from error

    def _decode(self):
        if not self._is_edi_file():
            return super()._decode()
        raw = self._get_edi_bytes()
        if len(raw) > MAX_BYTES:
            raise self._unreadable(_("The file is larger than %s MB.", MAX_BYTES // 1_000_000))
        try:
            return {"interchanges": [describe(interchange) for interchange in read_interchanges(raw)]}
        except EdiSyntaxError as error:
            raise self._get_edi_problem(error) from error

    @api.model
    def _get_edi_problem(self, error):
        """:param error: lib.errors.EdiSyntaxError
        :return: Problem that names segment and byte
        """
        issue = Issue(error.code, error.detail, error.position)
        place = error.position.place
        detail = f"{place}: {error.detail}" if place else error.detail
        return Problem(
            400,
            "unreadable_interchange",
            _("Interchange cannot be read"),
            detail,
            errors=[{"pointer": "", "code": error.code, "detail": detail}],
            extensions={"issues": [issue.to_dict()]},
        )

    def _prepare_edi_part(self, raw, vals):
        """:param vals: dict, what differs from this message, which is a file
        :return: dict, row of the message that a part of this file becomes: a document, or an interchange
        """
        return self._prepare_inbound_row(
            {
                "parent_id": self.id,
                "client_id": self.client_id.id or None,
                "system_id": self.system_id.id,
                "company_id": self.company_id.id,
                "idempotency_key": new_id("edi"),
                "request_hash": hashlib.sha256(raw).hexdigest(),
                "trace_id": self.trace_id,
                "traceparent": self.traceparent,
                "next_attempt_at": fields.Datetime.now(),
                "received_at": get_exact_now(),
                **vals,
            },
            raw,
        )

    def _set_edi_apart(self, raw):
        """Have an interchange of this file wait as a message of its own."""
        row = self._prepare_edi_part(
            raw,
            {
                "flow_id": self.flow_id.id or None,
                "message_type_id": self.message_type_id.id,
                "version_id": self.version_id.id,
                "criticality": self.criticality,
                "content_format": self.content_format or None,
                "source_name": self.source_name or None,
            },
        )
        self._insert_rows("dist_message", [row])
        self.invalidate_model(["child_ids"], flush=False)
        self.env["dist.message"]._schedule_inbox(self.criticality)

    def _map(self, document):
        return document if self._is_edi_file() else super()._map(document)

    def _get_body_text(self):
        if not self._is_edi_file() or self.direction != "in":
            return super()._get_body_text()
        try:
            return _decode(self._get_edi_bytes())[0]
        except Problem:
            # what cannot be unpacked has no text
            return ""

    def _is_sender_told(self):
        # nobody waits for the answer to a document
        return super()._is_sender_told() and not self.env["dist.edi.document"]._find_of_message(self)

    def _write_failure(self, failure, error, payload, started):
        result = super()._write_failure(failure, error, payload, started)
        if getattr(error, "code", "") == "unreadable_interchange" and self._is_edi_file():
            self.env["dist.edi.interchange"]._note_unreadable(self, error)
        return result

    def _settle_as_corrected(self, correction):
        result = super()._settle_as_corrected(correction)
        self.env["dist.edi.interchange"].sudo().search(
            [("message_id", "in", self.ids), ("state", "=", "unreadable")]
        ).state = "corrected"
        return result

    def action_cancel(self, reason=None):
        former = (self | self.sudo().child_ids).filtered(lambda message: message.state != "cancelled")
        result = super().action_cancel(reason)
        cancelled = former.filtered(lambda message: message.state == "cancelled")
        self.env["dist.edi.document"].sudo().search(
            [
                ("message_id", "in", cancelled.ids),
                ("document_name", "in", ("purchase.order", "purchase.change")),
            ]
        )._dist_emit("purchase.acknowledgement")
        return result

    def _purge(self):
        result = super()._purge()
        interchanges = self.env["dist.edi.interchange"].sudo().search([("message_id", "in", self.ids)])
        interchanges.write({"raw": False, "issues": False, "acknowledgement": False})
        documents = self.env["dist.edi.document"].sudo().search([("message_id", "in", self.ids)])
        (documents | interchanges.document_ids).write(
            {"canonical": False, "issues": False, "acknowledgement_errors": False}
        )
        return result

    def _is_settled(self):
        return super()._is_settled() and not self._get_needed_files()

    def _filter_purgeable(self):
        return super()._filter_purgeable() - self._get_needed_files()

    def _get_needed_files(self):
        """:return: those of these messages that are files of which a document waits for its correction"""
        domain = [("interchange_id.message_id", "in", self.ids), ("state", "=", "refused")]
        refused = self.env["dist.edi.document"].sudo().search(domain)
        waiting = refused.browse(refused._find_unsolved().mapped("res_id"))
        return waiting.interchange_id.message_id.with_env(self.env)

    # out

    def _get_outgoing(self):
        if self.endpoint_id.content != "edi":
            return self._add_as2_reference(super()._get_outgoing())
        interchange = self.env["dist.edi.interchange"]._get_for_outgoing(self)
        envelope = self._get_mapped_envelope()
        names = {**self._get_template_names(envelope), "control": interchange.control_number}
        outgoing = Outgoing(
            uuid=self.uuid,
            body=interchange.raw,
            content_type=MEDIA_TYPES.get(interchange.standard, EDIFACT_MEDIA_TYPE),
            ordering_key=self.ordering_key or "",
            traceparent=self.traceparent or "",
            names=names,
            replayed=bool(self.replay_id),
        )
        return self._add_as2_reference(outgoing)

    def _add_as2_reference(self, outgoing):
        """:return: Outgoing with the Message-ID under which it leaves by AS2"""
        if self.endpoint_id.transport != "as2":
            return outgoing
        reference = self.env["dist.as2.exchange"]._get_reference(self, outgoing)
        return replace(outgoing, names={**outgoing.names, "message_id": reference})

    def _get_edi_partner(self):
        """:return: dist.edi.partner that an outbound message is for
        :raises BusinessError: there is none
        """
        self.ensure_one()
        record = self.env[self.res_model or "dist.message"].sudo().browse(self.res_id or []).exists()
        partner = record and record._dist_get_edi_receiver(self.message_type_id.code, self.system_id)
        if not partner:
            raise BusinessError(
                "no_trading_partner",
                _(
                    "%(document)s goes to no trading partner of %(system)s that has agreed on it.",
                    document=self.business_key or self.uuid,
                    system=self.system_id.name,
                ),
                suggestion=_("Name the contact and the document in the partner's profile, then use Retry."),
            )
        return partner

    def _get_edi_transactions(self, partner):
        """What an outbound message is as documents of EDI.

        :return: list of lib.envelope.Outgoing
        :raises BusinessError: it cannot be told in the partner's form
        """
        data = self._get_mapped_envelope()["data"]
        code = self.message_type_id.code
        if code == ACKNOWLEDGEMENT_TYPE:
            return [_to_outgoing(one) for one in data["transactions"]]
        agreement = partner._get_agreement_for(code, data)
        if not agreement:
            raise BusinessError("not_agreed", _("%s is not agreed with this partner.", code))
        try:
            declaration = agreement._get_declaration()
            told = self._prepare_edi_document(agreement, data)
            segments = write_document(told, declaration, partner._get_separators())
        except (EdiWriteError, DeclarationError) as error:
            raise BusinessError(
                "cannot_be_written",
                _(
                    "%(document)s cannot be written as %(code)s: %(detail)s",
                    document=self.business_key or self.uuid,
                    code=agreement.code,
                    detail=error.detail,
                ),
                suggestion=_("Correct the document or the partner's profile, then use Retry."),
            ) from error
        return [
            EdiOutgoing(
                code=agreement.code,
                segments=segments,
                version=agreement._get_version(),
                group=declaration.group,
                association=agreement.association or "",
            )
        ]

    def _prepare_edi_document(self, agreement, data):
        """:return: dict, canonical document as it is written"""
        if agreement._get_document() != "receipt.requested":
            return data
        return to_notice(data, self._was_told_before(agreement))

    def _was_told_before(self, agreement):
        """Whether the partner was sent a document of this kind under the same number."""
        domain = [
            ("edi_partner_id", "=", agreement.edi_partner_id.id),
            ("direction", "=", "out"),
            ("code", "=", agreement.code),
            ("business_key", "=", self.business_key),
            ("message_id", "!=", self.id),
            ("message_id.state", "not in", ("cancelled", "dead")),
        ]
        return bool(self.env["dist.edi.document"].sudo().search_count(domain, limit=1))

    @api.model
    def _write_deliveries(self, deliveries):
        result = super()._write_deliveries(deliveries)
        self.env["dist.as2.exchange"]._note_deliveries(deliveries)
        done = [delivery.message_id for delivery in deliveries if delivery.state == "done"]
        if done:
            self.env["dist.edi.expectation"]._start(self.browse(done))
        return result


def _to_outgoing(one):
    """:return: lib.envelope.Outgoing of a dict, as an acknowledgement was stored"""
    return EdiOutgoing(**{**one, "segments": [Segment(parts) for parts in one["segments"]]})
