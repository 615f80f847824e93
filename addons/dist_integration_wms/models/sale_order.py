from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _dist_get_paid_amount(self):
        """:return: what was paid of an order, online or of its invoices, in the order's currency"""
        self.ensure_one()
        invoices = self.invoice_ids.filtered(lambda move: move.state == "posted")
        invoiced = sum(
            move.currency_id._convert(
                move.direction_sign * -(move.amount_total - move.amount_residual),
                self.currency_id,
                self.company_id,
                move.invoice_date or move.date,
            )
            for move in invoices
        )
        # what was paid online may settle an invoice: it counts once
        return max(invoiced, self.amount_paid)
