from odoo import _, models
from odoo.exceptions import ValidationError

from odoo.addons.dist_integration_base.lib.handling import (
    AmbiguousMatch,
    BusinessError,
    ExceptionSpec,
    HandlerResult,
)


class PartnerSubmitHandler(models.AbstractModel):
    """Creates or renames a partner; certain names make it fail in the ways a handler can fail."""

    _name = "dist.handler.partner.submit"
    _inherit = "dist.handler"
    _description = "Test handler"

    _tells_state = True

    def _get_external_id(self, payload):
        return payload.get("external_id")

    def _get_lock_keys(self, message, payload):
        return [f"partner/{message.system_id.id}/{payload['external_id']}"]

    def _apply(self, message, payload):
        partner = self._find_bound(message.system_id, "res.partner", payload["external_id"])
        values = {"name": payload["name"], "ref": payload.get("note")}
        if payload.get("country"):
            country = self._resolve_code(message, "country", payload["country"], "/country", "res.country")
            values["country_id"] = country.id
        pointers = {"name": "/name", "ref": "/note", "country_id": "/country"}
        if partner:
            self._write_inbound(message, partner, values, pointers)
        else:
            partner = self._create_inbound(message, "res.partner", values, pointers)
            self._bind(message.system_id, partner, payload["external_id"])
        self._fail_as_told(payload["name"], payload.get("note"))
        partner._dist_emit("partner.changed")
        exceptions = []
        if payload["name"] == "Check me":
            exceptions.append(
                ExceptionSpec(
                    "business", "to_check", _("Partner to check"), payload.get("note") or "", record=partner
                )
            )
        answer = {"status": "accepted", "partner_id": partner.id}
        if payload.get("note"):
            answer["reasons"] = [{"detail": f"Noted: {payload['note']}"}]
        return HandlerResult(answer, record=partner, exceptions=exceptions)

    def _find_counterpart(self, message, payload):
        """The old interface keeps the external id as the company's registration number."""
        found = self.env["res.partner"].search([("company_registry", "=", payload["external_id"])], limit=1)
        return found.filtered(
            lambda partner: not self.env["dist.binding"]._get_external_id(message.system_id, partner)
        )

    def _get_comparison_view(self, message, record):
        return {"name": record.name, "note": record.ref or None, "country": record.country_id.code or None}

    def _adopt(self, message, payload, record):
        self._bind(message.system_id, record, payload["external_id"])
        return HandlerResult({"status": "accepted", "partner_id": record.id}, record=record)

    def _fail_as_told(self, name, note):
        if name == "Blocked":
            raise BusinessError("blocked", _("This partner is blocked."), "/name")
        if name in ("Refused about", "Ambiguous about"):
            error = BusinessError if name == "Refused about" else AmbiguousMatch
            told = self.env["res.partner"].sudo().browse(int(note))
            raise error("about", _("%s says no.", told.name), status=409, open_exception=False, record=told)
        if name == "Turned away":
            raise BusinessError("turned_away", _("Nobody knows you."), status=404, open_exception=False)
        if name == "Ambiguous":
            raise AmbiguousMatch("ambiguous_partner", _("Two partners could be meant."), "/name")
        if name == "Broken" and not self.env["ir.config_parameter"].get_param("test_dist.repaired"):
            raise ZeroDivisionError("broken on purpose")
        if name == "Quoted":
            raise BusinessError(
                "quoted", _("%s is not allowed.", note), "/note", suggestion=_("Change %s.", note)
            )
        if name == "Quoted technically":
            raise ValueError(note)
        if name == "Refused by Odoo":
            raise ValidationError(_("A rule of Odoo says no."))
