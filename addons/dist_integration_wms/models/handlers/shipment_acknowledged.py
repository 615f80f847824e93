from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, ExceptionSpec, HandlerResult


class ShipmentAcknowledgedHandler(models.AbstractModel):
    """The warehouse accepts or refuses what it was asked to ship."""

    _name = "dist.handler.shipment.acknowledged"
    _inherit = "dist.handler.warehouse"
    _description = "Shipment acknowledged"

    def _get_kind(self):
        return "shipment"

    def _get_external_id(self, payload):
        return payload.get("shipment")

    def _get_lock_keys(self, message, payload):
        return [
            f"stock.picking/{picking.id}"
            for picking in self._find_pickings(message, {"shipment": payload["shipment"]})
        ]

    def _apply(self, message, payload):
        pickings = self._get_pickings(message, {"shipment": payload["shipment"]})
        picking = self._get_named_open(pickings) or pickings[-1:]
        self._bind_reference(message, pickings[0], payload)
        exceptions = getattr(self, f"_apply_{payload['status']}")(picking, payload)
        answer = {"status": "recorded", "shipment": payload["shipment"], "state": picking.dist_release_state}
        return HandlerResult(answer, record=picking, exceptions=exceptions)

    def _bind_reference(self, message, picking, payload):
        reference = payload.get("warehouse_reference")
        if not reference:
            return
        bound = self._find_bound(message.system_id, "stock.picking", reference)
        own = self.env["dist.binding"]._get_external_id(message.system_id, picking)
        if (bound and bound != picking) or (own and own != reference):
            raise BusinessError(
                "reference_in_use",
                _(
                    "The reference %(reference)s stands for %(other)s already, %(shipment)s is known as %(own)s.",
                    reference=reference,
                    other=bound.name or _("nothing"),
                    shipment=picking.name,
                    own=own or _("nothing"),
                ),
                "/warehouse_reference",
                record=picking,
            )
        if not bound:
            self._bind(message.system_id, picking, reference)

    def _apply_accepted(self, picking, payload):
        if picking.dist_release_state in ("requested", "refused"):
            picking.dist_release_state = "acknowledged"
            self.env["dist.exception"]._close_for_record(picking, ["shipment_refused"])
        return []

    def _apply_refused(self, picking, payload):
        if picking.dist_release_state == "cancelled":
            return []
        if picking.state in ("done", "cancel"):
            raise BusinessError(
                "shipment_finished",
                _("%s cannot be refused any more: it was confirmed as shipped.", picking.name),
                "/status",
                status=409,
                record=picking,
            )
        if picking.dist_release_state == "refused":
            return []
        picking.dist_release_state = "refused"
        picking._dist_drop_requests()
        return [self._prepare_refused(picking, payload)]

    def _prepare_refused(self, picking, payload):
        reason, note = payload.get("reason"), payload.get("note")
        return ExceptionSpec(
            "business",
            "shipment_refused",
            _(
                "%(system)s refuses shipment %(shipment)s: %(reason)s",
                system=picking.dist_system_id.name,
                shipment=picking.name,
                reason=reason,
            ),
            detail=note or reason,
            record=picking,
            severity="high",
            suggestion=_(
                "Put right what the warehouse names and use Release on the delivery, or cancel the delivery."
            ),
            fingerprint=f"stock.picking/{picking.id}",
        )
