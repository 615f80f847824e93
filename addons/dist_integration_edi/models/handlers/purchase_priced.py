from odoo import _, fields, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult
from odoo.addons.dist_integration_wms.lib.confirmation import digest_of


class PurchasePricedHandler(models.AbstractModel):
    """A supplier tells its prices: within tolerance they hold, beyond it a person decides.

    An item that nobody knows does not keep the prices of the others from their effect.
    """

    _name = "dist.handler.purchase.priced"
    _inherit = "dist.handler.purchase"
    _description = "Purchase priced"

    def _get_lock_keys(self, message, payload):
        return [f"supplier.catalogue/{message.system_id.id}"]

    def _apply(self, message, payload):
        sender, digest = self._get_sender(message), digest_of(payload)
        catalogues = self.env["dist.supplier.catalogue"]
        known = catalogues._find_latest(sender, payload["number"])
        if known.digest == digest:
            return HandlerResult(known._get_answer(), record=known)
        if payload.get("is_cancelled"):
            raise self._prepare_cancelled(payload, known)
        catalogue = catalogues.create(self._prepare_catalogue(message, payload, sender, digest))
        catalogue._judge(catalogue.line_ids._identify())
        return HandlerResult(
            catalogue._get_answer(), record=catalogue, exceptions=catalogue._prepare_exceptions()
        )

    def _prepare_cancelled(self, payload, known):
        return BusinessError(
            "catalogue_cancelled",
            _("The catalogue %s is taken back; its prices stay as they are.", payload["number"]),
            "/is_cancelled",
            record=known or None,
            suggestion=_(
                "Ask the supplier which prices hold, and have them sent as a catalogue; ignore this one."
            ),
        )

    def _prepare_catalogue(self, message, payload, sender, digest):
        currency = self._find_currency(payload, sender)
        start = payload.get("valid_from") or payload.get("told_on") or fields.Date.context_today(self)
        periods = {"valid_from": start, "valid_to": payload.get("valid_to")}
        return {
            "external_id": payload["number"],
            "version": payload.get("version"),
            "edi_partner_id": sender.id,
            "partner_id": sender.partner_id.commercial_partner_id.id,
            "company_id": message.company_id.id,
            "message_id": message.id,
            "currency_id": currency.id,
            "told_on": payload.get("told_on"),
            **periods,
            "digest": digest,
            "line_ids": [
                (0, 0, self._prepare_line(line, periods, f"/lines/{place}"))
                for place, line in enumerate(payload["lines"])
            ],
        }

    def _prepare_line(self, line, periods, pointer):
        start, end = (line.get(name) or periods[name] for name in ("valid_from", "valid_to"))
        if end and str(end) < str(start):
            raise BusinessError(
                "period_ends_first",
                _(
                    "The price holds from %(start)s until %(end)s: it ends before it starts.",
                    start=start,
                    end=end,
                ),
                f"{pointer}/valid_to",
            )
        numbers = line["item"]
        return {
            "line_ref": line.get("line"),
            "item": numbers.get("supplier_sku") or numbers.get("sku") or numbers.get("gtin"),
            "item_numbers": numbers,
            "description": line.get("description"),
            "told_price": float(line.get("unit_price", 0)),
            "told_minimum": float(line.get("minimum_quantity", 0)),
            "told_unit": line.get("unit"),
            "is_discontinued": line.get("is_discontinued", False),
            "valid_from": start,
            "valid_to": end,
        }

    def _find_currency(self, payload, sender):
        """:return: res.currency
        :raises BusinessError: it is not in use here
        """
        code = payload.get("currency")
        contact = sender.partner_id.with_company(sender.company_id)
        if not code:
            return contact.property_purchase_currency_id or sender.company_id.currency_id
        found = self.env["res.currency"].search([("name", "=", code)], limit=1)
        if not found:
            raise BusinessError(
                "unknown_currency",
                _("The currency %s is not in use here.", code),
                "/currency",
                suggestion=_("Activate the currency, then use Retry."),
            )
        return found

    def _get_payload_impact(self, message, payload):
        return {
            **self.env["base"]._dist_get_impact(),
            "lines": len(self._get_payload_lines(payload)),
        }
