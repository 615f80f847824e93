from odoo import api, fields, models, tools

AVAILABLE, HOLD, DAMAGED = "available", "hold", "damaged"
APART = {"dist_damaged_location_id", "dist_hold_location_id", "dist_repair_location_id"}
STATUSES = [(AVAILABLE, "Available"), (HOLD, "On hold"), (DAMAGED, "Damaged")]


class StockWarehouse(models.Model):
    """Where goods of each status lie, and what an adjustment may be worth before a person is asked."""

    _inherit = "stock.warehouse"

    dist_hold_location_id = fields.Many2one(
        "stock.location",
        string="Goods on hold go to",
        domain="[('usage', '=', 'internal'), ('company_id', 'in', (False, company_id))]",
        check_company=True,
        help="Goods that wait for a quality decision are put here, and are not available for sale.",
    )
    dist_repair_location_id = fields.Many2one(
        "stock.location",
        string="Goods to repair go to",
        domain="[('usage', '=', 'internal'), ('company_id', 'in', (False, company_id))]",
        check_company=True,
        help="Returned goods that are to be repaired are put here, and are not available for sale.",
    )
    dist_scrap_location_id = fields.Many2one(
        "stock.location",
        string="Scrapped goods go to",
        domain="[('usage', '=', 'inventory'), ('company_id', 'in', (False, company_id))]",
        check_company=True,
        help="Returned goods that the warehouse throws away leave the stock to this virtual location.",
    )
    dist_unexpected_return_policy = fields.Selection(
        [("ask", "Wait for a person"), ("accept", "Take it back")],
        string="Return nobody announced",
        default="ask",
        required=True,
        help="What happens when the warehouse receives goods back without having been told to expect them.",
    )
    dist_adjustment_limit = fields.Monetary(
        string="Adjustments without approval up to",
        currency_field="dist_currency_id",
        help="An adjustment whose lines are worth more than this together, gains and losses alike, waits for a "
        "person. 0: every adjustment of something that has a cost waits.",
    )
    dist_currency_id = fields.Many2one(related="company_id.currency_id")

    _sql_constraints = [
        (
            "dist_adjustment_limit_positive",
            "CHECK(dist_adjustment_limit IS NULL OR dist_adjustment_limit >= 0)",
            "The limit of adjustments cannot be negative.",
        ),
    ]

    @api.model_create_multi
    def create(self, vals_list):
        warehouses = super().create(vals_list)
        self.env.registry.clear_cache()
        return warehouses

    def write(self, vals):
        result = super().write(vals)
        if APART & set(vals):
            self.env.registry.clear_cache()
        return result

    @api.model
    def _dist_get_all_apart(self):
        """:return: locations of all warehouses whose goods are not for sale"""
        return self.env["stock.location"].sudo().browse(self._dist_get_apart_ids())

    @api.model
    @tools.ormcache()
    def _dist_get_apart_ids(self):
        warehouses = self.sudo().with_context(active_test=False).search([])
        return tuple(warehouses._dist_get_places_apart().ids)

    def _dist_get_status_location(self, status):
        """:return: stock.location where goods of a status lie; empty when the warehouse has none for it"""
        self.ensure_one()
        return {
            AVAILABLE: self.lot_stock_id,
            HOLD: self.dist_hold_location_id,
            DAMAGED: self.dist_damaged_location_id,
        }[status]

    def _dist_get_places_apart(self):
        """:return: locations whose goods are not for sale"""
        return self.dist_damaged_location_id | self.dist_hold_location_id | self.dist_repair_location_id

    def _dist_get_status_locations(self, status):
        """:return: all locations whose stock has a status: those below its own, less those of other statuses"""
        self.ensure_one()
        own = self._dist_get_status_location(status)
        if not own:
            return own
        below = self.env["stock.location"].search([("id", "child_of", own.id)])
        others = self._dist_get_places_apart().filtered(
            lambda location: location in below and location != own
        )
        return (
            below - self.env["stock.location"].search([("id", "child_of", others.ids)]) if others else below
        )

    def _dist_get_return_places(self):
        """:return: dict, disposition of returned goods to the location they go to; those that have one"""
        self.ensure_one()
        places = {
            "scrap": self.dist_scrap_location_id,
            "repair": self.dist_repair_location_id,
            "hold": self.dist_hold_location_id,
            "damaged": self.dist_damaged_location_id,
        }
        return {disposition: location for disposition, location in places.items() if location}

    @api.model
    def _dist_find_by_code(self, system, code=None):
        """The warehouse a message of a system is about.

        :param code: what the message calls it: a code of the code map, or the warehouse's short name; None when the
            system runs a single one
        :return: warehouses that fit; the caller decides what none or several mean
        """
        warehouses = self.search([("dist_system_id", "=", system.id)])
        if not code:
            return warehouses
        found = self.env["dist.code.map"]._find(system, "warehouse", code)
        if getattr(found, "_name", None) == self._name:
            return found & warehouses
        return warehouses.filtered(lambda warehouse: warehouse.code == code)
