from odoo import _, api, fields, models
from odoo.exceptions import UserError


class DistReleaseWaveMake(models.TransientModel):
    """Hands over what is ready in a warehouse now, before its next cut-off."""

    _name = "dist.release.wave.make"
    _description = "Release a wave now"
    _inherit = ["dist.wizard.mixin"]

    warehouse_id = fields.Many2one(
        "stock.warehouse", required=True, domain="[('dist_system_id', '!=', False)]"
    )
    ready_count = fields.Integer(string="Ready", compute="_compute_counts")
    held_count = fields.Integer(string="Held back", compute="_compute_counts")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if "warehouse_id" in fields_list and not values.get("warehouse_id"):
            domain = [("dist_system_id", "!=", False), ("company_id", "in", self.env.companies.ids)]
            values["warehouse_id"] = self.env["stock.warehouse"].search(domain, limit=1).id
        return values

    @api.depends("warehouse_id")
    def _compute_counts(self):
        self._check_given()
        for wizard in self:
            ready = wizard._get_ready()
            held = ready._dist_filter_held()
            wizard.ready_count, wizard.held_count = len(ready - held), len(held)

    def _get_ready(self):
        warehouse = self.warehouse_id.sudo()
        return (
            warehouse._dist_get_ready({"wave", "manual", "ready"}) if warehouse else self.env["stock.picking"]
        )

    def action_release(self):
        self.ensure_one()
        self.env["stock.picking"]._dist_check_may_write()
        wave = self.env["dist.release.wave"]._make(self.warehouse_id, self._get_ready())
        if not wave:
            raise UserError(_("Nothing is ready to be released in %s.", self.warehouse_id.name))
        return {
            "type": "ir.actions.act_window",
            "res_model": wave._name,
            "res_id": wave.id,
            "views": [(False, "form")],
        }
