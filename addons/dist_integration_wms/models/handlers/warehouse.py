from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError


class WarehouseHandler(models.AbstractModel):
    """What the messages of an external warehouse have in common: which transfer they are about."""

    _name = "dist.handler.warehouse"
    _inherit = "dist.handler"
    _description = "Handler of a warehouse's message"

    def _get_kind(self):
        """:return: kind of transfer, as of stock.picking's ``_dist_get_release_kind``"""
        raise NotImplementedError

    def _get_picking_domain(self, message):
        """Transfers the sender may speak of: those released to its own system."""
        codes = {"shipment": "outgoing", "receipt": "incoming", "return": "incoming"}
        return [
            ("dist_system_id", "=", message.system_id.id),
            ("company_id", "=", message.company_id.id),
            ("picking_type_id.code", "=", codes[self._get_kind()]),
        ]

    def _find_pickings(self, message, payload):
        """Transfers that a message names; several after a partial confirmation.

        :return: stock.picking, the oldest first
        """
        pickings, domain = self.env["stock.picking"], self._get_picking_domain(message)
        number = payload.get(self._get_kind())
        if number:
            found = pickings.search([("dist_release_ref", "=", number), *domain], order="id")
            if found:
                return found
        reference = payload.get("warehouse_reference")
        if reference and not number:
            bound = self._find_bound(message.system_id, "stock.picking", reference).filtered_domain(domain)
            if bound:
                return pickings.search(
                    [("dist_release_ref", "=", bound.dist_release_ref), *domain], order="id"
                )
        return pickings

    def _get_pickings(self, message, payload):
        """:return: as of `_find_pickings`; :raises BusinessError: there are none"""
        found = self._find_pickings(message, payload)
        if not found:
            raise self._prepare_not_found(payload)
        return found

    def _prepare_not_found(self, payload):
        names = (self._get_kind(), "shipment", "warehouse_reference", "order")
        name = next(name for name in names if payload.get(name))
        return BusinessError(
            f"unknown_{self._get_kind()}",
            _("No document %s was released to this warehouse.", payload[name]),
            f"/{name}",
            status=404,
            suggestion=_(
                "Compare the number with the transfers that were released to this system. When the warehouse has "
                "mistyped it, use Correct and resubmit."
            ),
        )

    def _get_named_open(self, pickings):
        """:return: the first of the transfers a message names that is still open; empty when all are finished. What is
        left of one under a number of its own is named by that number
        """
        return pickings.filtered(lambda picking: picking.state not in ("done", "cancel"))[:1]

    def _get_open(self, pickings):
        """Of the transfers a message names, the one that is still open; what is left of a finished one is looked for
        in its backorders.

        :return: stock.picking, empty when all are finished
        """
        while pickings:
            if still_open := self._get_named_open(pickings):
                return still_open
            pickings = pickings.filtered(lambda picking: picking.state == "done").backorder_ids.sorted("id")
        return pickings
