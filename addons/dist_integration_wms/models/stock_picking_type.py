from odoo import api, fields, models

from .stock_warehouse_release import RELEASE_MODES
from .stock_warehouse_waiting import KINDS


class StockPickingType(models.Model):
    _name = "stock.picking.type"
    _inherit = ["stock.picking.type", "dist.audited.extension.mixin"]

    dist_system_id = fields.Many2one(
        "dist.system",
        string="Run by",
        compute="_compute_dist_system_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        domain="[('company_id', '=', company_id), ('kind', '=', 'warehouse')]",
        check_company=True,
        help="The external system that these operations are released to. Follows the warehouse; empty it for "
        "operations that are done in Odoo.",
    )

    dist_release_mode = fields.Selection(
        RELEASE_MODES,
        string="Hand over",
        help="When deliveries of this type that are ready go to the external system. Empty: as the warehouse says.",
    )

    @api.depends("warehouse_id.dist_system_id", "warehouse_id.in_type_id", "warehouse_id.out_type_id")
    def _compute_dist_system_id(self):
        for picking_type in self:
            warehouse = picking_type.warehouse_id
            runs = picking_type in warehouse.in_type_id | warehouse.out_type_id
            picking_type.dist_system_id = warehouse.dist_system_id if runs else False

    def write(self, vals):
        result = super().write(vals)
        if not {"dist_system_id", "dist_release_mode"}.isdisjoint(vals):
            self.warehouse_id._dist_release_waiting()
        return result

    def _dist_is_told(self):
        """:return: True when an active flow tells the external system of some of these operations"""
        self.ensure_one()
        return any(
            self.env["dist.flow"]._dist_has_subscription(
                f"{kind}.requested", self.company_id, self.dist_system_id
            )
            for kind in KINDS.get(self.code, ())
        )

    def _dist_get_release_mode(self, kind):
        """:return: ``ready``, ``wave`` or ``manual``; only shipments are ever put off"""
        self.ensure_one()
        if kind != "shipment":
            return "ready"
        return self.dist_release_mode or self.warehouse_id.dist_release_mode
