from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.sql import create_index

STATES = [
    ("open", "Open"),
    ("explained", "Explained"),
    ("approved", "Approved"),
    ("posted", "Posted"),
    ("rejected", "Rejected"),
    ("within", "Within tolerance"),
    ("superseded", "Superseded"),
]
SETTLED_BY = "dist_integration_base.group_dist_operator"


class DistReconciliationLine(models.Model):
    """A record on which both sides do not agree. What is equal is counted, not stored.

    Nobody writes a line directly: its state only moves by the methods here, which keep who did what.
    """

    _name = "dist.reconciliation.line"
    _description = "Variance"
    _order = "run_id desc, value_at_risk desc, id"

    run_id = fields.Many2one(
        "dist.reconciliation", required=True, readonly=True, ondelete="cascade", index=True
    )
    profile_id = fields.Many2one("dist.reconciliation.profile", required=True, readonly=True)
    system_id = fields.Many2one("dist.system", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    moment = fields.Datetime(string="As of", readonly=True)
    key = fields.Char(readonly=True, required=True)
    name = fields.Char(string="Record", readonly=True)
    received_as = fields.Char(
        readonly=True, help="What the other side calls it, where that is another number than ours."
    )
    kind = fields.Selection(
        [
            ("differs", "Differs"),
            ("missing_here", "Missing here"),
            ("missing_there", "Missing there"),
            ("not_comparable", "Cannot be compared"),
        ],
        required=True,
        readonly=True,
    )
    class_code = fields.Char(string="Class", readonly=True)
    # of a profile in pieces and one in money, of pieces and of metres there is no sum
    theirs = fields.Float(string="There", readonly=True, digits=(16, 3), group_operator=None)
    ledger = fields.Float(string="In Odoo now", readonly=True, digits=(16, 3), group_operator=None)
    in_flight = fields.Float(
        readonly=True,
        digits=(16, 3),
        group_operator=None,
        help="Movements after the moment of the snapshot, taken back, and those before it that wait in messages.",
    )
    expected = fields.Float(
        readonly=True, digits=(16, 3), group_operator=None, help="In Odoo now + in flight."
    )
    variance = fields.Float(readonly=True, digits=(16, 3), group_operator=None, help="There - expected.")
    value_at_risk = fields.Monetary(readonly=True)
    copies = fields.Integer(readonly=True)
    problem = fields.Char(readonly=True, help="Why it cannot be compared.")
    res_model = fields.Char(string="Document model", readonly=True)
    res_id = fields.Many2oneReference(string="Document", model_field="res_model", readonly=True)
    seen_before = fields.Boolean(readonly=True, help="The snapshot before showed the same variance.")
    followed_by_id = fields.Many2one(
        "dist.reconciliation",
        string="Counted again by",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The next run that covered this record.",
    )
    state = fields.Selection(STATES, required=True, readonly=True, default="open")
    reason_id = fields.Many2one("dist.reconciliation.reason", readonly=True, ondelete="restrict")
    explanation = fields.Char(readonly=True)
    explained_by_id = fields.Many2one("res.users", readonly=True)
    approver_id = fields.Many2one("res.users", readonly=True)
    approved_at = fields.Datetime(readonly=True)
    posted_by_id = fields.Many2one("res.users", readonly=True)
    posting_problem = fields.Char(string="Not posted because", readonly=True)
    posted_at = fields.Datetime(readonly=True)
    posted_model = fields.Char(readonly=True)
    posted_res_id = fields.Many2oneReference(string="Correction", model_field="posted_model", readonly=True)
    needs_second = fields.Boolean(compute="_compute_actions", string="Needs a second person")
    can_explain = fields.Boolean(compute="_compute_actions")
    can_approve = fields.Boolean(compute="_compute_actions")
    can_post = fields.Boolean(compute="_compute_actions")

    _sql_constraints = [
        ("run_key_uniq", "UNIQUE(run_id, key)", "A run has one line for each key."),
    ]

    def init(self):
        create_index(
            self.env.cr,
            "dist_reconciliation_line_unsettled_idx",
            self._table,
            ["profile_id", "key"],
            where="state IN ('open', 'explained', 'approved')",
        )
        create_index(
            self.env.cr,
            "dist_reconciliation_line_latest_idx",
            self._table,
            ["profile_id", "key"],
            where="followed_by_id IS NULL",
        )

    @api.depends("state", "value_at_risk", "explained_by_id", "kind")
    @api.depends_context("uid")
    def _compute_actions(self):
        for line in self:
            line.needs_second = line.value_at_risk > line.profile_id.approval_limit
            line.can_explain = line.state in ("open", "explained")
            line.can_approve = line.state == "explained" and not (
                line.needs_second and line.explained_by_id == self.env.user
            )
            line.can_post = line.state == "approved" and line._is_postable()

    def _is_postable(self):
        domain = self.profile_id._get_domain()
        return domain._is_posted and self.kind != "not_comparable" and domain._is_line_postable(self)

    # what a person does

    def _check_may_settle(self):
        """:raises AccessError: the user is no operator, or may not see these lines"""
        if self.env.su:
            return
        if not self.env.user.has_group(SETTLED_BY):
            raise AccessError(_("Only an integration operator settles variances."))
        self.check_access_rule("read")

    def action_explain(self):
        """Ask for the reason."""
        return self._open_settle_wizard("explain", _("Explain"))

    def action_reject(self):
        """Ask why the variance is not taken over."""
        return self._open_settle_wizard("reject", _("Reject"))

    def _open_settle_wizard(self, kind, title):
        self._check_may_settle()
        return {
            "type": "ir.actions.act_window",
            "res_model": "dist.reconciliation.settle",
            "views": [(False, "form")],
            "target": "new",
            "name": title,
            "context": {"default_line_ids": [fields.Command.set(self.ids)], "default_kind": kind},
        }

    def _explain(self, reason, explanation):
        """Say why both sides differ.

        :raises UserError: a line is settled already
        """
        self._check_may_settle()
        self._check_states(("open", "explained"), _("Only open variances are explained."))
        self.sudo().write(
            {
                "state": "explained",
                "reason_id": reason.id,
                "explanation": explanation,
                "explained_by_id": self.env.uid,
            }
        )
        self._audit_decision("explained")

    def action_approve(self):
        """Accept explained variances.

        :raises UserError: one is not explained, or needs a second person
        """
        self._check_may_settle()
        self._check_states(("explained",), _("Only explained variances are approved."))
        alone = self.filtered(lambda line: line.needs_second and line.explained_by_id == self.env.user)
        if alone:
            raise UserError(
                _(
                    "%(names)s: worth more than %(limit)s, to be approved by somebody else than who explained it.",
                    names=alone._get_names(),
                    limit=alone.currency_id[:1].format(alone[0].profile_id.approval_limit),
                )
            )
        self.sudo().write(
            {"state": "approved", "approver_id": self.env.uid, "approved_at": fields.Datetime.now()}
        )
        self._audit_decision("approved")
        self._refresh_exceptions()
        return True

    def _reject(self, reason, explanation):
        """Do not take a variance over: it was miscounted, or is settled elsewhere."""
        self._check_may_settle()
        self._check_states(("open", "explained", "approved"), _("Settled variances are not rejected."))
        self.sudo().write(
            {
                "state": "rejected",
                "reason_id": reason.id,
                "explanation": explanation,
                "approver_id": self.env.uid,
                "approved_at": fields.Datetime.now(),
            }
        )
        self._audit_decision("rejected")
        self._refresh_exceptions()

    def _audit_decision(self, action):
        """Keep what was decided about each line, and why."""
        entries = self.env["dist.audit.entry"]
        entries._add_many(
            [
                {
                    **entries._prepare_record(line),
                    "action": action,
                    "part": line.run_id.name,
                    "reason": ": ".join(filter(None, (line.reason_id.name, line.explanation))) or False,
                    "changes": [{"field": "variance", "old": repr(line.expected), "new": repr(line.theirs)}],
                }
                for line in self.sudo()
            ]
        )

    def _check_states(self, states, text):
        wrong = self.filtered(lambda line: line.state not in states)
        if wrong:
            raise UserError("\n".join([text, wrong._get_names()]))

    def _get_names(self):
        """:return: names of the first lines, for a sentence"""
        names = self[:5].mapped("name")
        return ", ".join(names) + (" ..." if len(self) > 5 else "")

    def _refresh_exceptions(self):
        """Close the exceptions whose cause is gone with these lines; bring up to date what the others put at risk."""
        self.env.flush_all()
        self.sudo().profile_id._refresh_exceptions()

    def action_open_document(self):
        self.ensure_one()
        document = self.profile_id._get_domain()._get_document(self)
        if not document:
            raise UserError(_("There is no document of %s here.", self.name))
        return document.with_env(self.env)._dist_open()

    def action_open_correction(self):
        self.ensure_one()
        if not self.posted_res_id:
            raise UserError(_("%s was not posted.", self.name))
        return self.env[self.posted_model].browse(self.posted_res_id)._dist_open()

    def action_view_messages(self):
        """What was said about the record."""
        self.ensure_one()
        return self.env["dist.message"]._get_timeline_action(
            self.profile_id._get_domain()._get_messages_domain(self)
        )
