from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, ExceptionSpec, HandlerResult

REFUSED = "refused_by_partner"


class EdiDocumentAnsweredHandler(models.AbstractModel):
    """The application of a partner takes a document that was sent to it, or refuses it with reasons."""

    _name = "dist.handler.edi.document.answered"
    _inherit = "dist.handler"
    _description = "EDI document answered"

    def _get_external_id(self, payload):
        return payload.get("number")

    def _get_lock_keys(self, message, payload):
        return [f"edi.document/{message.system_id.id}/{number}" for number in payload["references"]]

    def _apply(self, message, payload):
        document = self._find_sent(message, payload)
        status = "rejected" if payload["is_refused"] else "accepted"
        document.acknowledged = status
        if status == "accepted":
            self.env["dist.exception"]._close_for_record(document, [REFUSED])
        specs = [self._prepare_exception(document, payload)] if payload["is_refused"] else []
        answer = {"status": status, "document": document.business_key}
        return HandlerResult(answer, record=document, exceptions=specs)

    def _find_sent(self, message, payload):
        """:return: dist.edi.document that was sent last under one of the numbers
        :raises BusinessError: there is none
        """
        documents = self.env["dist.edi.document"].sudo()
        partner = documents._find_of_message(message).edi_partner_id
        found = documents.search(
            [
                ("direction", "=", "out"),
                ("edi_partner_id", "=", partner.id),
                ("business_key", "in", payload["references"]),
            ],
            order="id desc",
            limit=1,
        )
        if not found:
            raise BusinessError(
                "unknown_document",
                _("No document %s was sent to this partner.", ", ".join(payload["references"])),
                "/references",
                suggestion=_("Ask the partner which document it means."),
            )
        return found

    def _prepare_exception(self, document, payload):
        return ExceptionSpec(
            category="business",
            code=REFUSED,
            summary=_(
                "%(partner)s refuses %(document)s",
                partner=document.edi_partner_id.name,
                document=document.display_name,
            ),
            detail="\n".join(payload.get("errors", [])) or _("The partner gives no reason."),
            record=document,
            severity="high",
            suggestion=_("Correct what the partner refuses, and send the document again."),
            fingerprint=f"{REFUSED}/{document.id}",
        )
