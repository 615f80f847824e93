from odoo import _, api, fields, models
from odoo.exceptions import UserError

REPORT = "account.account_invoices"
USABLE_PRINTERS = ("ok", "upgrade")


class AccountMove(models.Model):
    _name = "account.move"
    # first: what a person writes is looked at before Odoo rearranges the lines
    _inherit = ["dist.owned.mixin", "account.move", "dist.timeline.mixin"]

    dist_channel_id = fields.Many2one(
        "dist.sales.channel",
        string="Sales channel",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Sales channel of the invoiced orders, which may read the invoice.",
    )

    dist_claim_ref = fields.Char(
        string="Claim of the channel",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Number of the claim in the sales channel that this credits.",
    )
    dist_claim_digest = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_told(self):
        told = self._dist_get_announced().filtered(
            lambda move: move.dist_channel_id and move.posted_before and move.state != "cancel"
        )
        if told:
            raise UserError(
                _(
                    "Cancel these first, so that their sales channel is told: %s",
                    ", ".join(told.mapped("display_name")),
                )
            )

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        posted._dist_after_post()
        return posted

    def _dist_after_post(self):
        self._dist_get_announced()._dist_emit("invoice.posted")

    def button_cancel(self):
        told = self._dist_get_announced().filtered("posted_before")
        result = super().button_cancel()
        told._dist_emit("invoice.cancelled")
        return result

    def _compute_field_value(self, field):
        if field.name != "payment_state":
            return super()._compute_field_value(field)
        before = {move.id: move._origin.payment_state for move in self if move.id}
        result = super()._compute_field_value(field)
        self.filtered(
            lambda move: move.id and move.payment_state != before[move.id]
        )._dist_after_payment_change()
        return result

    def _dist_after_payment_change(self):
        self._dist_get_announced().filtered(lambda move: move.state == "posted")._dist_emit("invoice.paid")

    def _dist_get_announced(self):
        """Moves of which channels and other systems hear: customer invoices and credit notes."""
        return self.filtered(lambda move: move.move_type in ("out_invoice", "out_refund"))

    def _dist_get_pdf(self):
        """The document as a PDF file: the one that was sent, else a new one.

        :return: bytes; None when this server cannot make PDF files
        """
        self.ensure_one()
        if self.invoice_pdf_report_id:
            return self.invoice_pdf_report_id.raw
        reports = self.env["ir.actions.report"]
        if reports.get_wkhtmltopdf_state() not in USABLE_PRINTERS:
            return None
        return reports._render_qweb_pdf(REPORT, res_ids=self.ids)[0]

    def _dist_get_channel(self):
        """:return: sales channel of the document, whose system hears of it; empty when it has none"""
        return self.dist_channel_id

    def _dist_get_orders(self):
        self.env["account.move.line"].flush_model()
        return self._dist_read_orders(
            """
            SELECT line.move_id, 'sale.order', ordered.order_id
            FROM account_move_line line
            JOIN sale_order_line_invoice_rel invoiced ON invoiced.invoice_line_id = line.id
            JOIN sale_order_line ordered ON ordered.id = invoiced.order_line_id
            WHERE line.move_id = ANY(%(ids)s)
            UNION
            SELECT line.move_id, 'purchase.order', ordered.order_id
            FROM account_move_line line JOIN purchase_order_line ordered ON ordered.id = line.purchase_line_id
            WHERE line.move_id = ANY(%(ids)s)
            """
        )

    def _dist_get_value_at_risk(self):
        """Invoices that no order asked for are worth what they are, and put no order at risk."""
        self.flush_recordset()
        self.env.cr.execute(
            "SELECT COALESCE(abs(sum(amount_total_signed)), 0) FROM account_move WHERE id = ANY(%s)",
            (self.ids,),
        )
        return 0, float(self.env.cr.fetchone()[0]), True

    def _dist_get_impact(self):
        lines = self.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        orders = lines.sale_line_ids.order_id
        return {
            "orders": len(orders),
            "lines": len(lines),
            "skus": {product.default_code or product.display_name for product in lines.product_id},
            "warehouses": orders.warehouse_id.mapped("name"),
            "value": abs(sum(self.mapped("amount_total_signed"))),
            "currency": self.company_id[:1].currency_id,
        }
