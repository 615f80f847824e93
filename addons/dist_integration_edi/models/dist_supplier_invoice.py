import logging

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec
from odoo.addons.dist_integration_base.models.transaction import is_connection_lost

from .dist_edi_tolerance import INVOICE

_logger = logging.getLogger(__name__)

DIFFERS = "invoice_differs"
FAILED = "invoice_not_matched"
INVOICE_KINDS = [("invoice", "Invoice"), ("credit_note", "Credit note")]


class _TotalDiffersError(Exception):
    """A bill that would come to another total than the supplier's; it is taken back."""


class DistSupplierInvoice(models.Model):
    """An invoice or credit note as the supplier sent it, matched with order and receipt; the bill follows from it."""

    _name = "dist.supplier.invoice"
    _description = "Supplier's invoice"
    _inherit = ["dist.supplier.document.mixin"]
    _order = "id desc"
    _rec_name = "external_id"

    kind = fields.Selection(INVOICE_KINDS, required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    invoiced_on = fields.Date(string="Invoice date", required=True, readonly=True)
    due_on = fields.Date(string="Due", readonly=True, help="It counts where no payment terms were agreed.")
    credited_invoice = fields.Char(string="Credits invoice", readonly=True)
    amount_untaxed = fields.Monetary(readonly=True)
    amount_tax = fields.Monetary(string="Taxes", readonly=True)
    amount_total = fields.Monetary(string="Total", readonly=True)
    note = fields.Text(string="Supplier's note", readonly=True)
    differences = fields.Text(readonly=True, help="Of the invoice as a whole.")
    state = fields.Selection(
        [("waiting", "Waits for a decision"), ("billed", "Billed"), ("refused", "Refused")],
        required=True,
        readonly=True,
        default="waiting",
        index=True,
    )
    line_ids = fields.One2many("dist.supplier.invoice.line", "invoice_id", string="Lines", readonly=True)
    order_names = fields.Char(compute="_compute_order_names", compute_sudo=True, string="Purchase orders")
    move_id = fields.Many2one(
        "account.move", string="Bill", readonly=True, ondelete="set null", index="btree_not_null"
    )
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    decided_at = fields.Datetime(string="Decided", readonly=True)

    def init(self):
        # whatever the code thinks, a number of the supplier makes one bill
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS dist_supplier_invoice_number_uniq ON dist_supplier_invoice "
            "(edi_partner_id, kind, external_id) WHERE state != 'refused'"
        )

    @api.depends("line_ids.order_id")
    def _compute_order_names(self):
        for invoice in self:
            invoice.order_names = ", ".join(invoice.line_ids.order_id.mapped("name"))

    @api.model
    def _find_known(self, partner, kind, number):
        """:return: what came under a number of the supplier and was not refused"""
        return self.search(
            [
                ("edi_partner_id", "=", partner.id),
                ("kind", "=", kind),
                ("external_id", "=", number),
                ("state", "!=", "refused"),
            ],
            limit=1,
        )

    # matching

    def _settle(self):
        """Match an invoice with orders and receipts; without a difference that counts it becomes a bill."""
        self.ensure_one()
        self.line_ids._judge()
        beyond, texts = self._get_charge_differences()
        entered = self._find_entered()
        if entered:
            texts.append(_("in the books already: %s", entered.display_name))
        if not (beyond or entered) and "differs" not in self.line_ids.mapped("state"):
            total = self._try_bill()
            if total is not None:
                texts.append(
                    _(
                        "total invoiced %(told)s, the bill would come to %(ours)s",
                        told=self.currency_id.format(self.amount_total),
                        ours=self.currency_id.format(total),
                    )
                )
        self.differences = "\n".join(texts) or False
        self._tell()

    def _tell(self):
        """Open the exception of what waits, or bring it up to date; close that of what does not."""
        self.env["dist.exception"]._close_for_record(self, [FAILED])
        if self.state == "waiting":
            system = self.edi_partner_id.system_id
            self.env["dist.exception"]._open_without_message(
                self._prepare_exception(), self.company_id, system
            )
        else:
            self._close_exceptions()

    def _get_charge_differences(self):
        """Charges and allowances that nobody ordered. What is tolerated is the sum of all charges, and that of all
        allowances: none is set off against the other.

        :return: (whether a person has to see them, list of sentences)
        """
        charges = self.line_ids.filtered("is_charge")
        net = sum(line._get_amount() for line in self.line_ids - charges)
        texts = [
            _(
                "not ordered: %(charge)s %(amount)s",
                charge=charge.description,
                amount=self.currency_id.format(charge.price),
            )
            for charge in charges
        ]
        prices = charges.mapped("price")
        sums = sum(price for price in prices if price > 0), sum(price for price in prices if price < 0)
        return not all(self._tolerates_charge(net, amount) for amount in sums if amount), texts

    def _tolerates_charge(self, net, amount):
        no_product = self.env["product.product"]
        return self.env["dist.edi.tolerance"]._tolerates(
            self.edi_partner_id, INVOICE, "charge", no_product, net, net + amount
        )

    def _prepare_exception(self):
        """:return: ExceptionSpec, with what was ordered, received and invoiced side by side"""
        told = [
            f"{line.display_name}: {difference}"
            for line in self.line_ids.filtered(lambda line: line.state == "differs")
            for difference in line.differences.split("\n")
        ]
        return ExceptionSpec(
            category="business",
            code=DIFFERS,
            summary=_(
                "%(supplier)s: invoice %(number)s differs from order or receipt",
                supplier=self.partner_id.name,
                number=self.external_id,
            ),
            detail="\n".join([*told, *(self.differences or "").splitlines()]),
            record=self,
            suggestion=_(
                "When goods are still to be received, wait: it is matched again by itself. Else open the document and "
                "accept it as invoiced, or refuse it and agree with the supplier."
            ),
            fingerprint=str(self.id),
        )

    def _close_exceptions(self):
        self.env["dist.exception"]._close_for_record(self, [DIFFERS, FAILED])

    @api.model
    def _cron_match(self):
        """Match again what waits where order or receipt are not any more what it was matched with, each in its own
        transaction. One that fails keeps no other one waiting: a person is told.
        """
        in_own_transaction = self.env["dist.message"]._in_own_transaction
        waiting = self.search([("state", "=", "waiting")])
        for invoice_id in waiting.filtered(lambda invoice: invoice.line_ids._is_outdated()).ids:
            try:
                in_own_transaction(
                    lambda env, invoice_id=invoice_id: env[self._name].browse(invoice_id)._match_again()
                )
            except Exception as error:  # pylint: disable=broad-except
                if is_connection_lost(error):
                    raise
                _logger.exception("The supplier's invoice %s could not be matched", invoice_id)
                in_own_transaction(
                    lambda env, invoice_id=invoice_id, error=error: (
                        env[self._name].browse(invoice_id)._note_failure(error)
                    )
                )

    def _match_again(self):
        # a person may have decided in between
        if self.state == "waiting":
            self._settle()

    def _note_failure(self, error):
        """Tell a person that an invoice could not be matched.

        :param error: exception that it ended with
        """
        detail = error.args[0] if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        spec = ExceptionSpec(
            category="business" if isinstance(error, UserError) else "technical",
            code=FAILED,
            summary=_(
                "%(supplier)s: no bill can be made of invoice %(number)s",
                supplier=self.partner_id.name,
                number=self.external_id,
            ),
            detail=str(detail)[:1000],
            record=self,
            severity="high",
            suggestion=_(
                "Mend what it says: it is tried again every ten minutes, and this closes by itself."
            ),
            fingerprint=f"{FAILED}/{self.id}",
        )
        system = self.edi_partner_id.system_id
        self.env["dist.exception"]._open_without_message(spec, self.company_id, system)

    # billing

    def _try_bill(self):
        """Make the bill, unless it comes to another total than the invoice.

        :return: None once it is made, else what the bill would come to
        """
        try:
            with self.env.cr.savepoint():
                move = self._make_bill()
                if not self._is_total(move):
                    raise _TotalDiffersError(move.amount_total)
        except _TotalDiffersError as error:
            return error.args[0]
        self._release(move)
        return None

    def _is_total(self, move):
        """Whether a bill comes to what is invoiced, but for the rounding of each line."""
        limit = self.currency_id.rounding * max(len(self.line_ids), 1)
        return self.currency_id.compare_amounts(abs(move.amount_total - self.amount_total), limit) <= 0

    def _make_bill(self):
        """:return: account.move, a draft"""
        self.ensure_one()
        moves = self.env["account.move"].with_company(self.company_id)
        move = moves.create(self._prepare_bill())
        self.write({"state": "billed", "move_id": move.id})
        return move

    def _prepare_bill(self):
        move_type = self._get_move_type()
        orders = self.line_ids.order_id
        vals = {"partner_id": self.partner_id.id, "company_id": self.company_id.id}
        if orders:
            vals = orders[0].with_context(default_move_type=move_type)._prepare_invoice()
        if self.due_on and not vals.get("invoice_payment_term_id"):
            vals["invoice_date_due"] = self.due_on
        return {
            **vals,
            "move_type": move_type,
            "ref": self.external_id,
            "payment_reference": self.external_id,
            "invoice_date": self.invoiced_on,
            "invoice_origin": self.order_names,
            "currency_id": self.currency_id.id,
            "reversed_entry_id": self._find_credited().id,
            "invoice_line_ids": [(0, 0, line._prepare_bill_line()) for line in self.line_ids],
        }

    def _get_move_type(self):
        return "in_refund" if self.kind == "credit_note" else "in_invoice"

    def _find_entered(self):
        """:return: account.move that somebody entered under the number of this invoice; empty when there is none"""
        return self._find_bill(self._get_move_type(), self.external_id, self.partner_id, self.company_id)

    def _find_credited(self):
        """:return: account.move that a credit note takes back; empty when there is none"""
        if self.kind != "credit_note" or not self.credited_invoice:
            return self.env["account.move"]
        return self._find_bill("in_invoice", self.credited_invoice, self.partner_id, self.company_id)

    @api.model
    def _find_bill(self, move_type, number, partner, company):
        """:return: account.move under a supplier's number; empty when there is none"""
        return self.env["account.move"].search(
            [
                ("move_type", "=", move_type),
                ("commercial_partner_id", "=", partner.commercial_partner_id.id),
                ("company_id", "=", company.id),
                ("ref", "=", number),
                ("state", "!=", "cancel"),
            ],
            limit=1,
        )

    def _release(self, move):
        """Post a bill, where that is agreed with the supplier: it may be paid."""
        if self.edi_partner_id.bill_policy == "posted":
            move.action_post()

    def _get_answer(self):
        """:return: dict for the sender"""
        self.ensure_one()
        bill = {"bill": self.move_id.display_name} if self.move_id else {}
        return {"status": self.state, "number": self.external_id, **bill}

    def _dist_get_impact(self):
        lines = self.line_ids.filtered(lambda line: not line.is_charge)
        orders = lines.order_id
        company = self.company_id[:1]
        return {
            "orders": len(orders),
            "lines": len(lines),
            "skus": sorted({product.default_code or product.name for product in lines.product_id}),
            "warehouses": sorted(set(orders.picking_type_id.warehouse_id.mapped("name"))),
            "value": sum(
                invoice.currency_id._convert(
                    invoice.amount_total, company.currency_id, company, invoice.invoiced_on
                )
                for invoice in self
            ),
            "currency": company.currency_id,
        }

    def _dist_get_orders(self):
        return {
            invoice.id: {("purchase.order", order.id) for order in invoice.line_ids.order_id}
            for invoice in self
            if invoice.line_ids.order_id
        }

    # what a person does

    def action_accept(self):
        """Make the bill as it was invoiced, whatever differs. Where the totals do, it stays a draft."""
        self._check_may_decide()
        self.sudo()._check_not_entered()
        for invoice in self:
            self.env["dist.audit.entry"]._add("approved", invoice, reason=invoice._get_told())
            move = invoice.sudo()._make_bill()
            if invoice._is_total(move):
                invoice.sudo()._release(move)
        self._decide("billed")
        return True

    def action_refuse(self):
        """Make no bill: the supplier is told otherwise. It may send another invoice under the same number."""
        self._check_may_decide()
        self.env["dist.audit.entry"]._add_each("rejected", self)
        self._decide("refused")
        return True

    def action_match(self):
        """Match again now."""
        self._check_may_decide()
        for invoice in self.sudo():
            invoice._settle()
        return True

    def _get_told(self):
        return "; ".join(filter(None, [*self.line_ids.mapped("differences"), self.differences]))

    def _decide(self, state):
        self.sudo().write(
            {"state": state, "decided_by_id": self.env.uid, "decided_at": fields.Datetime.now()}
        )
        self._close_exceptions()

    def _check_may_decide(self):
        """:raises AccessError: the user does no invoicing
        :raises UserError: it was settled in between
        """
        self.check_access_rights("read")
        self.check_access_rule("read")
        if not self.env.su and not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(_("Only who does the invoicing decides about suppliers' invoices."))
        if any(invoice.state != "waiting" for invoice in self):
            raise UserError(_("This was settled in between."))

    def _check_not_entered(self):
        """:raises UserError: somebody has entered a bill under the number of one of these"""
        for invoice in self:
            entered = invoice._find_entered()
            if entered:
                raise UserError(
                    _(
                        "%(number)s is in the books already: %(bill)s. Refuse this one, or cancel the bill.",
                        number=invoice.external_id,
                        bill=entered.display_name,
                    )
                )

    def action_view_bill(self):
        self.ensure_one()
        return self.move_id._dist_open()
