from odoo import models


class StockMove(models.Model):
    """What is ordered or on its way in counts for channels before it moves."""

    _inherit = "stock.move"

    def write(self, vals):
        result = super().write(vals)
        if not {"state", "product_uom_qty", "date"}.isdisjoint(vals):
            self.env["dist.availability.feed"]._touch_of(self)
        return result

    def _action_cancel(self):
        result = super()._action_cancel()
        self.filtered(lambda move: move.state == "cancel").sudo().sale_line_id._dist_after_change()
        return result

    def _action_assign(self, *args, **kwargs):
        moves = self.with_context(dist_held=self._dist_read_held())
        return super(StockMove, moves)._action_assign(*args, **kwargs)

    def _update_reserved_quantity(self, need, location_id, *args, **kwargs):
        need = self._dist_limit_reservation(need)
        return super()._update_reserved_quantity(need, location_id, *args, **kwargs) if need else 0.0

    def _dist_limit_reservation(self, need):
        """What buyers have set aside is not reserved for other orders.

        :param need: in the product's unit
        :return: as much of it as may be reserved
        """
        held = self.env.context.get("dist_held")
        if held is None:
            held = self._dist_read_held()
        key = (self.product_id.id, self.location_id.warehouse_id.id)
        if key not in held or not self._dist_gives_way():
            return need
        stock = self.env["dist.availability"]._get_availability([key[0]], [key[1]])[key]
        return min(need, max(0.0, stock.available - float(held[key])))

    def _dist_gives_way(self):
        """:return: True for a move that takes goods for an order from where buyers set them aside"""
        return bool(self.sale_line_id and not self.move_orig_ids)

    def _dist_read_held(self):
        """:return: dict, (product id, warehouse id) to what buyers have set aside of what these moves may take"""
        channels = self.env["dist.sales.channel"]
        companies = self.company_id.filtered(lambda company: channels._has_holds(company.id))
        moves = self.filtered(lambda move: move.company_id in companies and move._dist_gives_way())
        warehouses = moves.location_id.warehouse_id
        if not warehouses:
            return {}
        return self.env["dist.availability.promise"]._read_held(moves.product_id.ids, warehouses.ids)
