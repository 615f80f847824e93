from odoo import models


class StockMove(models.Model):
    """What is ordered or on its way in counts for channels before it moves."""

    _inherit = "stock.move"

    def write(self, vals):
        result = super().write(vals)
        if not {"state", "product_uom_qty", "date"}.isdisjoint(vals):
            self.env["dist.availability.feed"]._touch_of(self)
        return result

    def _update_reserved_quantity(self, need, location_id, *args, **kwargs):
        need = self._dist_limit_reservation(need)
        return super()._update_reserved_quantity(need, location_id, *args, **kwargs) if need else 0.0

    def _dist_limit_reservation(self, need):
        """What buyers have set aside is not reserved for other orders.

        :param need: in the product's unit
        :return: as much of it as may be reserved
        """
        if not self.env["dist.sales.channel"]._has_holds(self.company_id.id):
            return need
        warehouse = self.location_id.warehouse_id
        if not self.sale_line_id or self.move_orig_ids or not warehouse:
            return need
        key = (self.product_id.id, warehouse.id)
        held = self.env["dist.availability.promise"]._read_held([key[0]], [key[1]]).get(key)
        if not held:
            return need
        stock = self.env["dist.availability"]._get_availability([key[0]], [key[1]])[key]
        return min(need, max(0.0, stock.available - float(held)))
