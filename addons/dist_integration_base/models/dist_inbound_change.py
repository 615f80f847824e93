from odoo import api, fields, models


class DistInboundChange(models.Model):
    """The last message that changed a field group of a record."""

    _name = "dist.inbound.change"
    _description = "Last inbound change"
    _order = "changed_at desc, id desc"

    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(string="Record", model_field="res_model", required=True, readonly=True)
    group_id = fields.Many2one(
        "dist.ownership.group", required=True, readonly=True, ondelete="cascade", string="Field group"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    system_id = fields.Many2one("dist.system", readonly=True, ondelete="cascade")
    message_id = fields.Many2one("dist.message", readonly=True, ondelete="set null", index="btree_not_null")
    changed_at = fields.Datetime(required=True, readonly=True)

    _sql_constraints = [
        (
            "record_group_uniq",
            "unique(res_model, res_id, group_id, company_id)",
            "Only the last change of a field group is kept.",
        ),
    ]

    @api.model
    def _note(self, message, record, names):
        """Keep a message as the last one that changed fields of a record, where its screen tells."""
        if "dist_owner_text" not in record._fields:
            return
        code = record._dist_get_ownership_group({})
        groups = self.env["dist.ownership.group"]
        known = groups._get_field_groups(record._name)
        changed = {known[name] for name in names if name in known}
        if changed and code:
            changed = {groups._get_id(code)} - {None}
        if not changed:
            return
        now = fields.Datetime.now()
        for group_id in sorted(changed):
            self.env.cr.execute(
                """
                INSERT INTO dist_inbound_change
                    (res_model, res_id, group_id, company_id, system_id, message_id, changed_at)
                VALUES (%s, %s, %s, %s, %s, %s, %s)
                ON CONFLICT (res_model, res_id, group_id, company_id) DO UPDATE
                SET system_id = excluded.system_id, message_id = excluded.message_id,
                    changed_at = excluded.changed_at
                """,
                (
                    record._name,
                    record.id,
                    group_id,
                    message.company_id.id,
                    message.system_id.id,
                    message.id,
                    now,
                ),
            )
        self.invalidate_model()
