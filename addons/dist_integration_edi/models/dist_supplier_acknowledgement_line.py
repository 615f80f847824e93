from collections import namedtuple
from datetime import datetime

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare, float_is_zero

from odoo.addons.dist_integration_commerce.lib.submission import format_decimal

from .dist_edi_tolerance import ORDER, PRECISION
from .series import PURCHASE_TAXES, PURCHASE_UNIT

Difference = namedtuple("Difference", "text is_tolerated")


class DistSupplierAcknowledgementLine(models.Model):
    """A line as it was ordered, and as the supplier confirmed it, both in the order's unit."""

    _name = "dist.supplier.acknowledgement.line"
    _description = "Line of a supplier's order acknowledgement"
    _inherit = ["dist.kept.mixin"]
    _order = "acknowledgement_id desc, id"

    acknowledgement_id = fields.Many2one(
        "dist.supplier.acknowledgement", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="acknowledgement_id.company_id", store=True, index=True)
    order_id = fields.Many2one(related="acknowledgement_id.order_id", store=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    order_line_id = fields.Many2one(
        "purchase.order.line", string="Order line", readonly=True, ondelete="set null", index="btree_not_null"
    )
    line_ref = fields.Char(string="Line", readonly=True)
    product_id = fields.Many2one("product.product", required=True, readonly=True, ondelete="restrict")
    uom_id = fields.Many2one("uom.uom", string="Unit", required=True, readonly=True, ondelete="restrict")
    ordered_quantity = fields.Float(string="Ordered", digits="Product Unit of Measure", readonly=True)
    quantity = fields.Float(string="Confirmed", digits="Product Unit of Measure", readonly=True)
    refused_quantity = fields.Float(string="Refused", digits="Product Unit of Measure", readonly=True)
    substitute_id = fields.Many2one(
        "product.product", string="Substitute", readonly=True, ondelete="restrict"
    )
    substitute_quantity = fields.Float(
        string="Comes as substitute", digits="Product Unit of Measure", readonly=True
    )
    ordered_price = fields.Float(string="Price ordered", digits=(16, 6), readonly=True)
    price = fields.Float(string="Price confirmed", digits=(16, 6), readonly=True)
    ordered_date = fields.Date(string="Expected", readonly=True)
    date = fields.Date(string="Date confirmed", readonly=True)
    schedule = fields.Json(readonly=True)
    schedule_text = fields.Char(string="In parts", compute="_compute_schedule_text")
    is_undated = fields.Boolean(
        string="Backordered without a date", readonly=True, help="A part comes later, nobody knows when."
    )
    reason = fields.Char(string="Supplier's reason", readonly=True)
    differences = fields.Text(readonly=True)
    state = fields.Selection(
        [
            ("unchanged", "As ordered"),
            ("changed", "Order follows"),
            ("waiting", "Waits"),
            ("unanswered", "Not answered"),
            ("accepted", "Accepted"),
            ("refused", "Not accepted"),
            ("superseded", "Answered anew"),
        ],
        required=True,
        readonly=True,
        default="waiting",
        index=True,
    )
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    decided_at = fields.Datetime(string="Decided", readonly=True)

    @api.depends("line_ref", "product_id")
    def _compute_display_name(self):
        for line in self:
            line.display_name = " ".join(filter(None, (line.line_ref, line.product_id.display_name)))

    @api.depends("schedule", "uom_id")
    def _compute_schedule_text(self):
        for line in self:
            parts = []
            for day, quantity in line._get_parts():
                parts.append(_("%(quantity)s on %(day)s", quantity=line._tell(quantity), day=day))
            line.schedule_text = ", ".join(parts) or False

    def _get_parts(self):
        """:return: list of (day, quantity in the order's unit), earliest first; empty when all comes on one day"""
        return [(fields.Date.to_date(day), quantity) for day, quantity in self.schedule or []]

    # judging

    def _get_differences(self):
        """:return: list of Difference"""
        self.ensure_one()
        if not self.order_line_id:
            return [Difference(_("was not ordered, confirmed %s", self._tell(self.quantity)), False)]
        found = [*self._get_refusal(), *self._get_substitution(), *self._get_quantity_difference()]
        if self.quantity or self.substitute_quantity:
            found += [*self._get_price_difference(), *self._get_date_difference()]
        return found

    def _tell(self, quantity):
        return f"{format_decimal(quantity)} {self.uom_id.name}"

    def _tolerates(self, subject, expected=0.0, actual=0.0):
        partner = self.acknowledgement_id.edi_partner_id
        return self.env["dist.edi.tolerance"]._tolerates(
            partner, ORDER, subject, self.product_id, expected, actual
        )

    def _is_zero(self, quantity):
        return float_is_zero(quantity, precision_rounding=self.uom_id.rounding)

    def _get_refusal(self):
        if self._is_zero(self.refused_quantity):
            return []
        text = _(
            "ordered %(ordered)s, refused %(refused)s",
            ordered=self._tell(self.ordered_quantity),
            refused=self._tell(self.refused_quantity),
        )
        if self.reason:
            text = f"{text} ({self.reason})"
        return [Difference(text, self._tolerates("refusal") and not self._is_below_received())]

    def _get_substitution(self):
        if not self.substitute_id:
            return []
        text = _(
            "%(quantity)s come as %(substitute)s",
            quantity=self._tell(self.substitute_quantity),
            substitute=self.substitute_id.display_name,
        )
        approved = self.env["dist.product.substitution"]._find_substituted(
            self.product_id, self.substitute_id, self.company_id, self.order_id.partner_id
        )
        return [Difference(text, bool(approved) and self._tolerates("substitution"))]

    def _get_quantity_difference(self):
        told = self.quantity + self.refused_quantity + self.substitute_quantity
        if self._is_zero(told - self.ordered_quantity):
            return []
        text = _(
            "quantity ordered %(ordered)s, confirmed %(told)s",
            ordered=self._tell(self.ordered_quantity),
            told=self._tell(told - self.refused_quantity),
        )
        tolerated = self._tolerates("quantity", self.ordered_quantity, told)
        return [Difference(text, tolerated and not self._is_below_received())]

    def _is_below_received(self):
        """More has come already than the supplier says will come."""
        received = self.order_line_id.qty_received
        return float_compare(self.quantity, received, precision_rounding=self.uom_id.rounding) < 0

    def _get_price_difference(self):
        if not float_compare(self.price, self.ordered_price, precision_digits=PRECISION):
            return []
        text = _(
            "price ordered %(ordered)s, confirmed %(told)s %(currency)s",
            ordered=format_decimal(self.ordered_price),
            told=format_decimal(self.price),
            currency=self.currency_id.name,
        )
        return [Difference(text, self._tolerates("price", self.ordered_price, self.price))]

    def _get_date_difference(self):
        if self.is_undated:
            text = _("a part is backordered without a date, expected %s", self.ordered_date)
            return [Difference(text, False)]
        parts = self._get_parts()
        if parts:
            days = [(day - self.ordered_date).days for day, _quantity in parts]
            text = _("expected %(ordered)s, comes in parts: %(parts)s", ordered=self.ordered_date,
                     parts=self.schedule_text)  # fmt: skip
            return [Difference(text, all(not one or self._tolerates("date", 0, one) for one in days))]
        days = (self.date - self.ordered_date).days if self.date else 0
        if not days:
            return []
        text = _("expected %(ordered)s, confirmed %(told)s", ordered=self.ordered_date, told=self.date)
        return [Difference(text, self._tolerates("date", 0, days))]

    def _get_ordered_value(self):
        """:return: float, worth of the line as it was ordered, in the currency of the company"""
        value = (self.ordered_quantity or self.quantity) * (self.ordered_price or self.price)
        return value / (self.order_id.currency_rate or 1.0)

    # following

    def _prepare_order_line(self):
        """Values of the order line that follows the supplier; empty when nothing changes.

        Price and date are written with the quantity: Odoo would compute them anew for it.
        """
        self.ensure_one()
        line = self.order_line_id
        price, day = (self.price, self.date) if self.quantity else (self.ordered_price, None)
        changes_price = float_compare(price, line.price_unit_discounted, precision_digits=PRECISION)
        vals = {
            "product_qty": self.quantity,
            "price_unit": price if changes_price else line.price_unit,
            "discount": 0.0 if changes_price else line.discount,
            "date_planned": self._get_moment(line.date_planned) if day else line.date_planned,
        }
        is_same = self._is_zero(self.quantity - line.product_qty) and not changes_price
        return {} if is_same and vals["date_planned"] == line.date_planned else vals

    def _prepare_new_line(self):
        """:return: values of an order line for a substitute or for what was not ordered; None when there is none"""
        self.ensure_one()
        if self.order_line_id and not self.substitute_id:
            return None
        product = self.substitute_id or self.product_id
        supplier = self.order_id.fiscal_position_id
        taxes = product.supplier_taxes_id.filtered(lambda tax: tax.company_id == self.company_id)
        planned = self.order_line_id.date_planned or self.order_id.date_planned or fields.Datetime.now()
        return {
            "order_id": self.order_id.id,
            "product_id": product.id,
            "name": product.display_name,
            "product_qty": self.substitute_quantity if self.substitute_id else self.quantity,
            PURCHASE_UNIT: self.uom_id.id,
            PURCHASE_TAXES: [fields.Command.set(supplier.map_tax(taxes).ids)],
            "price_unit": self.price,
            "date_planned": self._get_moment(planned) if self.date else planned,
        }

    def _get_moment(self, planned):
        """:return: datetime on the confirmed day, at the time of day that was planned"""
        return datetime.combine(self.date, planned.time())

    # what a person does

    def action_accept(self):
        """Have the order follow what the supplier confirmed.

        :raises UserError: more has come already, or it was settled in between
        """
        self._check_may_settle("waiting")
        for line in self:
            line._check_received()
            line._follow()
            self.env["dist.audit.entry"]._add(
                "approved", line.acknowledgement_id, part=line.display_name, reason=line.differences
            )
        self._decide("accepted")
        self.order_id._dist_note_told()
        for answer in self.acknowledgement_id:
            answer._cancel_refused_order()
        return True

    def _check_received(self):
        if self.order_line_id and self._is_below_received():
            raise UserError(
                _(
                    "Of %(line)s %(received)s have come already. Refuse it, or return the goods first.",
                    line=self.display_name,
                    received=self._tell(self.order_line_id.qty_received),
                )
            )

    def _follow(self):
        vals, new = self._prepare_order_line() if self.order_line_id else {}, self._prepare_new_line()
        if vals:
            self.order_line_id.write(vals)
        if new:
            self.env["purchase.order.line"].create(new)
        self._schedule_receipts()

    def _schedule_receipts(self):
        """Have receipts expect the goods on the days that were confirmed."""
        if self.order_line_id and self.date and self.quantity:
            parts = self._get_parts() or [(self.date, self.quantity)]
            self.order_line_id.sudo()._dist_schedule(parts)

    def action_refuse(self):
        """Leave the order as it is: the supplier is told otherwise."""
        self._check_may_settle("waiting")
        self.env["dist.audit.entry"]._add_each("rejected", self.acknowledgement_id)
        self._decide("refused")
        return True

    def action_confirm(self):
        """Take lines as ordered that were left out: the supplier has confirmed them by other means."""
        self._check_may_settle("unanswered")
        for line in self:
            line.sudo().write(
                {"quantity": line.ordered_quantity, "price": line.ordered_price, "differences": False}
            )
        reason = _("Confirmed by other means")
        self.env["dist.audit.entry"]._add_each("overridden", self.acknowledgement_id, reason=reason)
        self._decide("accepted")
        self.acknowledgement_id._note_answered()
        return True

    def _check_may_settle(self, state):
        """:raises AccessError: the user may not change the orders
        :raises UserError: a line is in another state
        """
        self.acknowledgement_id._check_may_decide()
        if any(line.state != state for line in self):
            raise UserError(_("This was settled in between."))

    def _decide(self, state):
        self.sudo().write(
            {"state": state, "decided_by_id": self.env.uid, "decided_at": fields.Datetime.now()}
        )
        answers = self.acknowledgement_id
        answers.sudo()._close_exceptions()
        if state == "accepted":
            for answer in answers:
                answer._tell_order(self & answer.line_ids)
