from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec
from odoo.addons.dist_integration_wms.models.purchase_order import ACKNOWLEDGED

DIFFERS = "acknowledgement_differs"


class DistSupplierAcknowledgement(models.Model):
    """What a supplier answered to a purchase order: each line as it was ordered, and as it was confirmed."""

    _name = "dist.supplier.acknowledgement"
    _description = "Supplier's order acknowledgement"
    _inherit = ["dist.kept.mixin"]
    _order = "id desc"

    order_id = fields.Many2one(
        "purchase.order",
        string="Purchase order",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="order_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(related="order_id.partner_id", string="Supplier", store=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    edi_partner_id = fields.Many2one(
        "dist.edi.partner", string="Trading partner", required=True, readonly=True, ondelete="restrict"
    )
    message_id = fields.Many2one("dist.message", readonly=True, ondelete="set null", index="btree_not_null")
    external_id = fields.Char(string="Supplier's number", readonly=True)
    told_on = fields.Date(string="Date", readonly=True)
    status = fields.Selection(
        [
            ("accepted", "Accepted"),
            ("accepted_with_changes", "Accepted with changes"),
            ("rejected", "Refused"),
            ("received", "Received"),
            ("not_needed", "No details"),
        ],
        string="Supplier says",
        required=True,
        readonly=True,
    )
    note = fields.Text(string="Supplier's note", readonly=True)
    digest = fields.Char(required=True, readonly=True)
    state = fields.Selection(
        [("waiting", "Waits for a decision"), ("partial", "Lines not answered"), ("done", "Settled")],
        compute="_compute_state",
        store=True,
        index=True,
    )
    line_ids = fields.One2many(
        "dist.supplier.acknowledgement.line", "acknowledgement_id", string="Lines", readonly=True
    )

    @api.depends("order_id.name", "external_id")
    def _compute_display_name(self):
        for answer in self:
            answer.display_name = " ".join(filter(None, (answer.order_id.name, answer.external_id)))

    @api.depends("line_ids.state")
    def _compute_state(self):
        for answer in self:
            states = answer.line_ids.mapped("state")
            answer.state = (
                "waiting" if "waiting" in states else "partial" if "unanswered" in states else "done"
            )

    @api.model
    def _find_latest(self, order):
        """:return: what the supplier answered last"""
        return self.search([("order_id", "=", order.id)], order="id desc", limit=1)

    # settling

    def _judge(self):
        """Say of each line whether it is as ordered, may be followed, or waits; newer answers stand for older ones."""
        self.ensure_one()
        for line in self.line_ids.filtered(lambda line: line.state != "unanswered"):
            differences = line._get_differences()
            beyond = [difference for difference in differences if not difference.is_tolerated]
            line.write(
                {
                    "state": "waiting" if beyond else "changed" if differences else "unchanged",
                    "differences": "\n".join(difference.text for difference in differences) or False,
                }
            )
        self._supersede()

    def _supersede(self):
        """What waited for the same lines does not any more: the supplier has answered anew."""
        ordered = self.line_ids.order_line_id
        older = self.search(
            [("order_id", "=", self.order_id.id), ("id", "<", self.id), ("state", "!=", "done")]
        )
        waiting = older.line_ids.filtered(
            lambda line: (
                line.state in ("waiting", "unanswered")
                and (line.order_line_id in ordered or not line.order_line_id)
            )
        )
        waiting.write({"state": "superseded"})
        older._close_exceptions()

    def _note_answered(self):
        """Take the orders for acknowledged of which every line is answered."""
        for answer in self:
            if "unanswered" not in answer.line_ids.mapped("state"):
                answer.order_id[ACKNOWLEDGED] = True

    def _close_exceptions(self):
        """Close the exceptions of those of these answers in which nothing waits any more."""
        settled = self.filtered(lambda answer: answer.state != "waiting")
        self.env["dist.exception"]._close_for_record(settled, [DIFFERS])

    def _prepare_exception(self):
        """:return: ExceptionSpec, what was ordered and what was confirmed side by side"""
        waiting = self.line_ids.filtered(lambda line: line.state == "waiting")
        return ExceptionSpec(
            category="business",
            code=DIFFERS,
            summary=_(
                "%(supplier)s confirms %(order)s otherwise than ordered",
                supplier=self.partner_id.name,
                order=self.order_id.name,
            ),
            detail="\n".join(
                f"{line.display_name}: {difference}"
                for line in waiting
                for difference in line.differences.split("\n")
            ),
            record=self,
            severity="high" if self.status == "rejected" else "normal",
            suggestion=_(
                "Open the document: accept what the supplier confirms, and the order follows, or refuse it and agree "
                "with the supplier."
            ),
            fingerprint=f"{self._name}/{self.id}",
            clear_paths=("lines[].unit_price",),
        )

    def _cancel_refused_order(self):
        """An order of which nothing is left, and of which nothing has come, is cancelled."""
        lines = self.order_id.order_line.filtered(lambda line: not line.display_type)
        if self.order_id.state == "purchase" and not any(lines.mapped("product_qty")):
            self.order_id.button_cancel()

    def _tell_order(self, lines):
        """Note on the order what it follows."""
        told = lines.filtered("differences")
        if told:
            texts = [f"{line.display_name}: {line.differences}" for line in told]
            self.order_id.message_post(
                body=_("Follows the supplier's acknowledgement: %s", "; ".join(texts)),
                subtype_xmlid="mail.mt_note",
            )

    def _get_answer(self):
        """:return: dict for the sender"""
        self.ensure_one()
        lines = [
            {
                name: value
                for name, value in {
                    "line": line.line_ref,
                    "sku": line.product_id.default_code,
                    "outcome": line.state,
                }.items()
                if value
            }
            for line in self.line_ids
        ]
        status = "waiting" if self.state == "waiting" else "applied"
        return {"status": status, "order": self.order_id.name, "lines": lines}

    def _dist_get_impact(self):
        waiting = self.line_ids.filtered(lambda line: line.state == "waiting")
        products = waiting.product_id
        orders = waiting.acknowledgement_id.order_id
        return {
            "orders": len(orders),
            "lines": len(waiting),
            "skus": sorted({product.default_code or product.name for product in products}),
            "warehouses": sorted(set(orders.picking_type_id.warehouse_id.mapped("name"))),
            "value": sum(line._get_ordered_value() for line in waiting),
            "currency": self.company_id[:1].currency_id,
        }

    def _dist_get_orders(self):
        return {answer.id: {("purchase.order", answer.order_id.id)} for answer in self}

    # what a person does

    def action_accept(self):
        """Have the order follow whatever waits in these answers."""
        self.line_ids.filtered(lambda line: line.state == "waiting").action_accept()
        return True

    def action_refuse(self):
        """Leave the order as it is, whatever waits in these answers."""
        self.line_ids.filtered(lambda line: line.state == "waiting").action_refuse()
        return True

    def _check_may_decide(self):
        """:raises AccessError: the user may not change the orders
        :raises UserError: an order is not open any more
        """
        orders = self.order_id.with_env(self.env)
        orders.check_access_rights("write")
        orders.check_access_rule("write")
        for order in orders:
            if order.state != "purchase" or order._dist_is_locked():
                raise UserError(_("%s is cancelled or locked: it cannot follow.", order.name))
