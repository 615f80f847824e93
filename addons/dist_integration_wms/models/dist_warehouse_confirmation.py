import json

from odoo import _, api, fields, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError


class DistWarehouseConfirmation(models.Model):
    """What a warehouse said it shipped or received, once for each of its own numbers."""

    _name = "dist.warehouse.confirmation"
    _description = "Warehouse confirmation"
    _order = "id desc"
    _rec_name = "external_id"

    system_id = fields.Many2one("dist.system", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    kind = fields.Selection(
        [("shipment", "Shipment"), ("receipt", "Receipt"), ("return", "Return")], required=True, readonly=True
    )
    external_id = fields.Char(
        string="Number", required=True, readonly=True, help="The warehouse's own number."
    )
    picking_id = fields.Many2one(
        "stock.picking", string="Transfer", readonly=True, ondelete="set null", index=True
    )
    backorder_id = fields.Many2one("stock.picking", string="Rest in", readonly=True, ondelete="set null")
    message_id = fields.Many2one("dist.message", readonly=True, ondelete="set null")
    moved_at = fields.Datetime(string="Shipped or received", readonly=True)
    is_final = fields.Boolean(
        string="Finished", readonly=True, help="The warehouse has finished the document."
    )
    digest = fields.Char(required=True, readonly=True)
    answer = fields.Text(readonly=True, groups=fields.NO_ACCESS)

    _sql_constraints = [
        (
            "external_uniq",
            "unique(system_id, kind, external_id)",
            "This confirmation of the warehouse was applied already.",
        ),
    ]

    def _get_answer(self):
        """:return: dict, what the warehouse was told
        :raises BusinessError: it is no longer kept
        """
        self.ensure_one()
        if not self.answer:
            raise BusinessError(
                "answer_purged",
                _("%s was applied; its answer is no longer kept.", self.external_id),
                status=410,
                open_exception=False,
            )
        return json.loads(self.answer)

    @api.model
    def _find(self, system, kind, external_id):
        """:return: the confirmation that was applied under a number of the warehouse; empty when there is none"""
        return self.sudo().search(
            [("system_id", "=", system.id), ("kind", "=", kind), ("external_id", "=", external_id)], limit=1
        )
