from collections import defaultdict
from decimal import Decimal

from odoo import _, fields, models
from odoo.tools import float_compare, float_round
from odoo.tools.misc import formatLang

from odoo.addons.dist_integration_wms.lib.formats import is_slip

from ...lib.submission import CUT, HOLD, NOTE, REFUSE, format_decimal

QUANTITY_DIGITS = 6


class OrderChecks(models.AbstractModel):
    """What is checked before an order is taken.

    Every check is a method ``_check_...(submissions)`` that adds reasons to submissions or their lines and
    raises nothing. All run over all orders of a transaction at once, so that a check reads the database once.
    Extend a check by inheritance; add one by extending the two lists of names.
    """

    _name = "dist.order.checks"
    _description = "Checks of a submitted order"

    def _get_checks_before(self):
        """:return: names of the checks that need no order yet, in their order"""
        return [
            "_check_customer",
            "_check_unit",
            "_check_quantity",
            "_check_requested_date",
            "_check_availability",
            "_check_carrier",
            "_read_exposures",
        ]

    def _get_checks_after(self):
        """:return: names of the checks of the quotation that Odoo made of the order, in their order"""
        return ["_check_price", "_check_tax", "_check_totals", "_check_minimum_amount", "_check_credit"]

    def _run(self, names, submissions):
        for name in names:
            open_submissions = [submission for submission in submissions if not submission.refused]
            if open_submissions:
                getattr(self, name)(open_submissions)

    # before the quotation

    def _check_customer(self, submissions):
        for submission in submissions:
            reason = submission.partner._dist_get_order_block()
            if reason:
                outcome = REFUSE if submission.channel.blocked_policy == "refuse" else HOLD
                submission.add(outcome, "customer_blocked", reason, "/customer")

    def _check_unit(self, submissions):
        """A product is sold in units of its own kind, in quantities the unit can express."""
        for submission in submissions:
            for line in submission.open_lines:
                if not line.product.sale_ok or not line.product.active:
                    line.add(
                        REFUSE, "not_for_sale", _("%s is not for sale.", line.product.display_name), "/item"
                    )
                elif not self.env["dist.handler"]._is_same_kind(line.unit, line.product.uom_id):
                    line.add(
                        REFUSE,
                        "unit_mismatch",
                        _(
                            "%(product)s is not sold by %(unit)s.",
                            product=line.product.display_name,
                            unit=line.unit.name,
                        ),
                        "/unit",
                    )
                elif not self._fits(line.quantity, line.unit.rounding):
                    line.add(
                        REFUSE,
                        "quantity_precision",
                        _(
                            "%(quantity)s %(unit)s is finer than the unit allows.",
                            quantity=format_decimal(line.quantity),
                            unit=line.unit.name,
                        ),
                        "/quantity",
                    )

    def _fits(self, quantity, step):
        """:return: True when quantity is a whole number of steps"""
        rounded = float_round(float(quantity), precision_rounding=step)
        return float_compare(rounded, float(quantity), precision_digits=QUANTITY_DIGITS) == 0

    def _check_quantity(self, submissions):
        for submission in submissions:
            channel = submission.channel
            for line in submission.open_lines:
                rule = channel.quantity_rule_ids._get_for(line.product)
                minimum = rule.minimum if rule else channel.minimum_quantity
                quantity = self._to_product_unit(line, line.quantity)
                if minimum and float_compare(quantity, minimum, precision_digits=QUANTITY_DIGITS) < 0:
                    line.add(
                        REFUSE,
                        "minimum_quantity",
                        _(
                            "At least %(minimum)s %(unit)s of %(product)s are sold at a time.",
                            minimum=format_decimal(minimum),
                            unit=line.product.uom_id.name,
                            product=line.product.display_name,
                        ),
                        "/quantity",
                    )
                elif rule.multiple and not self._fits(quantity, rule.multiple):
                    line.add(
                        REFUSE,
                        "quantity_multiple",
                        _(
                            "%(product)s is sold in multiples of %(multiple)s %(unit)s.",
                            product=line.product.display_name,
                            multiple=format_decimal(rule.multiple),
                            unit=line.product.uom_id.name,
                        ),
                        "/quantity",
                    )

    def _to_product_unit(self, line, quantity):
        return line.unit._compute_quantity(float(quantity), line.product.uom_id, round=False)

    def _check_requested_date(self, submissions):
        today = fields.Date.context_today(self)
        for submission in submissions:
            requested = submission.payload.get("requested_date")
            if not requested:
                continue
            if is_slip(fields.Datetime.to_datetime(requested), fields.Datetime.now()):
                submission.add(
                    REFUSE,
                    "requested_date_far_off",
                    _("The requested date %s is too far from today: is the year wrong?", requested),
                    "/requested_date",
                )
            elif fields.Date.to_date(requested) < today:
                submission.add(
                    NOTE,
                    "requested_date_past",
                    _("The requested date %s has passed; the order ships as soon as possible.", requested),
                    "/requested_date",
                )

    def _check_availability(self, submissions):
        """Share out what is available in the order of submissions and lines, from one reading of the stock."""
        pool = self._get_stock_pool(submissions)
        for submission in submissions:
            for line in submission.open_lines:
                if not self._needs_stock(line):
                    continue
                key = (line.product.id, submission.channel.warehouse_id.id)
                buffer = submission.channel.safety_buffer
                available = max(0.0, pool[key] - buffer)
                wanted = self._to_product_unit(line, line.quantity)
                if float_compare(available, wanted, precision_digits=QUANTITY_DIGITS) < 0:
                    self._apply_shortage(submission, line, available)
                pool[key] -= self._to_product_unit(line, line.accepted)

    def _get_stock_pool(self, submissions):
        """:return: dict, (product id, warehouse id) to available quantity in the product's unit"""
        products, warehouses = set(), set()
        for submission in submissions:
            warehouses.add(submission.channel.warehouse_id.id)
            products.update(line.product.id for line in submission.open_lines if self._needs_stock(line))
        table = self.env["dist.availability"]._get_availability(sorted(products), sorted(warehouses))
        return defaultdict(float, {key: quantities.available for key, quantities in table.items()})

    def _needs_stock(self, line):
        return line.product._dist_is_stocked()

    def _apply_shortage(self, submission, line, available):
        """Apply the channel's policy to a line of which there is too little.

        :param available: quantity in the product's unit
        """
        in_unit = line.product.uom_id._compute_quantity(available, line.unit, rounding_method="DOWN")
        there = min(line.quantity, Decimal(format_decimal(in_unit)))
        words = _(
            "%(available)s of %(quantity)s %(unit)s %(product)s are available.",
            available=format_decimal(there),
            quantity=format_decimal(line.quantity),
            unit=line.unit.name,
            product=line.product.default_code or line.product.display_name,
        )
        policy = submission.channel.stock_policy
        if policy == "backorder":
            line.backordered = line.quantity - there
            line.add(NOTE, "backordered", words, "/quantity")
        elif policy == "hold":
            line.backordered = line.quantity - there
            line.add(HOLD, "insufficient_stock", words, "/quantity")
        elif there > 0:
            line.accepted = there
            line.add(CUT, "insufficient_stock", words, "/quantity")
        else:
            line.add(REFUSE, "out_of_stock", words, "/quantity")

    def _check_carrier(self, submissions):
        for submission in submissions:
            carrier, channel = submission.carrier, submission.channel
            if not carrier:
                continue
            if channel.carrier_ids and carrier not in channel.carrier_ids:
                submission.add(
                    REFUSE,
                    "shipping_method_not_allowed",
                    _("%s is not offered in this channel.", carrier.name),
                    "/shipping_method",
                )
            elif not carrier._match_address(submission.shipping_partner or submission.partner):
                submission.add(
                    REFUSE,
                    "shipping_method_not_here",
                    _("%s does not deliver to this address.", carrier.name),
                    "/shipping_method",
                )

    # of the quotation

    def _check_price(self, submissions):
        """Compare submitted prices with those of the pricelist, which the quotation carries by now."""
        for submission in submissions:
            for line in submission.open_lines:
                difference = line.price is not None and self._get_price_difference(line)
                if not difference:
                    continue
                contract = line.price - difference
                tolerance = abs(contract) * Decimal(repr(submission.channel.price_tolerance)) / 100
                if abs(difference) <= tolerance:
                    self._take_submitted_price(line)
                else:
                    self._apply_price_policy(submission, line, contract)

    def _get_price_difference(self, line):
        """:return: Decimal, what the submitted price is above that of the contract; 0 where only digits differ"""
        digits = self.env["decimal.precision"].precision_get("Product Price")
        difference = line.price - self._get_contract_price(line.record)
        return difference if abs(difference) * 2 >= Decimal(1).scaleb(-digits) else Decimal(0)

    def _get_contract_price(self, order_line):
        """:return: Decimal, the unit price Odoo gave the line, less its discount"""
        price = order_line.price_unit * (1.0 - (order_line.discount or 0.0) / 100.0)
        return Decimal(format_decimal(price))

    def _apply_price_policy(self, submission, line, contract):
        words = _(
            "Submitted price %(submitted)s, contract price %(contract)s.",
            submitted=format_decimal(line.price),
            contract=format_decimal(contract),
        )
        policy = submission.channel.price_policy
        if policy == "accept":
            self._take_submitted_price(line)
            line.add(NOTE, "price_differs", words, "/unit_price")
        elif policy == "contract":
            line.add(NOTE, "contract_price_taken", words, "/unit_price")
        elif policy == "refuse":
            line.add(REFUSE, "price_mismatch", words, "/unit_price")
        else:
            line.add(HOLD, "price_mismatch", words, "/unit_price")

    def _take_submitted_price(self, line):
        line.record.write({"price_unit": float(line.price), "discount": 0.0})

    def _check_tax(self, submissions):
        for submission in submissions:
            if not submission.channel.require_tax or submission.order.fiscal_position_id:
                continue
            for line in submission.open_lines:
                if not line.record._dist_get_taxes():
                    line.add(
                        HOLD,
                        "tax_missing",
                        _("%s carries no tax, and no fiscal position says why.", line.product.display_name),
                        "/item",
                    )

    def _check_totals(self, submissions):
        """Totals that the shop showed its customer are those of the order, but for the rounding of a line."""
        for submission in submissions:
            if submission.lines != submission.open_lines or submission.get_reasons(CUT):
                continue
            order = submission.order
            leeway = Decimal(repr(order.currency_id.rounding)) * len(submission.lines)
            for name, amount in (
                ("untaxed", order.amount_untaxed),
                ("tax", order.amount_tax),
                ("total", order.amount_total),
            ):
                submitted = (submission.payload.get("totals") or {}).get(name)
                if submitted is None or abs(Decimal(submitted) - Decimal(format_decimal(amount))) <= leeway:
                    continue
                submission.add(
                    HOLD,
                    f"{name}_mismatch",
                    _(
                        "Submitted %(submitted)s, computed %(computed)s.",
                        submitted=submitted,
                        computed=self._format_amount(order, amount),
                    ),
                    f"/totals/{name}",
                )

    def _check_minimum_amount(self, submissions):
        for submission in submissions:
            order, channel = submission.order, submission.channel
            if not channel.minimum_amount:
                continue
            minimum = channel.currency_id._convert(
                channel.minimum_amount, order.currency_id, order.company_id, fields.Date.context_today(self)
            )
            if order.currency_id.compare_amounts(order.amount_untaxed, minimum) < 0:
                submission.add(
                    REFUSE,
                    "minimum_order_value",
                    _(
                        "The order is worth %(value)s; this channel takes orders from %(minimum)s.",
                        value=self._format_amount(order, order.amount_untaxed),
                        minimum=self._format_amount(order, minimum),
                    ),
                    "/lines",
                )

    def _check_credit(self, submissions):
        """Open receivables, uninvoiced orders and the order itself stay within the customer's credit limit."""
        for submission in submissions:
            partner, exposures = submission.partner.commercial_partner_id, submission.exposures
            if submission.channel.credit_check and partner.id in exposures:
                value = submission.order._dist_get_company_total()
                if self._is_beyond_limit(partner, exposures[partner.id] + value):
                    self._add_credit_reason(submission, partner, exposures[partner.id])
                elif not submission.held:
                    exposures[partner.id] += value

    def _read_exposures(self, submissions):
        """What the customers with a limit owe, read while nothing of these orders has to be written first; what
        is taken from here on is added to it.
        """
        exposures = self._get_exposures(
            {
                submission.partner.commercial_partner_id
                for submission in submissions
                if submission.channel.credit_check
                and self._get_credit_limit(submission.partner.commercial_partner_id)
            }
        )
        for submission in submissions:
            submission.exposures = exposures

    def _get_credit_limit(self, partner):
        return partner.with_company(self.env.company).credit_limit

    def _is_beyond_limit(self, partner, exposure):
        limit = self._get_credit_limit(partner)
        return self.env.company.currency_id.compare_amounts(exposure, limit) > 0

    def _add_credit_reason(self, submission, partner, exposure):
        currency = self.env.company.currency_id
        amounts = {
            "limit": self._get_credit_limit(partner),
            "open": exposure,
            "order": submission.order._dist_get_company_total(),
        }
        words = {
            name: formatLang(self.env, amount, currency_obj=currency) for name, amount in amounts.items()
        }
        submission.add(
            HOLD,
            "credit_limit",
            _("Credit limit %(limit)s; open %(open)s, with this order %(order)s more.", **words),
            "/customer",
        )

    def _get_exposures(self, partners):
        """What customers owe and have ordered, in the currency of the company.

        :param partners: commercial partners
        :return: dict, partner id to amount
        """
        exposures = dict.fromkeys((partner.id for partner in partners), 0.0)
        if not exposures:
            return exposures
        for model in ("account.move", "account.move.line", "sale.order", "sale.order.line"):
            self.env[model].flush_model()
        for query in (self._get_receivable_query(), self._get_uninvoiced_query()):
            self.env.cr.execute(query, {"partners": tuple(exposures), "company": self.env.company.id})
            for partner_id, amount in self.env.cr.fetchall():
                exposures[partner_id] += float(amount or 0.0)
        return exposures

    def _get_receivable_query(self):
        return """
            SELECT partner.commercial_partner_id, SUM(line.amount_residual)
            FROM account_move_line line
            JOIN account_account account ON account.id = line.account_id
            JOIN res_partner partner ON partner.id = line.partner_id
            WHERE partner.commercial_partner_id IN %(partners)s
              AND account.account_type = 'asset_receivable'
              AND line.parent_state = 'posted'
              AND line.reconciled IS NOT TRUE
              AND line.company_id = %(company)s
            GROUP BY partner.commercial_partner_id
        """

    def _get_uninvoiced_query(self):
        """Confirmed orders less what posted invoices and credit notes already say of them."""
        return """
            SELECT partner.commercial_partner_id,
                   SUM(GREATEST(sale.amount_total - COALESCE(invoiced.amount, 0), 0)
                       / COALESCE(NULLIF(sale.currency_rate, 0), 1))
            FROM sale_order sale
            JOIN res_partner partner ON partner.id = sale.partner_id
            LEFT JOIN LATERAL (
                SELECT SUM(CASE WHEN move.move_type = 'out_refund' THEN -line.price_total
                                ELSE line.price_total END) AS amount
                FROM sale_order_line sold
                JOIN sale_order_line_invoice_rel billed ON billed.order_line_id = sold.id
                JOIN account_move_line line ON line.id = billed.invoice_line_id
                JOIN account_move move ON move.id = line.move_id
                WHERE sold.order_id = sale.id AND move.state = 'posted'
                  AND move.move_type IN ('out_invoice', 'out_refund')
            ) invoiced ON TRUE
            WHERE partner.commercial_partner_id IN %(partners)s
              AND sale.state = 'sale'
              AND sale.invoice_status <> 'invoiced'
              AND sale.company_id = %(company)s
            GROUP BY partner.commercial_partner_id
        """

    def _format_amount(self, order, amount):
        return formatLang(self.env, amount, currency_obj=order.currency_id)
