from odoo import _, api, fields, models, tools
from odoo.exceptions import ValidationError


class DistSalesChannel(models.Model):
    """What of the stock a channel may promise, and for how long it may set goods aside."""

    _inherit = "dist.sales.channel"

    availability_rule_ids = fields.One2many(
        "dist.availability.rule", "channel_id", string="Availability rules"
    )
    allow_holds = fields.Boolean(
        string="May hold goods",
        tracking=True,
        help="The channel may set goods aside for a buyer who has not ordered yet. They come free by themselves.",
    )
    hold_minutes = fields.Integer(
        string="Holds end after (minutes)",
        default=15,
        tracking=True,
        help="How long goods are set aside at most, and where the channel does not say.",
    )
    hold_count = fields.Integer(compute="_compute_hold_count")

    _sql_constraints = [
        (
            "hold_minutes_range",
            "CHECK(hold_minutes IS NULL OR hold_minutes BETWEEN 1 AND 10080)",
            "Goods are held for a minute at least and a week at most.",
        ),
    ]

    def _compute_hold_count(self):
        groups = self.env["dist.availability.hold"]._read_group(
            [
                ("channel_id", "in", self.ids),
                ("state", "=", "held"),
                ("expires_at", ">", fields.Datetime.now()),
            ],
            ["channel_id"],
            ["__count"],
        )
        counts = {channel.id: count for channel, count in groups}
        for channel in self:
            channel.hold_count = counts.get(channel.id, 0)

    @api.constrains("company_id")
    def _check_rules_company(self):
        for channel in self:
            foreign = channel.availability_rule_ids.warehouse_id.filtered(
                lambda warehouse, channel=channel: warehouse.company_id != channel.company_id
            )
            if foreign:
                raise ValidationError(_("%s is of another company.", foreign[0].display_name))

    @api.model
    @tools.ormcache("company_id")
    def _has_holds(self, company_id):
        """:return: True when a channel of the company sets goods aside; then they are missing to all of them"""
        return bool(
            self.sudo()
            .with_context(active_test=False)
            .search_count([("company_id", "=", company_id), ("allow_holds", "=", True)], limit=1)
        )

    @api.model
    @tools.ormcache("channel_id")
    def _is_governed_cached(self, channel_id):
        channel = self.sudo().browse(channel_id)
        return bool(channel.availability_rule_ids) or self._has_holds(channel.company_id.id)

    def _is_governed(self):
        """:return: True when more than the plain stock and the safety buffer decides on what may be promised"""
        self.ensure_one()
        return self._is_governed_cached(self.id)

    def _get_published_warehouses(self):
        """:return: stock.warehouse whose stock the channel may ask for"""
        return self.availability_warehouse_ids or self.warehouse_id

    def action_view_holds(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_commerce.action_dist_availability_hold"
        )
        return {**action, "domain": [("channel_id", "=", self.id)]}
