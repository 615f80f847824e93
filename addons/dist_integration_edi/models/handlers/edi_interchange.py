from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import ApplyError, HandlerResult

from ...lib.interchange import read_interchanges


class UnknownPartner(ApplyError):
    """Nobody has said yet whose the interchange is; the file waits for the profile."""

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
        raw = message._get_edi_bytes()
        self._check_partners(message, raw)
        taken = self.env["dist.edi.interchange"]._take_file(message, raw)
        taken._wake_inbox()
        return HandlerResult(
            answer={"interchanges": [self._describe(interchange) for interchange in taken]},
            record=taken[:1],
        )

    def _check_partners(self, message, raw):
        """:raises UnknownPartner: an interchange comes from, or is for, somebody whose profile is not here"""
        for parsed in read_interchanges(raw):
            if self.env["dist.edi.partner"]._find_sender(message.system_id, parsed):
                continue
            sender = f"{parsed.sender_qualifier}:{parsed.sender}".strip(":")
            receiver = f"{parsed.receiver_qualifier}:{parsed.receiver}".strip(":")
            raise UnknownPartner(
                "unknown_trading_partner",
                _(
                    "The %(standard)s interchange %(number)s from %(sender)s to %(receiver)s fits no trading partner.",
                    standard=parsed.standard,
                    number=parsed.control_number,
                    sender=sender,
                    receiver=receiver,
                ),
                "/interchanges",
                status=202,
                suggestion=_("Make the profile of this trading partner for the system, then use Retry."),
            )

    def _describe(self, interchange):
        return {
            "control_number": interchange.control_number,
            "state": interchange.state,
            "documents": interchange.document_count,
            "refused": interchange.refused_count,
        }
