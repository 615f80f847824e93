from odoo import _, api, fields, models

from ..models.dist_flow_cutover import STAGES


class DistCutoverSwitch(models.TransientModel):
    """Shows how this interface compares with the old one, then asks for the next stage."""

    _name = "dist.cutover.switch"
    _description = "Change the stage of a flow"
    _inherit = ["dist.wizard.mixin"]

    flow_id = fields.Many2one("dist.flow", required=True, readonly=True)
    present_stage = fields.Selection(related="flow_id.stage")
    previous_stage = fields.Selection(related="flow_id.previous_stage", string="Returns to")
    rolls_back = fields.Boolean(readonly=True)
    stage = fields.Selection(STAGES, string="Next stage")
    compared_count = fields.Integer(related="flow_id.compared_count")
    equal_count = fields.Integer(related="flow_id.equal_count")
    open_difference_count = fields.Integer(related="flow_id.open_difference_count")
    waiting_reference_count = fields.Integer(related="flow_id.waiting_reference_count")
    since_count = fields.Integer(compute="_compute_since_count", string="Messages since this stage")
    line_ids = fields.One2many("dist.cutover.switch.line", "switch_id", readonly=True)
    reason = fields.Char()

    @api.depends("flow_id")
    def _compute_since_count(self):
        for switch in self:
            switch.since_count = len(switch.flow_id._get_messages_since())

    @api.model
    def _open(self, flow, rolls_back=False):
        order = [key for key, _label in STAGES]
        following = order[min(order.index(flow.stage) + 1, len(order) - 1)]
        switch = self.create(
            {
                "flow_id": flow.id,
                "rolls_back": rolls_back,
                "stage": following if following != flow.stage else False,
                "line_ids": [fields.Command.create(vals) for vals in self._prepare_lines(flow)],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": switch.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Roll back") if rolls_back else _("Change the stage"),
        }

    @api.model
    def _prepare_lines(self, flow):
        groups = self.env["dist.cutover.difference"]._read_group(
            [("flow_id", "=", flow.id), ("is_accepted", "=", False)],
            ["pattern"],
            ["__count", "id:max"],
            order="__count desc",
        )
        examples = self.env["dist.cutover.difference"].browse([latest for _pattern, _count, latest in groups])
        return [
            {"pattern": pattern, "count": count, "ours": example.ours, "reference": example.reference}
            for (pattern, count, _latest), example in zip(groups, examples, strict=True)
        ]

    def action_apply(self):
        self.ensure_one()
        self.flow_id.check_access_rights("write")
        self.flow_id.check_access_rule("write")
        if not self.rolls_back:
            self.flow_id._set_stage(self.stage, self.reason)
            return {"type": "ir.actions.act_window_close"}
        messages = self.flow_id._roll_back(self.reason)
        return self.flow_id.action_view_to_handle() if messages else {"type": "ir.actions.act_window_close"}

    def action_view_comparisons(self):
        return self.flow_id.action_view_comparisons()


class DistCutoverSwitchLine(models.TransientModel):
    _name = "dist.cutover.switch.line"
    _description = "Open differences of a field"
    _inherit = ["dist.wizard.mixin"]

    switch_id = fields.Many2one("dist.cutover.switch", required=True, ondelete="cascade")
    pattern = fields.Char(string="Field")
    count = fields.Integer(string="Open differences")
    ours = fields.Char(string="This interface, last")
    reference = fields.Char(string="Old interface, last")
