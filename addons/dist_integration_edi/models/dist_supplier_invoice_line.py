from odoo import _, api, fields, models
from odoo.tools import float_compare

from odoo.addons.dist_integration_commerce.lib.submission import format_decimal

from .dist_edi_tolerance import INVOICE, PRECISION


class DistSupplierInvoiceLine(models.Model):
    """A line as it was ordered, received and invoiced, in the order's unit; or a charge of the whole invoice."""

    _name = "dist.supplier.invoice.line"
    _description = "Line of a supplier's invoice"
    _inherit = ["dist.kept.mixin"]
    _order = "invoice_id desc, id"

    invoice_id = fields.Many2one(
        "dist.supplier.invoice", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="invoice_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="invoice_id.currency_id")
    line_ref = fields.Char(string="Line", readonly=True)
    is_charge = fields.Boolean(string="Charge", readonly=True)
    order_line_id = fields.Many2one(
        "purchase.order.line", string="Order line", readonly=True, ondelete="set null", index="btree_not_null"
    )
    order_id = fields.Many2one(related="order_line_id.order_id", store=True)
    product_id = fields.Many2one("product.product", readonly=True, ondelete="restrict")
    uom_id = fields.Many2one("uom.uom", string="Unit", readonly=True, ondelete="restrict")
    description = fields.Char(readonly=True)
    ordered_quantity = fields.Float(string="Ordered", digits="Product Unit of Measure", readonly=True)
    received_quantity = fields.Float(string="Received", digits="Product Unit of Measure", readonly=True)
    billed_quantity = fields.Float(
        string="Billed before",
        digits="Product Unit of Measure",
        readonly=True,
        help="Less what was credited.",
    )
    quantity = fields.Float(string="Invoiced", digits="Product Unit of Measure", readonly=True)
    ordered_price = fields.Float(string="Price ordered", digits=(16, 6), readonly=True)
    price = fields.Float(string="Price invoiced", digits=(16, 6), readonly=True)
    differences = fields.Text(readonly=True)
    state = fields.Selection(
        [("matched", "Matches"), ("tolerated", "Within tolerance"), ("differs", "Differs")],
        required=True,
        readonly=True,
        default="differs",
    )

    @api.depends("line_ref", "product_id", "description")
    def _compute_display_name(self):
        for line in self:
            name = line.product_id.display_name or line.description
            line.display_name = " ".join(filter(None, (line.line_ref, name)))

    # matching

    def _get_present(self):
        """:return: dict, what order and receipt say now"""
        own = self.order_line_id
        return {
            "ordered_quantity": own.product_qty,
            "received_quantity": own.qty_received,
            "billed_quantity": own.qty_invoiced,
            "ordered_price": own.price_unit_discounted,
        }

    def _is_outdated(self):
        """:return: whether order or receipt of some line are not any more what it was matched with"""
        return any(
            float_compare(line[name], value, precision_digits=PRECISION)
            for line in self
            for name, value in line._get_present().items()
        )

    def _judge(self):
        """Match these lines of one invoice with what order and receipt say now."""
        before = {}
        for line in self.filtered(lambda line: not line.is_charge):
            line.write(line._get_present())
            own = line.order_line_id
            found = [*line._get_quantity_difference(before.get(own, 0.0)), *line._get_price_difference()]
            if not own:
                found = [(_("not ordered"), False)]
            before[own] = before.get(own, 0.0) + line.quantity
            beyond = [text for text, is_tolerated in found if not is_tolerated]
            line.write(
                {
                    "state": "differs" if beyond else "tolerated" if found else "matched",
                    "differences": "\n".join(text for text, _is_tolerated in found) or False,
                }
            )
        self.filtered("is_charge").write({"state": "tolerated"})

    def _get_billable(self):
        """How much of the order line may be invoiced: what was ordered, as far as it has come.

        What is not received, such as a service, is billed by the order.
        """
        product = self.order_line_id.product_id
        if product.type == "service" and product.purchase_method == "purchase":
            return self.ordered_quantity
        return min(self.ordered_quantity, self.received_quantity)

    def _get_quantity_difference(self, before):
        """:param before: quantity of the same order line in lines above
        :return: list of (sentence, whether it is tolerated)
        """
        if self.invoice_id.kind == "credit_note":
            limit, told = self.billed_quantity, before + self.quantity
        else:
            limit, told = self._get_billable(), self.billed_quantity + before + self.quantity
        if float_compare(told, limit, precision_rounding=self.uom_id.rounding or 0.01) <= 0:
            return []
        text = _(
            "ordered %(ordered)s, received %(received)s, billed before %(billed)s, invoiced %(now)s %(unit)s",
            ordered=format_decimal(self.ordered_quantity),
            received=format_decimal(self.received_quantity),
            billed=format_decimal(self.billed_quantity),
            now=format_decimal(self.quantity),
            unit=self.uom_id.name,
        )
        return [(text, self._tolerates("quantity", limit, told))]

    def _get_price_difference(self):
        if not float_compare(self.price, self.ordered_price, precision_digits=PRECISION):
            return []
        text = _(
            "price ordered %(ordered)s, invoiced %(told)s %(currency)s",
            ordered=format_decimal(self.ordered_price),
            told=format_decimal(self.price),
            currency=self.currency_id.name,
        )
        return [(text, self._tolerates("price", self.ordered_price, self.price))]

    def _tolerates(self, subject, expected, actual):
        partner = self.invoice_id.edi_partner_id
        return self.env["dist.edi.tolerance"]._tolerates(
            partner, INVOICE, subject, self.product_id, expected, actual
        )

    def _get_amount(self):
        return self.quantity * self.price

    # billing

    def _prepare_bill_line(self):
        """:return: values of a line of the bill"""
        self.ensure_one()
        own = self.order_line_id
        vals = own._prepare_account_move_line() if own else self._prepare_unordered_line()
        return {**vals, "quantity": self.quantity, "price_unit": self.price, "discount": 0.0}

    def _prepare_unordered_line(self):
        product = self.invoice_id.edi_partner_id.charge_product_id if self.is_charge else self.product_id
        vals = {"name": self.description or product.display_name, "product_id": product.id}
        return {**vals, "product_uom_id": self.uom_id.id} if self.uom_id else vals
