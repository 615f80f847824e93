from odoo import models

REASON = 600


class ApplicationAcknowledgementTranslator(models.AbstractModel):
    """What the application of a partner says of a document: APERAK."""

    _name = "dist.edi.translator.application.acknowledgement"
    _inherit = "dist.edi.translator"
    _description = "EDI application acknowledgement to answered document"

    def _to_message(self, document, canonical):
        errors = canonical.get("errors", [])
        told = [": ".join(filter(None, (error.get("code"), error.get("text"))))[:REASON] for error in errors]
        numbers = [one.get("number") for one in canonical.get("references", [])]
        numbers += [error.get("reference") for error in errors]
        return self._strip(
            {
                "number": canonical.get("number"),
                "references": sorted({number for number in numbers if number}),
                "errors": [reason for reason in told if reason],
            }
        ) | {"is_refused": bool(errors) or canonical.get("response_code") == "27"}
