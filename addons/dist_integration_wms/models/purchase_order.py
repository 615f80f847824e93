from odoo import fields, models

ACKNOWLEDGED = "mail_reception_confirmed"  # 19: s/mail_reception_confirmed/acknowledged/


class PurchaseOrder(models.Model):
    _name = "purchase.order"
    _inherit = ["purchase.order", "dist.timeline.mixin"]

    dist_is_acknowledged = fields.Boolean(related=ACKNOWLEDGED, string="Acknowledged by the supplier")

    def _dist_get_timeline_documents(self):
        return {**super()._dist_get_timeline_documents(), "stock.picking": self.picking_ids.ids}

    def _dist_get_process_system(self, step):
        return self.picking_type_id.dist_system_id

    def _dist_get_value_at_risk(self):
        return self._dist_sum_orders()

    def _dist_get_impact(self):
        lines = self.order_line.filtered("product_id")
        return {
            "orders": len(self),
            "lines": len(lines),
            "skus": sorted({product.default_code or product.name for product in lines.product_id}),
            "warehouses": sorted(set(self.picking_type_id.warehouse_id.mapped("name"))),
            "value": sum(order.amount_total / (order.currency_rate or 1.0) for order in self),
            "currency": self.company_id[:1].currency_id,
        }
