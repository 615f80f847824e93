from odoo import _, fields, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult

from ...lib.submission import Submission, format_decimal

EXPIRED = "quotation_expired"
QUOTED = "quoted"


class QuotationOrderHandler(models.AbstractModel):
    """A quotation is ordered at the prices that were quoted: stock and credit are checked, and taken, now (C8)."""

    _name = "dist.handler.quotation.order"
    _inherit = "dist.handler.order.submit"
    _description = "Quotation ordered"

    def _get_lock_keys(self, message, payload):
        """What an order of the same customer and items takes."""
        system, order = (
            message.system_id,
            self._find_bound(message.system_id, "sale.order", payload["reference"]),
        )
        keys = [f"order/{system.id}/{payload['reference']}"]
        if order.dist_channel_id.credit_check:
            keys.append(f"customer/{system.id}/{self._get_customer_id(system, order)}")
        return keys + self._get_share_keys(message.company_id, order.order_line.product_id.ids)

    def _get_customer_id(self, system, order):
        return self.env["dist.binding"]._get_external_id(system, order.partner_id) or ""

    def _find_counterpart(self, message, payload):
        return self.env["base"]

    def _apply_batch(self, pairs):
        return [self._apply(*pair) for pair in pairs]

    def _apply(self, message, payload):
        afterwards = self.env["dist.handler.channel.order"]
        order = afterwards._find_order(message, payload)
        afterwards._check_not_cancelled(order)
        if order.dist_state != QUOTED:
            return HandlerResult(self._read_answer(order), record=order)
        submission = self._read_submission(message, payload, order)
        if order.state == "sale":
            # a person has ordered it
            order.write(self._prepare_outcome(submission))
        else:
            afterwards._check_owner(message, order, "sale")
            self._check_not_expired(message, order)
            self._take_quoted(submission)
        return self._prepare_result(submission)

    def _check_not_expired(self, message, order):
        """:raises BusinessError: the prices are not good any more; a person may let it pass"""
        until = order.validity_date
        if until and until < fields.Date.context_today(self) and not message._accepts(EXPIRED):
            raise BusinessError(
                EXPIRED,
                _("Quotation %(order)s was good until %(day)s.", order=order.name, day=until),
                "/reference",
                status=409,
                record=order,
                suggestion=_("Accept it to sell at the quoted prices, or send a new quotation."),
            )

    def _read_submission(self, message, payload, order):
        """:return: Submission of the quotation as it stands"""
        lines = self.env["dist.order.view"]._get_lines(order).filtered("product_id")
        submission = Submission(
            message,
            {
                **payload,
                "customer": {"external_id": self._get_customer_id(message.system_id, order)},
                "lines": [
                    {
                        "line": line.dist_line_ref or line.name[:64],
                        "quantity": format_decimal(line.product_uom_qty),
                    }
                    for line in lines
                ],
            },
        )
        submission.channel, submission.order, submission.partner = (
            order.dist_channel_id,
            order,
            order.partner_id,
        )
        for line, record in zip(submission.lines, lines, strict=True):
            line.record, line.product, line.unit = record, record.product_id, record._dist_get_unit()
        return submission

    def _take_quoted(self, submission):
        checks = self.env["dist.order.checks"]
        checks._run(["_check_customer", "_check_availability", "_read_exposures"], [submission])
        self._refuse_if_needed([submission])
        self._drop_refused_lines([submission])
        for line in submission.open_lines:
            if line.accepted != line.quantity:
                line.record.product_uom_qty = float(line.accepted)
        checks._run(["_check_minimum_amount", "_check_credit"], [submission])
        self._refuse_if_needed([submission])
        self._settle([submission])
