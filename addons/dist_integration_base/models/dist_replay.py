from datetime import timedelta

from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.exceptions import UserError

CRITERIA = (
    "criterion",
    "company_id",
    "system_id",
    "flow_ids",
    "message_type_ids",
    "direction",
    "since",
    "until",
)
CHOSEN = (
    "with_failed",
    "with_done",
    "with_refused",
    "with_overtaken",
    "exception_ids",
    "code_map_id",
    "reason",
)


class DistReplay(models.Model):
    """Messages that go through again: which, why, by whom, and what came of each (M6).

    A draft shows what would happen. What runs keeps its place: a worker that is killed goes on where it was, and no
    effect is had twice.
    """

    _name = "dist.replay"
    _description = "Replay"
    _inherit = ["dist.company.mixin", "dist.kept.mixin", "mail.thread"]
    _order = "id desc"
    _rec_name = "reason"
    _check_company_auto = True

    reason = fields.Char(help="Why this is done; kept with your name.")
    state = fields.Selection(
        [("draft", "Preparing"), ("running", "Running"), ("done", "Done"), ("cancelled", "Stopped")],
        required=True,
        readonly=True,
        default="draft",
        tracking=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    user_id = fields.Many2one("res.users", string="By", readonly=True, default=lambda self: self.env.user)
    criterion = fields.Selection(
        [
            ("period", "Everything of a time"),
            ("selection", "Selected messages"),
            ("exception", "What waits for exceptions"),
            ("code", "What waited for a code"),
        ],
        string="Which messages",
        required=True,
        default="period",
    )
    system_id = fields.Many2one("dist.system", check_company=True)
    flow_ids = fields.Many2many("dist.flow", string="Flows", check_company=True)
    message_type_ids = fields.Many2many("dist.message.type", string="Message types")
    direction = fields.Selection([("in", "Inbound"), ("out", "Outbound")], help="Empty: both.")
    since = fields.Datetime(default=lambda self: fields.Datetime.now() - timedelta(days=1))
    until = fields.Datetime(help="Empty: until now.")
    exception_ids = fields.Many2many("dist.exception", string="Exceptions", check_company=True)
    code_map_id = fields.Many2one("dist.code.map", string="Code", check_company=True)
    with_failed = fields.Boolean(string="What did not get through", default=True)
    with_done = fields.Boolean(
        string="What got through",
        help="Outbound messages are sent again under the same id, marked as replayed. Inbound ones are recognised: "
        "they have no second effect.",
    )
    with_refused = fields.Boolean(
        string="Also what was answered as refused",
        help="Inbound messages that a rule refused, and whose senders were told so. They may have done something else "
        "since.",
    )
    with_overtaken = fields.Boolean(
        string="Also what a later message replaced",
        help="Inbound messages whose document a later message has brought up to date. Their older content would be "
        "applied over it.",
    )
    item_ids = fields.One2many("dist.replay.item", "replay_id", string="Replayed messages")
    item_count = fields.Integer(compute="_compute_counts", string="Number of messages")
    open_count = fields.Integer(compute="_compute_counts", string="To do")
    failed_count = fields.Integer(compute="_compute_counts", string="Failed again")
    progress = fields.Float(compute="_compute_counts", string="Progress")
    preview = fields.Html(compute="_compute_preview", string="What would happen", sanitize=False)
    previewed_at = fields.Datetime(readonly=True)
    started_at = fields.Datetime(string="Started", readonly=True)
    finished_at = fields.Datetime(string="Finished", readonly=True)

    @api.depends("item_ids.result")
    def _compute_counts(self):
        groups = self.env["dist.replay.item"]._read_group(
            [("replay_id", "in", self.ids)], ["replay_id", "result"], ["__count"]
        )
        counts = {(replay, result): number for replay, result, number in groups}
        for replay in self:
            of_replay = {result: number for (own, result), number in counts.items() if own == replay}
            replay.item_count = sum(of_replay.values())
            replay.open_count = of_replay.get("open", 0)
            replay.failed_count = of_replay.get("failed", 0)
            handled = replay.item_count - replay.open_count
            replay.progress = 100.0 * handled / replay.item_count if replay.item_count else 0.0

    @api.depends("item_ids.expected", "item_ids.refusal", "previewed_at")
    def _compute_preview(self):
        for replay in self:
            replay.preview = replay._render_preview() if replay.item_count else False

    def _render_preview(self):
        """:return: Markup of a table: what, of which type, how many"""
        self.env["dist.replay.item"].flush_model()
        self.env.cr.execute(
            """
            SELECT item.expected, item.refusal, message.message_type_id, message.state, count(*)
            FROM dist_replay_item item JOIN dist_message message ON message.id = item.message_id
            WHERE item.replay_id = %s GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 5 DESC
            """,
            (self.id,),
        )
        items = self.env["dist.replay.item"]
        expected, refusals = (items._get_labels(name) for name in ("expected", "refusal"))
        states = dict(self.env["dist.message"]._fields["state"]._description_selection(self.env))
        cells = Markup("<td>{}</td><td>{}</td><td>{}</td><td class='text-end'>{}</td>")
        rows = [
            cells.format(
                f"{expected[kind]}: {refusals[refusal]}" if refusal else expected[kind],
                self.env["dist.message.type"].browse(type_id).code,
                states[state],
                number,
            )
            for kind, refusal, type_id, state, number in self.env.cr.fetchall()
        ]
        head = Markup("<th>{}</th><th>{}</th><th>{}</th><th class='text-end'>{}</th>").format(
            _("What happens"), _("Message type"), _("State now"), _("Messages")
        )
        body = Markup("").join(Markup("<tr>{}</tr>").format(row) for row in rows)
        return Markup("<table class='table table-sm o_dist_preview'><tr>{}</tr>{}</table>").format(head, body)

    @api.model
    def _get_writable_fields(self):
        chosen = {"reason", "company_id", "item_ids", "message_follower_ids", "message_ids", "activity_ids"}
        return chosen | {*CRITERIA, *CHOSEN}

    def write(self, vals):
        if any(name in vals for name in (*CRITERIA, *CHOSEN)):
            if any(replay.state != "draft" for replay in self):
                raise UserError(_("A replay that was started is kept as it was."))
            if not vals.keys() <= {"reason"}:
                self.sudo().write({"previewed_at": False})
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        if any(replay.state != "draft" for replay in self):
            raise UserError(_("A replay that was started is kept as it was."))

    # from where it is asked for

    @api.model
    def _open(self, values, messages=None):
        """Prepare a replay and show what would happen.

        :param messages: dist.message that were selected, if any
        :return: an action
        """
        replay = self.create(values)
        if messages:
            replay._choose(messages)
        replay._prepare_items()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": replay.id,
            "views": [(False, "form")],
            "name": _("Replay"),
        }

    @api.model
    def _get_single_company(self, records):
        """:raises UserError: records of several companies are not replayed together"""
        if len(records.company_id) != 1:
            raise UserError(_("Choose records of one company."))
        return records.company_id

    def _choose(self, messages):
        """Note the messages that a person selected."""
        messages.check_access_rights("write")
        messages.check_access_rule("write")
        self.env.cr.execute(
            """
            INSERT INTO dist_replay_item (replay_id, message_id, expected, result)
            SELECT %s, id, 'refused', 'open' FROM dist_message WHERE id = ANY(%s)
            """,
            (self.id, messages.ids),
        )

    # what a person does

    def action_preview(self):
        """See what would happen."""
        self._check_may_replay()
        for replay in self:
            replay._prepare_items()
        return True

    def action_start(self):
        """Start in the background.

        :raises UserError: no reason is given, or there is nothing to do
        """
        self.ensure_one()
        self._check_may_replay()
        if self.state != "draft":
            raise UserError(_("This replay was started already."))
        if not (self.reason or "").strip():
            raise UserError(_("Say why these messages are replayed."))
        if not self.previewed_at:
            self._prepare_items()
        if not self.open_count:
            raise UserError(_("No message fits: nothing would happen."))
        self.sudo().write({"state": "running", "started_at": fields.Datetime.now(), "user_id": self.env.uid})
        self._note_replay()
        self._schedule()
        return True

    def action_cancel(self):
        """Stop: what was handled stays, the rest is left as it is."""
        self._check_may_replay()
        stopped = self.filtered(lambda replay: replay.state in ("draft", "running"))
        stopped.sudo().write({"state": "cancelled", "finished_at": fields.Datetime.now()})
        self.env["dist.audit.entry"]._add_each("cancelled", stopped)
        return True

    def action_view_items(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_base.action_dist_replay_item"
        )
        return {**action, "domain": [("replay_id", "=", self.id)]}

    def _check_may_replay(self):
        self.check_access_rights("write")
        self.check_access_rule("write")

    def _note_replay(self):
        """Keep that this was started: who, when, why, how much."""
        for replay in self:
            replay._message_log(
                body=_(
                    "Started: %(number)s messages. %(reason)s", number=replay.item_count, reason=replay.reason
                )
            )
            self.env["dist.audit.entry"]._add("replayed", replay, reason=replay.reason)
