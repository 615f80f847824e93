from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..lib.plan_file import MAX_NUMBER
from .dist_planning_replenishment import LONGEST_LEAD_TIME

KINDS = [
    ("purchase", "Purchase"),
    ("transfer", "Transfer"),
    ("reordering", "Reordering rule"),
    ("lead_time", "Lead time"),
]
STATES = [
    ("proposed", "To decide"),
    ("approved", "Approved"),
    ("refused", "Refused"),
    ("executed", "Done"),
    ("superseded", "Superseded"),
]


class DistPlanningProposal(models.Model):
    """What a planning source proposes to do: buy, move or set; a planner's list, as far as no rule approves it."""

    _name = "dist.planning.proposal"
    _description = "Planning proposal"
    _inherit = ["dist.company.mixin", "dist.kept.mixin"]
    _order = "date_order, value desc, id"
    _rec_name = "key"

    batch_id = fields.Many2one(
        "dist.planning.batch", string="Version", required=True, readonly=True, ondelete="restrict", index=True
    )
    source_id = fields.Many2one("dist.planning.source", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    key = fields.Char(required=True, readonly=True, help="The source's own number; it is carried out once.")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    state = fields.Selection(STATES, required=True, default="proposed", readonly=True, index=True)
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="restrict", index=True
    )
    categ_id = fields.Many2one(related="product_id.categ_id", string="Product category", store=True)
    warehouse_id = fields.Many2one("stock.warehouse", required=True, readonly=True, ondelete="restrict")
    source_warehouse_id = fields.Many2one(
        "stock.warehouse", string="From", readonly=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Supplier", ondelete="restrict", index="btree_not_null"
    )
    uom_id = fields.Many2one("uom.uom", string="Unit", required=True, readonly=True, ondelete="restrict")
    quantity = fields.Float(
        string="Proposed",
        digits="Product Unit of Measure",
        readonly=True,
        help="Of a reordering rule its reorder point, of a lead time its days.",
    )
    approved_quantity = fields.Float(
        string="To carry out",
        digits="Product Unit of Measure",
        help="As proposed, in whole packs and pieces, unless a planner changed it.",
    )
    is_edited = fields.Boolean(string="Changed by a planner", readonly=True)
    is_derived = fields.Boolean(
        string="From parameters", readonly=True, help="Made of what the source says about stock parameters."
    )
    maximum = fields.Float(
        string="Order up to", digits="Product Unit of Measure", help="Of a reordering rule."
    )
    date_planned = fields.Date(string="Needed on")
    date_order = fields.Date(string="To order on", help="By the supplier's calendar and lead time.")
    value = fields.Monetary(readonly=True, help="In the company's currency.")
    change = fields.Float(
        string="Change",
        readonly=True,
        group_operator="avg",
        help="Against the last one that was approved, as a share: 0.5 is half as much again.",
    )
    cover_days = fields.Float(
        string="Days of cover",
        readonly=True,
        group_operator="avg",
        help="How long stock, what is on order and this proposal last.",
    )
    forecast_error = fields.Float(
        readonly=True, group_operator="avg", help="Error of former forecasts, as a share."
    )
    reason_ids = fields.Many2many(
        "dist.planning.reason",
        "dist_planning_proposal_reason_rel",
        "proposal_id",
        "reason_id",
        string="Waits because",
        readonly=True,
    )
    reason_text = fields.Text(string="Why it waits", readonly=True)
    rule_id = fields.Many2one(
        "dist.planning.rule", string="Approved by rule", readonly=True, ondelete="set null"
    )
    planner_id = fields.Many2one("res.users", string="Planner", index="btree_not_null")
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    decided_at = fields.Datetime(string="Decided on", readonly=True)
    refusal_reason = fields.Char(readonly=True)
    executed_at = fields.Datetime(string="Carried out on", readonly=True)
    purchase_line_id = fields.Many2one(
        "purchase.order.line", readonly=True, ondelete="set null", index="btree_not_null"
    )
    purchase_id = fields.Many2one(related="purchase_line_id.order_id", string="Purchase order")
    move_id = fields.Many2one("stock.move", readonly=True, ondelete="set null", index="btree_not_null")
    picking_id = fields.Many2one(related="move_id.picking_id", string="Transfer")
    orderpoint_id = fields.Many2one(
        "stock.warehouse.orderpoint", string="Reordering rule", readonly=True, ondelete="set null"
    )

    on_hand = fields.Float(string="On hand", compute="_compute_supply", digits="Product Unit of Measure")
    incoming = fields.Float(
        compute="_compute_supply", digits="Product Unit of Measure", string="On its way", help="Confirmed."
    )
    requested = fields.Float(
        compute="_compute_supply",
        digits="Product Unit of Measure",
        help="In drafts and requests for quotation.",
    )
    daily_demand = fields.Float(
        string="Daily demand", compute="_compute_daily_demand", help="As the source forecasts it."
    )

    terms = fields.Char(
        compute="_compute_terms", help="What is approved with it, by which who saw something else is told."
    )

    _sql_constraints = [
        ("key_uniq", "unique(source_id, key)", "The source has a proposal of this number already."),
    ]

    @api.depends("product_id", "warehouse_id")
    def _compute_supply(self):
        supply = self.env["dist.planning.supply"].sudo()._get(self.product_id, self.warehouse_id)
        for proposal in self:
            found = supply[proposal.product_id.id, proposal.warehouse_id.id]
            proposal.on_hand = found["on_hand"]
            proposal.incoming = found["incoming"]
            proposal.requested = found["requested"]

    @api.depends("product_id", "warehouse_id", "source_id")
    def _compute_daily_demand(self):
        demand = self.sudo()._get_demand()
        for proposal in self:
            key = (proposal.source_id.id, proposal.product_id.id, proposal.warehouse_id.id)
            proposal.daily_demand = demand.get(key, 0.0)

    @api.depends(
        "approved_quantity", "maximum", "partner_id", "source_warehouse_id", "date_planned", "date_order"
    )
    def _compute_terms(self):
        for proposal in self:
            proposal.terms = " / ".join(
                str(part)
                for part in (
                    proposal.approved_quantity,
                    proposal.maximum,
                    proposal.partner_id.id,
                    proposal.source_warehouse_id.id,
                    proposal.date_planned,
                    proposal.date_order,
                )
            )

    # what a planner changes

    @api.model
    def _get_writable_fields(self):
        return {"approved_quantity", "maximum", "partner_id", "date_planned", "date_order", "planner_id"}

    def write(self, vals):
        if self.env.su or not self._get_writable_fields() & set(vals):
            return super().write(vals)
        self._check_can_change(vals)
        result = super().write(vals)
        self.sudo()._follow_change(vals)
        return result

    def _check_can_change(self, vals):
        """:raises UserError: it was decided already, or makes no sense"""
        gone = self.filtered(lambda proposal: proposal.state == "superseded")
        if gone:
            raise UserError(
                _("%s is not proposed any more: a newer plan took its place.", gone[0].display_name)
            )
        decided = self.filtered(lambda proposal: proposal.state != "proposed")
        if decided:
            raise UserError(_("%s was decided already.", decided[0].display_name))
        for name in {"approved_quantity", "maximum"} & set(vals):
            self._check_quantity(vals[name])

    @api.model
    def _check_quantity(self, quantity):
        """:raises UserError: it is no number, below zero, or beyond what anybody orders"""
        try:
            number = float(quantity)
        except (TypeError, ValueError):
            number = float("nan")
        # nan fails as well
        if not 0.0 <= number < MAX_NUMBER:
            raise UserError(
                _("A quantity is a number from zero to below a million millions: %s", str(quantity)[:30])
            )

    def _check_not_zero(self):
        """:raises UserError: nothing is left to buy or to move"""
        moved = self.filtered(lambda proposal: proposal.kind in ("purchase", "transfer"))
        if not all(moved.mapped("approved_quantity")):
            raise UserError(_("There is nothing to do with a quantity of zero. Refuse the proposal instead."))

    def _check_settings(self):
        """:raises UserError: a reordering rule or lead time makes no sense"""
        for proposal in self:
            if proposal.kind == "reordering" and proposal.maximum < proposal.approved_quantity:
                raise UserError(
                    _("%s: orders would fill up to less than the reorder point.", proposal.display_name)
                )
            if proposal.kind == "lead_time" and proposal.approved_quantity > LONGEST_LEAD_TIME:
                raise UserError(_("A lead time is at most %s days.", round(LONGEST_LEAD_TIME)))

    def _follow_change(self, vals):
        """Keep to the supplier's packs, and bring the figures up to date."""
        if set(vals) <= {"planner_id"}:
            return
        self._check_not_zero()
        self._check_settings()
        self.is_edited = True
        if {"partner_id", "date_planned"} & set(vals) and "date_order" not in vals:
            # by the supplier's calendar and lead time anew
            self.filtered(lambda proposal: proposal.kind == "purchase").date_order = False
        for company in self.company_id:
            own = self.filtered(lambda proposal, company=company: proposal.company_id == company)
            own.with_company(company)._refresh_figures()

    @api.depends("product_id", "kind", "warehouse_id")
    def _compute_display_name(self):
        for proposal in self:
            proposal.display_name = f"{proposal.product_id.display_name} ({proposal.key})"

    # decisions

    def action_approve(self):
        """A planner says yes; it is carried out by a job."""
        ready = self._check_may_decide()
        changed = ready._get_changed()
        missing = (ready - changed).filtered(
            lambda proposal: proposal.kind == "purchase" and not proposal.partner_id
        )
        approved = ready - changed - missing
        approved._decide("approved")
        told = [_("%s approved", len(approved))]
        if missing:
            told.append(_("%s have no supplier and wait: choose one", len(missing)))
        if changed:
            told.append(changed._describe_changed())
        return self._tell(". ".join(told), "warning" if missing or changed else "success")

    def _get_changed(self):
        """:return: those of these proposals that are other ones than the user's screen shows, where it says so"""
        seen = dict(self.env.context.get("planning_terms") or ())
        return self.filtered(lambda proposal: proposal.id in seen and seen[proposal.id] != proposal.terms)

    def _describe_changed(self):
        return _("%s were changed while you looked at them: look again", len(self))

    def action_ask_refusal(self):
        """Ask for the reason, then refuse."""
        ready = self._check_may_decide()
        changed = ready._get_changed()
        if changed:
            return self._tell(changed._describe_changed(), "warning")
        return {
            "type": "ir.actions.act_window",
            "res_model": "dist.planning.refuse",
            "views": [(False, "form")],
            "target": "new",
            "name": _("Refuse"),
            "context": {"default_proposal_ids": [fields.Command.set(ready.ids)]},
        }

    def action_refuse(self, reason=None):
        """A planner says no: it is not proposed again under the same number."""
        ready = self._check_may_decide()
        ready._decide("refused", reason)
        return self._tell(_("%s refused", len(ready)))

    def action_reopen(self):
        """A planner takes back a refusal, or an approval that was not carried out yet."""
        ready = self._check_may_decide(("refused", "approved"))
        ready._decide("proposed")
        ready.sudo()._note_newer_plan()
        return self._tell(_("%s to decide again", len(ready)))

    def _note_newer_plan(self):
        """Say of what an older plan proposed that the one in force may not need it any more."""
        for proposal in self.filtered(lambda proposal: proposal.batch_id.state == "superseded"):
            note = _(
                "It was proposed by %(old)s; %(new)s is in force since: look whether it is still needed.",
                old=proposal.batch_id.display_name,
                new=proposal.source_id.proposal_batch_id.display_name,
            )
            lines = (proposal.reason_text or "").splitlines()
            proposal.reason_text = "\n".join([*(line for line in lines if line != note), note])

    def action_take(self):
        """A planner takes these proposals to decide about them."""
        self._check_may_decide().planner_id = self.env.user
        return True

    def _check_may_decide(self, states=("proposed",)):
        """:return: those of these proposals that can be decided
        :raises UserError: there is none
        """
        self.check_access_rights("write")
        self.check_access_rule("write")
        ready = self.filtered(lambda proposal: proposal.state in states)
        if not ready:
            raise UserError(_("Nothing of it is to decide: it was decided already."))
        return ready

    def _decide(self, state, reason=None):
        """What a person decides, and why; told by the audit trail."""
        proposals = self.sudo()
        if state == "approved":
            proposals._approve(self.env.user)
        else:
            decision = proposals._prepare_decision(self.env.user)
            proposals.write({"state": state, "refusal_reason": reason or False, **decision})
        actions = {"approved": "approved", "refused": "rejected", "proposed": "withdrawn"}
        self.env["dist.audit.entry"]._add_each(actions[state], proposals, reason=reason)
        proposals._after_decision()

    def _approve(self, user=None):
        """Approve, by a person or by a rule, and have it carried out."""
        self.write({"state": "approved", **self._prepare_decision(user)})
        self._enqueue_execution()
        if not user:
            self._after_decision()

    def _prepare_decision(self, user=None):
        """:return: values of who decided, and when; a rule is nobody"""
        return {"decided_by_id": user.id if user else False, "decided_at": fields.Datetime.now()}

    def _may_come_back(self):
        """:return: whether it is proposed again when the source says the same and the setting is another one: it left
        the list without a decision, or was carried out as proposed
        """
        if self.state == "executed":
            return self.approved_quantity == self.quantity
        return self.state == "superseded"

    def _after_decision(self):
        """What follows when these proposals were approved, refused or opened again; also by a rule."""

    def _after_execution(self):
        """What follows when these proposals were carried out."""

    def _tell(self, text, kind="success"):
        """:return: action that tells the planner and shows the list anew"""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": text,
                "type": kind,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # what it leads to

    def action_open_document(self):
        """Open what this proposal became."""
        self.ensure_one()
        self.check_access_rights("read")
        self.check_access_rule("read")
        document = self.purchase_id or self.picking_id or self.orderpoint_id
        if not document:
            raise UserError(_("It became no document yet."))
        return {
            "type": "ir.actions.act_window",
            "res_model": document._name,
            "res_id": document.id,
            "views": [(False, "form")],
        }

    def _dist_get_impact(self):
        impact = super()._dist_get_impact()
        return self.batch_id[:1]._dist_add_proposals(impact, self) if self else impact
