import json

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

# longer than this nobody plans: what is not sold any more lasts for ever
MOST_COVER_DAYS = 3650
ABC = [("A", "A"), ("B", "B"), ("C", "C")]
XYZ = [("X", "X"), ("Y", "Y"), ("Z", "Z")]
PATTERNS = [
    ("smooth", "Smooth"),
    ("erratic", "Erratic: regular, of changing size"),
    ("intermittent", "Intermittent: now and then, of one size"),
    ("lumpy", "Lumpy: now and then, of changing size"),
    ("none", "No demand"),
]


class DistPlanningItem(models.Model):
    """What is planned: a product in a warehouse, who plans it and how, and what the last run found."""

    _name = "dist.planning.item"
    _description = "Planned item"
    _inherit = ["dist.company.mixin", "dist.audited.mixin", "dist.kept.mixin"]
    _order = "shortage_value desc, id"

    active = fields.Boolean(default=True)
    product_id = fields.Many2one("product.product", required=True, ondelete="cascade", index=True)
    warehouse_id = fields.Many2one("stock.warehouse", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="warehouse_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    uom_id = fields.Many2one(related="product_id.uom_id")
    categ_id = fields.Many2one(related="product_id.categ_id")

    # what a person enters
    planner_id = fields.Many2one("res.users", index=True, help="Who decides about this item's proposals.")
    service_level = fields.Float(
        string="Service level (%)",
        digits=(5, 2),
        help="Probability of no stock-out in a replenishment cycle. 0 leaves it to the planning source.",
    )
    launch_date = fields.Date(string="Sold from", help="Before it, missing sales say nothing about demand.")
    end_date = fields.Date(string="Sold until", help="Nothing is forecast and ordered for after it.")
    expected_demand = fields.Float(
        string="Expected demand a week",
        digits="Product Unit of Measure",
        help="Of a new item, until its own sales tell more: it counts as much as twelve weeks or months of sales.",
    )
    supersedes_id = fields.Many2one(
        "product.product",
        string="Takes the place of",
        help="The demand of that item counts as this one's, and nothing is ordered of it any more.",
    )
    supersession_factor = fields.Float(
        string="For one of it", default=1.0, help="How many of this item stand for one of the item before."
    )

    # what the last run found
    planned_at = fields.Datetime(string="Planned on", readonly=True, copy=False)
    partner_id = fields.Many2one("res.partner", string="Supplier", readonly=True, copy=False, index=True)
    abc = fields.Selection(
        ABC,
        string="ABC",
        readonly=True,
        copy=False,
        index=True,
        help="By expected turnover of a year at cost: A are the items that make 80 % of it, B the next 15 %.",
    )
    xyz = fields.Selection(
        XYZ,
        string="XYZ",
        readonly=True,
        copy=False,
        index=True,
        help="By how demand varies: X is steady, Y changing, Z irregular.",
    )
    pattern = fields.Selection(PATTERNS, readonly=True, copy=False)
    method = fields.Char(readonly=True, copy=False)
    weekly_demand = fields.Float(
        string="Demand a week", readonly=True, copy=False, digits="Product Unit of Measure"
    )
    forecast_error = fields.Float(
        string="Forecast error (%)",
        readonly=True,
        copy=False,
        digits=(16, 1),
        group_operator="avg",
        help="Of the demand over lead and review time, when the method was tried on the end of the history.",
    )
    on_hand = fields.Float(string="On hand", readonly=True, copy=False, digits="Product Unit of Measure")
    incoming = fields.Float(
        readonly=True,
        copy=False,
        digits="Product Unit of Measure",
        help="Ordered from suppliers, requests for quotation included, and on its way from other warehouses.",
    )
    owed = fields.Float(
        string="Owed to customers", readonly=True, copy=False, digits="Product Unit of Measure"
    )
    safety_stock = fields.Float(
        string="Safety stock", readonly=True, copy=False, digits="Product Unit of Measure"
    )
    reorder_point = fields.Float(
        string="Reorder point", readonly=True, copy=False, digits="Product Unit of Measure"
    )
    maximum = fields.Float(string="Order up to", readonly=True, copy=False, digits="Product Unit of Measure")
    days_of_cover = fields.Float(
        string="Days of cover", readonly=True, copy=False, digits=(16, 0), group_operator="avg"
    )
    stock_out_risk = fields.Float(
        string="Risk of stock-out (%)",
        readonly=True,
        copy=False,
        digits=(16, 1),
        group_operator="avg",
        help="Probability that the demand until the next order could arrive exceeds what is there and ordered.",
    )
    shortage_value = fields.Monetary(
        string="Sales at risk",
        readonly=True,
        copy=False,
        help="At sales price, what is expected not to be delivered of the demand until the next order could arrive.",
    )
    overstock_quantity = fields.Float(
        string="Overstock", readonly=True, copy=False, digits="Product Unit of Measure"
    )
    overstock_value = fields.Monetary(
        string="Value of overstock",
        readonly=True,
        copy=False,
        help="At cost, what is above the level that orders fill up to.",
    )
    explanation = fields.Json(readonly=True, copy=False)
    explanation_html = fields.Html(
        string="How these numbers come about", compute="_compute_explanation_html", sanitize=False
    )

    _sql_constraints = [
        ("item_uniq", "unique(product_id, warehouse_id)", "This item is planned in this warehouse already."),
        (
            "service_level_range",
            "CHECK(service_level >= 0 AND service_level < 100)",
            "A service level is below 100 %.",
        ),
        ("factor_positive", "CHECK(supersession_factor > 0)", "The factor of a supersession is above zero."),
        ("expected_positive", "CHECK(expected_demand >= 0)", "An expected demand is not negative."),
        (
            "dates_in_order",
            "CHECK(launch_date <= end_date)",
            "An item cannot end to be sold before it is launched.",
        ),
    ]

    @api.depends("product_id", "warehouse_id")
    def _compute_display_name(self):
        for item in self:
            item.display_name = f"{item.product_id.display_name} / {item.warehouse_id.code}"

    @api.depends("explanation")
    @api.depends_context("lang")
    def _compute_explanation_html(self):
        for item in self:
            item.explanation_html = self.env["dist.planning.explanation"]._render(
                item.explanation, item.uom_id, item.currency_id
            )

    @api.constrains("supersedes_id", "product_id", "warehouse_id")
    def _check_supersession(self):
        for item in self.filtered("supersedes_id"):
            chain, before = item, item._get_superseded()
            while before:
                if before in chain:
                    raise ValidationError(
                        _("%s would take its own place in the end.", item.product_id.display_name)
                    )
                chain, before = chain | before, before._get_superseded()

    def _get_superseded(self):
        """:return: dist.planning.item of the product whose place this one takes; empty for none"""
        self.ensure_one()
        return self.supersedes_id and self.search(
            [("product_id", "=", self.supersedes_id.id), ("warehouse_id", "=", self.warehouse_id.id)]
        )

    def _get_predecessors(self):
        """:return: dist.planning.item whose place these take, and those whose place these took"""
        found, before = self.browse(), self
        while before:
            before = self.browse().union(
                *(item._get_superseded() for item in before.filtered("supersedes_id"))
            )
            found |= before
        return found

    @api.model
    def _write_found(self, rows):
        """Write what a run found, in one statement: it is not a change that a person made.

        :param rows: list of dicts of one shape: ``id`` and stored fields as JSON
        """
        if not rows:
            return
        names = [name for name in rows[0] if name != "id"]
        columns = [SQL.identifier(name) for name in names]
        kinds = [SQL(self._fields[name].column_type[1]) for name in names]
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE dist_planning_item item SET %s FROM jsonb_to_recordset(%s::jsonb) AS found (id integer, %s)"
                " WHERE item.id = found.id",
                SQL(", ").join(SQL("%s = found.%s", column, column) for column in columns),
                json.dumps(rows, default=str),
                SQL(", ").join(
                    SQL("%s %s", column, kind) for column, kind in zip(columns, kinds, strict=True)
                ),
            )
        )
        self.invalidate_model(names)

    @api.model
    def _get_writable_fields(self):
        return {name for name, field in self._fields.items() if field.store and not field.readonly}

    def _get_audited_fields(self):
        entered = self._get_writable_fields()
        return [name for name in super()._get_audited_fields() if name in entered]

    @api.model
    def _ensure(self, warehouses):
        """Make an item of every product that was sold from a warehouse or is reordered there.

        :return: dist.planning.item of these warehouses, active ones
        """
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO dist_planning_item (product_id, warehouse_id, company_id, active, supersession_factor,
                                            create_uid, create_date, write_uid, write_date)
            SELECT found.product_id, found.warehouse_id, warehouse.company_id, TRUE, 1,
                   %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
            FROM (SELECT DISTINCT product_id, warehouse_id FROM dist_planning_history
                  UNION SELECT product_id, warehouse_id FROM stock_warehouse_orderpoint WHERE active) AS found
            JOIN stock_warehouse warehouse ON warehouse.id = found.warehouse_id
            JOIN product_product product ON product.id = found.product_id AND product.active
            WHERE found.warehouse_id = ANY(%(warehouses)s)
            ON CONFLICT (product_id, warehouse_id) DO NOTHING
            """,
            {"uid": self.env.uid, "warehouses": warehouses.ids},
        )
        return self.search(
            [("warehouse_id", "in", warehouses.ids), ("product_id.active", "=", True)], order="id"
        )

    @api.model
    def _find(self, product, warehouse):
        """:return: dist.planning.item of a product in a warehouse; empty when it is not planned"""
        return self.search([("product_id", "=", product.id), ("warehouse_id", "=", warehouse.id)])

    def action_view_forecasts(self):
        """Open what the sources say of this item."""
        return self._get_list("dist.planning.forecast", _("Forecasts"))

    def action_view_proposals(self):
        """Open what was proposed for this item."""
        return self._get_list("dist.planning.proposal", _("Proposals"))

    def action_view_accuracy(self):
        """Open how good the forecasts of this item were."""
        return self._get_list("dist.planning.accuracy", _("Forecast accuracy"))

    def _get_list(self, model, name):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "tree,form",
            "domain": [
                ("product_id", "=", self.product_id.id),
                ("warehouse_id", "=", self.warehouse_id.id),
            ],
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_planned(self):
        if any(item.planned_at for item in self):
            raise UserError(_("Archive an item that is not to be planned any more."))
