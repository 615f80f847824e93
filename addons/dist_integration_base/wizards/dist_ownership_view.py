from odoo import _, api, fields, models


class DistOwnershipView(models.TransientModel):
    """Who owns what of one record."""

    _name = "dist.ownership.view"
    _description = "Data owners of a record"
    _inherit = ["dist.wizard.mixin"]

    record_name = fields.Char(readonly=True)
    line_ids = fields.One2many("dist.ownership.view.line", "view_id", readonly=True)

    @api.model
    def _open(self, record):
        lines = [vals for part in record._dist_get_owned_parts() for vals in self._prepare_lines(part)]
        view = self.create(
            {
                "record_name": record.display_name,
                "line_ids": [fields.Command.create(vals) for vals in lines],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": view.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("Data owners"),
        }

    @api.model
    def _prepare_lines(self, record):
        """:param record: record, or its parts of one model such as its lines"""
        rules = record._dist_get_rules()
        names = {}
        for name, group in self.env["dist.ownership.group"]._get_field_groups(record._name).items():
            if name in record._fields:
                names.setdefault(group, []).append(name)
        code = record._dist_get_ownership_group({})
        if code:
            own = self.env["dist.ownership.group"]._get_id(code)
            names = {own: [name for group in names.values() for name in group]} if own else {}
        changes = self.env["dist.inbound.change"].search(
            [("res_model", "=", record._name), ("res_id", "in", record.ids), ("group_id", "in", list(names))]
        )
        last = {change.group_id.id: change for change in changes.sorted("changed_at")}
        groups = self.env["dist.ownership.group"].browse(names).sorted()
        return [
            self._prepare_line(record, group, names[group.id], rules, last.get(group.id)) for group in groups
        ]

    @api.model
    def _prepare_line(self, record, group, names, rules, change):
        rule = rules.get(names[0])
        labels = [record._fields[name].get_description(self.env, ["string"])["string"] for name in names]
        return {
            "group_name": group.name,
            "field_labels": ", ".join(dict.fromkeys(labels)),
            "owner_name": self.env["dist.ownership"]._get_names(rule)[1] if rule else _("Anybody"),
            "steward_id": rule.steward if rule else False,
            "changed_at": change.changed_at if change else False,
            "message_id": change.message_id.id if change else False,
        }


class DistOwnershipViewLine(models.TransientModel):
    _name = "dist.ownership.view.line"
    _description = "Data owner of a field group of a record"
    _inherit = ["dist.wizard.mixin"]

    view_id = fields.Many2one("dist.ownership.view", required=True, ondelete="cascade")
    group_name = fields.Char(string="Field group")
    field_labels = fields.Char(string="Fields")
    owner_name = fields.Char(string="Owner")
    steward_id = fields.Many2one("res.users", string="Data steward")
    changed_at = fields.Datetime(string="Last inbound change")
    message_id = fields.Many2one("dist.message", string="By message")
