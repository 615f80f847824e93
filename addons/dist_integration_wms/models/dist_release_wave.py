from odoo import _, api, fields, models
from odoo.exceptions import UserError


class DistReleaseWave(models.Model):
    """Deliveries that are handed to the warehouse together."""

    _name = "dist.release.wave"
    _description = "Release wave"
    _inherit = ["dist.kept.mixin", "mail.thread"]
    _order = "id desc"

    name = fields.Char(string="Number", required=True, readonly=True, default="/")
    warehouse_id = fields.Many2one(
        "stock.warehouse", required=True, readonly=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one(related="warehouse_id.company_id", store=True, readonly=True, index=True)
    state = fields.Selection(
        [("draft", "Planned"), ("released", "Released")], default="draft", required=True, readonly=True
    )
    cutoff_at = fields.Datetime(string="Cut-off", readonly=True, help="Empty: made by a person.")
    released_at = fields.Datetime(readonly=True)
    released_by_id = fields.Many2one("res.users", readonly=True)
    picking_ids = fields.One2many("stock.picking", "dist_wave_id", string="Deliveries", readonly=True)
    picking_count = fields.Integer(
        compute="_compute_counts", compute_sudo=True, string="Number of deliveries"
    )
    accepted_count = fields.Integer(compute="_compute_counts", compute_sudo=True, string="Accepted")
    done_count = fields.Integer(compute="_compute_counts", compute_sudo=True, string="Shipped")
    refused_count = fields.Integer(
        compute="_compute_counts", compute_sudo=True, string="Refused or cancelled"
    )
    left_count = fields.Integer(
        string="Held back", readonly=True, help="Deliveries that were ready, but were held back."
    )

    _sql_constraints = [
        ("cutoff_uniq", "unique(warehouse_id, cutoff_at)", "The wave of this cut-off was made already."),
    ]

    @api.depends("picking_ids.dist_release_state")
    def _compute_counts(self):
        groups = self.env["stock.picking"]._read_group(
            [("dist_wave_id", "in", self.ids)], ["dist_wave_id", "dist_release_state"], ["__count"]
        )
        for wave in self:
            counts = {state: count for found, state, count in groups if found == wave}
            wave.picking_count = sum(counts.values())
            wave.accepted_count = counts.get("acknowledged", 0)
            wave.done_count = counts.get("done", 0)
            wave.refused_count = counts.get("refused", 0) + counts.get("cancelled", 0)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                vals["name"] = self.env["ir.sequence"].next_by_code(self._name) or "/"
        return super().create(vals_list)

    # making

    @api.model
    def _make(self, warehouse, pickings, cutoff_at=None):
        """Make a wave and hand it over.

        :param pickings: deliveries of the warehouse that are ready
        :param cutoff_at: datetime in UTC; None when a person asked for it
        :return: dist.release.wave; empty when nothing is ready
        """
        held = pickings._dist_filter_held()
        held._dist_release_hold_back()
        ready = pickings - held
        if not ready:
            return self.browse()
        wave = self.sudo().create(
            {"warehouse_id": warehouse.id, "cutoff_at": cutoff_at, "left_count": len(held)}
        )
        ready.sudo().write({"dist_wave_id": wave.id})
        wave._release(ready)
        return wave

    def _release(self, pickings):
        self.sudo().write(
            {
                "state": "released",
                "released_at": fields.Datetime.now(),
                "released_by_id": False if self.cutoff_at else self.env.uid,
            }
        )
        pickings.sudo()._dist_release_request()

    def action_release(self):
        """Hand over what a person planned; what is held back stays in the wave, unreleased."""
        self.env["stock.picking"]._dist_check_may_write()
        for wave in self:
            if wave.state == "released":
                raise UserError(_("%s was released already.", wave.name))
            wanted = wave.picking_ids.filtered("dist_can_release")
            held = wanted._dist_filter_held()
            free = wanted - held
            if not free:
                raise UserError(
                    _(
                        "Nothing in %(wave)s can be released. %(reasons)s",
                        wave=wave.name,
                        reasons=wave._explain(),
                    )
                )
            for picking in free:
                picking._dist_check_can_release()
            held.sudo()._dist_release_hold_back()
            wave.sudo().left_count = len(held)
            wave._release(free)
        return True

    def _explain(self):
        reasons = {picking.dist_wait_reason for picking in self.picking_ids if picking.dist_wait_reason}
        return " ".join(sorted(reasons))

    def action_discard(self):
        """Take the deliveries of a planned wave out of it and delete it."""
        self.env["stock.picking"]._dist_check_may_write()
        if self.filtered(lambda wave: wave.state == "released"):
            raise UserError(_("A released wave is kept."))
        self.sudo().picking_ids.write({"dist_wave_id": False})
        self.sudo().unlink()
        return self.env["ir.actions.act_window"]._for_xml_id("dist_integration_wms.dist_release_wave_action")

    def action_view_pickings(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("dist_integration_wms.released_picking_action")
        return {**action, "domain": [("dist_wave_id", "=", self.id)], "context": {}}
