from odoo import api, fields, models


class DistReplayItem(models.Model):
    """One message of a replay: what is expected, and what came of it."""

    _name = "dist.replay.item"
    _description = "Replayed message"
    _order = "replay_id desc, message_id"
    _rec_name = "message_id"
    _log_access = False

    replay_id = fields.Many2one("dist.replay", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="replay_id.company_id")
    message_id = fields.Many2one("dist.message", required=True, readonly=True, ondelete="cascade", index=True)
    message_type_id = fields.Many2one(related="message_id.message_type_id")
    business_key = fields.Char(related="message_id.business_key")
    message_state = fields.Selection(related="message_id.state", string="State of the message")
    expected = fields.Selection(
        [
            ("apply", "Processed again"),
            ("send", "Sent again"),
            ("recognise", "Recognised, no second effect"),
            ("refused", "Left alone"),
        ],
        required=True,
        readonly=True,
    )
    refusal = fields.Selection(
        [
            ("cancelled", "a person cancelled it"),
            ("bulk", "its items are replayed by themselves"),
            ("waiting", "it waits and goes by itself"),
            ("purged", "its content was deleted"),
            ("erased", "a person's data was erased from it"),
            ("no_endpoint", "its endpoint is gone"),
            ("overtaken", "a later message replaced it"),
            ("answered", "its sender was told that it is refused"),
            ("shadow", "it was built in the shadow, and not for sending"),
        ],
        readonly=True,
        string="Because",
    )
    result = fields.Selection(
        [
            ("open", "To do"),
            ("processed", "Processed"),
            ("queued", "Handed to delivery"),
            ("recognised", "Recognised, no second effect"),
            ("refused", "Left alone"),
            ("failed", "Failed again"),
            ("changed", "Changed in between"),
        ],
        required=True,
        readonly=True,
    )
    note = fields.Char(readonly=True)

    _sql_constraints = [("message_uniq", "unique(replay_id, message_id)", "A replay takes a message once.")]

    def init(self):
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS dist_replay_item_open_idx ON dist_replay_item (replay_id, message_id) "
            "WHERE result = 'open'"
        )

    @api.model
    def _get_labels(self, name):
        return dict(self._fields[name]._description_selection(self.env))

    def action_open_message(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "dist.message",
            "res_id": self.message_id.id,
            "views": [(False, "form")],
        }
