from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import ApplyError, HandlerResult

from ...lib.interchange import read_pieces


class UnknownPartner(ApplyError):
    """Nobody has said yet whose the interchange is; it waits for the profile."""

    category = "identity"
    message_state = "error"


class EdiInterchangeHandler(models.AbstractModel):
    """Takes a file of interchanges apart: each of its documents becomes a message of its own."""

    _name = "dist.handler.edi.interchange"
    _inherit = "dist.handler"
    _description = "EDI interchange"

    def _get_external_id(self, payload):
        return ", ".join(one["control_number"] for one in payload["interchanges"])[:64]

    def _get_lock_keys(self, message, payload):
        """One interchange of a number after another, so that a second one sees the first."""
        return [
            f"edi/{message.system_id.id}/{one['sender']['id']}/{one['control_number']}"
            for one in payload["interchanges"]
        ]

    def _apply(self, message, payload):
        """:raises UnknownPartner: whose the interchanges are is known of none of them"""
        raw = message._get_edi_bytes()
        interchanges, pieces = self.env["dist.edi.interchange"], read_pieces(raw)
        partners = [
            self.env["dist.edi.partner"]._find_sender(message.system_id, parsed)
            for parsed, _start, _end in pieces
        ]
        if not any(partners):
            raise self._prepare_unknown(pieces[0][0])
        taken, answers = interchanges, []
        for partner, (parsed, start, end) in zip(partners, pieces, strict=True):
            if partner:
                interchange = interchanges._take_piece(message, partner, parsed, raw[start:end], start)
                taken |= interchange
                answers.append(self._describe(interchange))
            else:
                message._set_edi_apart(raw[start:end])
                answers.append(self._describe_waiting(parsed))
        taken._wake_inbox()
        return HandlerResult(answer={"interchanges": answers}, record=taken[:1])

    def _prepare_unknown(self, parsed):
        """:return: UnknownPartner, an interchange comes from, or is for, somebody whose profile is not here"""
        return UnknownPartner(
            "unknown_trading_partner",
            _(
                "The %(standard)s interchange %(number)s from %(sender)s to %(receiver)s fits no trading partner.",
                standard=parsed.standard,
                number=parsed.control_number,
                sender=":".join(filter(None, (parsed.sender_qualifier, parsed.sender))),
                receiver=":".join(filter(None, (parsed.receiver_qualifier, parsed.receiver))),
            ),
            "/interchanges",
            status=202,
            suggestion=_("Make the profile of this trading partner for the system, then use Retry."),
        )

    def _describe_waiting(self, parsed):
        """:return: dict, as of `_describe`, of an interchange that waits for the profile of its sender"""
        return {
            "control_number": parsed.control_number,
            "state": "waiting",
            "documents": len(parsed.transactions),
            "refused": 0,
        }

    def _describe(self, interchange):
        return {
            "control_number": interchange.control_number,
            "state": interchange.state,
            "documents": interchange.document_count,
            "refused": interchange.refused_count,
        }
