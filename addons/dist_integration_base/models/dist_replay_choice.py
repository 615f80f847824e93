from odoo import _, fields, models
from odoo.exceptions import UserError

# why a message is not replayed, the first that applies
REFUSALS = (
    ("cancelled", "message.state = 'cancelled'"),
    ("bulk", "EXISTS (SELECT 1 FROM dist_message child WHERE child.parent_id = message.id)"),
    ("waiting", "message.state = 'pending'"),
    ("erased", "message.erased_at IS NOT NULL"),
    (
        "purged",
        "message.payload IS NULL AND CASE message.direction WHEN 'out' THEN event.payload IS NULL "
        "ELSE message.raw IS NULL AND message.state <> 'done' END",
    ),
    (
        "answered",
        "%(leave_refused)s AND message.direction = 'in' AND message.state = 'dead' "
        "AND message.answer_status BETWEEN 400 AND 499",
    ),
    (
        "shadow",
        "message.direction = 'out' AND message.state = 'done' AND COALESCE(message.stage, '') = 'shadow'",
    ),
    ("no_endpoint", "message.direction = 'out' AND message.endpoint_id IS NULL"),
    (
        "overtaken",
        """
        NOT %(with_overtaken)s AND message.direction = 'in' AND message.state <> 'done' AND EXISTS (
            SELECT 1 FROM dist_message later
            WHERE later.business_key = message.business_key AND later.system_id = message.system_id
              AND later.message_type_id = message.message_type_id AND later.direction = 'in'
              AND later.id > message.id AND later.state = 'done')
        """,
    ),
)
REFUSAL = "CASE " + " ".join(f"WHEN {condition} THEN '{name}'" for name, condition in REFUSALS) + " END"
EXPECTED = """
    CASE WHEN message.direction = 'out' THEN 'send'
         WHEN message.state = 'done' THEN 'recognise' ELSE 'apply' END
"""
# an array, so that either half is looked up in its index
OF_EXCEPTIONS = """
    (message.exception_id = ANY(%(exceptions)s) OR message.id = ANY(ARRAY(
        SELECT message_id FROM dist_message_further_exception_rel WHERE exception_id = ANY(%(exceptions)s))))
"""
CLASSIFIED = f"""
    SELECT message.id, {REFUSAL} AS refusal, {EXPECTED} AS expected
    FROM dist_message message LEFT JOIN dist_event event ON event.id = message.event_id
"""


class DistReplay(models.Model):
    """Which messages, and what would happen to each: one statement, however many they are."""

    _inherit = "dist.replay"

    def _prepare_items(self):
        """Find the messages of a draft and say what would happen to them."""
        self.ensure_one()
        if self.state != "draft":
            raise UserError(_("This replay was started already."))
        for model in ("dist.message", "dist.event", "dist.replay", "dist.replay.item", "dist.exception"):
            self.env[model].flush_model()
        params = {
            "replay": self.id,
            "with_overtaken": self.with_overtaken,
            # who chose a message, its exception or its code by name means it
            "leave_refused": self.criterion == "period" and not self.with_refused,
        }
        if self.criterion == "selection":
            self.env.cr.execute(
                f"""
                UPDATE dist_replay_item item
                SET expected = CASE WHEN classified.refusal IS NULL THEN classified.expected ELSE 'refused' END,
                    refusal = classified.refusal
                FROM ({CLASSIFIED}) AS classified
                WHERE classified.id = item.message_id AND item.replay_id = %(replay)s
                """,
                params,
            )
        else:
            condition, values = self._get_condition()
            self.env.cr.execute("DELETE FROM dist_replay_item WHERE replay_id = %s", (self.id,))
            self.env.cr.execute(
                f"""
                INSERT INTO dist_replay_item (replay_id, message_id, expected, refusal, result)
                SELECT %(replay)s, id, CASE WHEN refusal IS NULL THEN expected ELSE 'refused' END, refusal, 'open'
                FROM ({CLASSIFIED} WHERE {condition}) AS classified
                """,
                {**params, **values},
            )
        self.env["dist.replay.item"].invalidate_model()
        self.sudo().previewed_at = fields.Datetime.now()

    def _get_condition(self):
        """:return: (SQL condition on ``message``, dict of its parameters)"""
        conditions, params = ["message.company_id = %(company)s"], {"company": self.company_id.id}
        states = [
            *(("retry", "error", "dead") if self.with_failed else ()),
            # what a person cancelled is left alone, and shown so
            *(("cancelled",) if self.with_failed and self.criterion == "period" else ()),
            *(("done",) if self.with_done else ()),
        ]
        if self.criterion == "exception":
            self.exception_ids.check_access_rule("read")
            conditions.append(OF_EXCEPTIONS)
            params["exceptions"] = self.exception_ids.ids
        elif self.criterion == "code":
            conditions.append(OF_EXCEPTIONS)
            params["exceptions"] = self._find_code_exceptions().ids
        else:
            conditions.append("message.received_at >= %(since)s")
            params["since"] = self.since or "-infinity"
            conditions.append(
                "NOT EXISTS (SELECT 1 FROM dist_message child WHERE child.parent_id = message.id)"
            )
        choices = (
            ("message.state = ANY(%(states)s)", "states", states, True),
            (
                "message.received_at < %(until)s",
                "until",
                self.until,
                self.until and self.criterion == "period",
            ),
            ("message.direction = %(direction)s", "direction", self.direction, self.direction),
            ("message.system_id = %(system)s", "system", self.system_id.id, self.system_id),
            ("message.flow_id = ANY(%(flows)s)", "flows", self.flow_ids.ids, self.flow_ids),
            (
                "message.message_type_id = ANY(%(types)s)",
                "types",
                self.message_type_ids.ids,
                self.message_type_ids,
            ),
        )
        for condition, name, value, applies in choices:
            if applies:
                conditions.append(condition)
                params[name] = value
        return " AND ".join(conditions), params

    def _find_code_exceptions(self):
        """:return: dist.exception, open or closed, that asked what the code means"""
        code = self.code_map_id
        return self.env["dist.exception"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("category", "=", "mapping"),
                ("system_id", "=", code.system_id.id),
                ("mapping_domain", "=", code.domain),
                ("external_code", "=", code.external_code),
            ]
        )
