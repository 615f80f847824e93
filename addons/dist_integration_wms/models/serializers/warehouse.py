from odoo import _, models
from odoo.exceptions import UserError

from ...lib import formats


class WarehouseSerializer(models.AbstractModel):
    """What the messages about transfers have in common."""

    _name = "dist.serializer.warehouse"
    _inherit = "dist.serializer"
    _description = "Canonical message about a transfer"

    def _get_kind(self):
        """:return: kind of transfer, as of stock.picking's ``_dist_get_release_kind``"""
        raise NotImplementedError

    def _for_records(self, records):
        codes = {
            system.id: self._read_codes(system, pickings)
            for system, pickings in records.grouped(self._get_system).items()
        }
        return super()._for_records(records).with_context(dist_codes=codes)

    def _prefetch(self, records):
        records.move_ids.product_id.mapped("product_tmpl_id.name")
        records.move_line_ids.mapped("quantity")

    def _get_business_key(self, record):
        return record.name

    def _get_ordering_key(self, record):
        # what is said of a shipment and of its rest under the same number stays in order
        return f"{self._get_kind()}/{record.dist_release_ref or record.name}"

    def _get_system(self, picking):
        """:return: the system that runs the warehouse; its code map words the message"""
        return picking.dist_system_id or picking.picking_type_id.dist_system_id

    def _get_moves(self, picking):
        return picking.move_ids.filtered(lambda move: move.state != "cancel")

    def _get_codes(self, picking):
        """:return: dict, (model name, id) to the system's own code"""
        return self.env.context["dist_codes"][self._get_system(picking).id]

    def _read_codes(self, system, pickings):
        """:return: as of `_get_codes`"""
        moves = pickings.move_ids
        return self.env["dist.code.map"]._dist_get_codes(
            system,
            {
                "carrier": pickings.carrier_id,
                "company": pickings.company_id,
                "product": moves.product_id,
                "unit": moves.product_uom,
                "warehouse": pickings.picking_type_id.warehouse_id,
            },
        )

    def _get_head(self, picking, codes):
        company, warehouse = picking.company_id, picking.picking_type_id.warehouse_id
        return {
            self._get_kind(): picking.dist_release_ref or picking.name,
            "company": {"code": codes.get((company._name, company.id)), "name": company.name},
            "warehouse": {
                "code": codes.get((warehouse._name, warehouse.id), warehouse.code or None),
                "name": warehouse.name or "",
            },
            "order": self._get_order(picking),
        }

    def _get_order(self, picking):
        """:return: dict of our number and the other side's of the order behind a transfer"""
        if picking.sale_id:
            return {"number": picking.sale_id.name, "reference": picking.sale_id.client_order_ref or None}
        if picking.purchase_id:
            return {"number": picking.purchase_id.name, "reference": picking.purchase_id.partner_ref or None}
        return {"number": picking.origin or None, "reference": None}

    def _get_party(self, partner):
        if not partner:
            return None
        parent = partner.commercial_partner_id
        return {
            "name": partner.name or parent.name or None,
            "company": (parent != partner and partner.commercial_company_name) or None,
            "street": partner.street or None,
            "street2": partner.street2 or None,
            "city": partner.city or None,
            "zip": partner.zip or None,
            "state": partner.state_id.code or None,
            "country": partner.country_id.code or None,
            "phone": partner.phone or None,
            "email": partner.email or None,
        }

    def _get_carrier(self, picking, codes):
        carrier = picking.carrier_id
        if not carrier:
            return None
        return {"code": codes.get((carrier._name, carrier.id), carrier.name), "name": carrier.name}

    def _get_item(self, product, codes):
        if not product.default_code:
            raise UserError(_("Product %s has no internal reference.", product.display_name))
        return {
            "sku": product.default_code,
            "code": codes.get((product._name, product.id)),
            "gtin": product._dist_get_gtin(),
            "name": product.name,
        }

    def _get_unit(self, unit, codes):
        return codes.get((unit._name, unit.id), unit.name)

    def _get_lots(self, move):
        """:return: list of lots of a move, their quantities in the move's unit"""
        quantities = {}
        for line in move.move_line_ids:
            if line.lot_id:
                amount = line.product_uom_id._compute_quantity(line.quantity, move.product_uom, round=False)
                quantities[line.lot_id] = quantities.get(line.lot_id, 0.0) + amount
        return [
            {
                "lot": lot.name,
                "quantity": formats.quantity_text(quantity),
                "expiry": formats.day_text(lot.expiration_date),
            }
            for lot, quantity in quantities.items()
        ]
