from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError

from ...lib.changes import apply_change, numbered
from ...lib.values import gtin_14
from ..dist_edi_partner import USUAL_UNITS


class EdiDocumentSerializer(models.AbstractModel):
    """What documents for trading partners have in common: the words of the partner for parties, items and units.

    Where a document answers one of the partner's, the partner's own words come back.
    """

    _name = "dist.serializer.edi.document"
    _inherit = "dist.serializer"
    _description = "Document for a trading partner"

    # code of the message type
    _dist_code = ""

    def _get_receiver(self, record):
        """:return: dist.edi.partner the document is for; empty when it is for none"""
        return record._dist_get_edi_receiver(self._dist_code)

    def _is_relevant(self, record):
        return bool(self._get_receiver(record))

    def _get_views(self):
        return self.env["dist.order.view"]

    def _get_unit(self, partner, unit):
        """:return: canonical code of a unit: as the code map of the system says, else the usual one
        :raises BusinessError: there is none
        """
        code = self.env["dist.code.map"]._get_external_code(partner.system_id, "unit", unit)
        if code:
            return code
        for usual, xml_id in USUAL_UNITS.items():
            if unit == self.env.ref(xml_id, raise_if_not_found=False):
                return usual
        raise BusinessError(
            "no_unit_code",
            _(
                "The unit %(unit)s has no code for %(partner)s: add it to the code maps of %(system)s.",
                unit=unit.name,
                partner=partner.name,
                system=partner.system_id.name,
            ),
        )

    def _get_item(self, partner, product, ours, theirs):
        """An item by every number that is known of it.

        :param ours: kind of our number, such as ``supplier_sku`` where we sell
        :param theirs: kind of the partner's number
        """
        number = self.env["dist.code.map"]._get_external_code(partner.system_id, "product", product)
        numbers = {
            "gtin": gtin_14(product.barcode or ""),
            theirs: number,
            ours: product.default_code,
        }
        return {kind: text for kind, text in numbers.items() if text} or {ours: product.display_name}

    def _get_party(self, contact, identifier=None):
        """:return: dict of a party, with its address"""
        words = {
            "id": identifier,
            "name": contact.commercial_partner_id.name,
            "street": contact.street,
            "street2": contact.street2,
            "city": contact.city,
            "state": contact.state_id.code,
            "zip": contact.zip,
            "country": contact.country_id.code,
        }
        found = {name: text for name, text in words.items() if text}
        return {**found, "id_type": "92"} if identifier else found

    def _get_original(self, order):
        """:return: dict, the purchase order of a sales order as the partner wants it after its changes; empty when it
        came otherwise
        """
        original = {}
        for document in order._dist_get_edi_documents():
            said = document._get_canonical()
            if document._is_change():
                original = apply_change(original, said)
            # an order that comes again says nothing new
            original = original or said
        return original

    def _get_original_lines(self, original):
        """:return: dict, number of the line to the line as the partner sent it"""
        return numbered(original.get("lines", []))

    def _get_reference(self, order):
        """:return: the partner's number of a sales order; False when it has none"""
        return order.dist_external_ref or order.client_order_ref

    def _get_order_names(self, order, original):
        """:param original: dict, the purchase order as the partner sent it
        :return: dict of the number of a sales order in the words of the partner, and its release of a blanket order
        """
        return {
            "order": original.get("number") or self._get_reference(order),
            "release": original.get("release"),
        }

    def _get_sold_line(self, partner, line, quantity, unit, originals):
        """:param line: sale.order.line
        :return: dict of line number, item, quantity and unit in the partner's words
        """
        original = originals.get(line.dist_line_ref, {})
        ordered_unit = line._dist_get_unit()
        told = (
            original["unit"]
            if original.get("unit") and unit == ordered_unit
            else self._get_unit(partner, unit)
        )
        found = {
            "line": line.dist_line_ref,
            "item": original.get("item")
            or self._get_item(partner, line.product_id, "supplier_sku", "buyer_sku"),
            "quantity": self._get_views()._format_quantity(quantity),
            "unit": told,
        }
        return {name: value for name, value in found.items() if value}

    def _strip(self, payload):
        """:return: payload without what is empty"""
        return {name: value for name, value in payload.items() if value not in (None, False, "", [], {})}
