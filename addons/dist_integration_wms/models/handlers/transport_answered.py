from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import (
    BusinessError,
    ExceptionSpec,
    HandlerResult,
    MissingMapping,
)

from ...lib.confirmation import digest_of


class TransportAnsweredHandler(models.AbstractModel):
    """A transport is planned, or refused. Of several answers the newest counts."""

    _name = "dist.handler.transport.answered"
    _inherit = "dist.handler.carrier"
    _description = "Transport answered"

    def _get_external_id(self, payload):
        return payload.get("shipment")

    def _get_lock_keys(self, message, payload):
        return [f"stock.picking/{picking.id}" for picking in self._find_pickings(message, payload)]

    def _apply(self, message, payload):
        pickings = self._get_pickings(message, payload)
        picking = self._get_named_open(pickings) or pickings[-1:]
        moment = self._read_past_moment(message, payload, "answered_at") or message.received_at
        digest, exceptions = digest_of(payload), []
        if self._is_news(picking, payload, moment, digest):
            exceptions = getattr(self, f"_apply_{payload['status']}")(message, payload, picking)
            picking.write({"dist_transport_answered_at": moment, "dist_transport_digest": digest})
        return HandlerResult(self._get_answer(payload, picking), record=picking, exceptions=exceptions)

    def _is_news(self, picking, payload, moment, digest):
        """:return: False for an answer that is repeated, older than the last one, or not needed any more"""
        if picking.dist_transport_state == "cancelled" or picking.state == "cancel":
            return False
        if picking.dist_transport_state == "not_requested":
            raise BusinessError(
                "transport_not_requested",
                _("No transport was requested for %s.", payload["shipment"]),
                "/shipment",
                status=409,
                record=picking,
            )
        known = picking.dist_transport_answered_at
        if known and picking.dist_transport_digest == digest:
            # an answer without a moment may be given once more to what was asked once more
            return picking.dist_transport_state == "requested" and "answered_at" not in payload
        return not known or moment >= known

    # refused

    def _apply_refused(self, message, payload, picking):
        if picking.state == "done":
            raise BusinessError(
                "shipment_finished",
                _("Transport of %s cannot be refused any more: the goods have left.", picking.name),
                "/status",
                status=409,
                record=picking,
                suggestion=_("Find out who carries the goods."),
            )
        picking.dist_transport_state = "refused"
        return [
            ExceptionSpec(
                "business",
                "transport_refused",
                _(
                    "%(system)s refuses to carry %(shipment)s: %(reason)s",
                    system=message.system_id.name,
                    shipment=picking.name,
                    reason=payload["reason"],
                ),
                detail=payload.get("note") or payload["reason"],
                record=picking,
                severity="high",
                suggestion=_(
                    "Put right what the carrier names, or choose another one, and use Request transport on the "
                    "delivery."
                ),
                fingerprint=f"stock.picking/{picking.id}",
            )
        ]

    # accepted

    def _apply_accepted(self, message, payload, picking):
        vals, pointers = self._prepare_planned(message, payload, picking), {}
        if "carrier_id" in vals:
            pointers["carrier_id"] = "/carrier"
        if "carrier_tracking_ref" in vals:
            pointers["carrier_tracking_ref"] = "/tracking_numbers"
        self._write_inbound(message, picking, {name: vals.pop(name) for name in pointers}, pointers)
        picking.write(vals)
        picking.dist_news_due_at = picking.state == "done" and picking._dist_get_news_due()
        self.env["dist.exception"]._close_for_record(picking, ["transport_refused"])
        if picking.dist_is_held_back:
            picking._dist_review_held_back()
        return []

    def _prepare_planned(self, message, payload, picking):
        cost = payload.get("cost")
        vals = {
            "dist_transport_state": "accepted",
            "dist_transport_ref": payload.get("transport_reference"),
            "dist_transport_service": payload.get("service"),
            "dist_label_ref": payload.get("label"),
            "dist_transport_cost": float(self._decimal(cost["amount"], "/cost/amount")) if cost else 0.0,
            "dist_transport_currency_id": self._find_currency(cost["currency"]).id if cost else False,
            "dist_promised_at": self._read_moment(payload, "promised_delivery_at"),
        }
        carrier = self._find_carrier(message, payload, picking)
        if carrier and carrier != picking.carrier_id:
            vals["carrier_id"] = carrier.id
        if payload.get("tracking_numbers"):
            vals["carrier_tracking_ref"] = ",".join(payload["tracking_numbers"])
        return vals

    def _find_currency(self, code):
        currency = self.env["res.currency"].search([("name", "=", code)])
        if not currency:
            raise BusinessError(
                "unknown_currency", _("The currency %s is not in use here.", code), "/cost/currency"
            )
        return currency

    def _find_carrier(self, message, payload, picking):
        """:return: delivery.carrier; empty when the answer names none
        :raises MissingMapping: nobody has said yet what the code means
        """
        code, carriers = payload.get("carrier"), self.env["delivery.carrier"]
        if not code:
            return carriers
        found = self.env["dist.code.map"]._find(message.system_id, "carrier", code)
        if getattr(found, "_name", None) == carriers._name:
            return found
        if picking.carrier_id.name == code:
            return picking.carrier_id
        raise MissingMapping(
            "carrier",
            code,
            "/carrier",
            _("The carrier %s is not known here.", code),
            model="delivery.carrier",
            record=picking,
        )

    def _get_answer(self, payload, picking):
        return {
            "status": "recorded",
            "shipment": payload["shipment"],
            "state": picking.dist_transport_state,
        }
