from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from ..models.dist_release_request import KINDS, WANTED


class DistReleaseAsk(models.TransientModel):
    """Asks why, and for what, before the warehouse is asked."""

    _name = "dist.release.ask"
    _description = "Ask the warehouse"
    _inherit = ["dist.wizard.mixin"]

    picking_ids = fields.Many2many("stock.picking", string="Transfers", required=True)
    kind = fields.Selection(KINDS, required=True, default="cancel")
    reason = fields.Char(required=True)
    requested_date = fields.Datetime(string="Ship on")
    customer_id = fields.Many2one("res.partner", compute="_compute_has_order")
    partner_id = fields.Many2one(
        "res.partner",
        string="Deliver to",
        domain="[('id', 'child_of', customer_id)]",
        help="Empty: as before.",
    )
    carrier_id = fields.Many2one("delivery.carrier", help="Empty: as before.")
    cancels_order = fields.Boolean(string="Cancel the order as well, once the warehouse agrees")
    has_order = fields.Boolean(compute="_compute_has_order")
    is_released = fields.Boolean(compute="_compute_has_order")
    line_ids = fields.One2many("dist.release.ask.line", "ask_id", string="Lines")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if "line_ids" in fields_list and values.get("kind") == "change":
            commands = values.get("picking_ids") or []
            pickings = self.new({"picking_ids": commands}).picking_ids._origin
            lines = pickings._dist_prepare_request_lines() if len(pickings) == 1 else []
            if len(pickings) == 1 and pickings.dist_former_address and "partner_id" in fields_list:
                values["partner_id"] = pickings.partner_id.id
            values["line_ids"] = [fields.Command.create(line) for line in lines]
        return values

    @api.depends("picking_ids")
    def _compute_has_order(self):
        for ask in self:
            ask.customer_id = ask.picking_ids.partner_id.commercial_partner_id[:1]
            ask.has_order = bool(ask.picking_ids.sale_id)
            ask.is_released = any(picking.dist_release_ref for picking in ask.picking_ids)

    def action_ask(self):
        self.ensure_one()
        pickings = self._get_chosen("picking_ids")
        if self.kind == "hold":
            pickings._dist_hold(self.reason)
        elif self.kind == "cancel":
            pickings._dist_ask("cancel", self.reason, cancels_order=self.cancels_order)
        else:
            self._ask_change(pickings)
        return {"type": "ir.actions.act_window_close"}

    def _ask_change(self, picking):
        if len(picking) != 1:
            raise UserError(_("Change one transfer at a time."))
        lines, wanted = self._get_changed_lines(picking), self._get_changed_values(picking)
        if not lines and not wanted:
            raise UserError(_("Nothing is changed: give another quantity, date, address or carrier."))
        picking._dist_ask("change", self.reason, lines=lines, **wanted)

    def _get_changed_values(self, picking):
        """:return: dict, values of dist.release.request that are other than those of the transfer"""
        changed = {
            name: self[name] for name, own in WANTED.items() if self[name] and self[name] != picking[own]
        }
        if picking.dist_former_address and self.partner_id:
            # the same contact, with another address than the warehouse was told
            changed["partner_id"] = self.partner_id
        return self._convert_to_write(changed)

    def _get_changed_lines(self, picking):
        """:return: list of values of dist.release.request.line
        :raises UserError: a quantity that cannot be asked for
        """
        current = {line["line_ref"]: line for line in picking._dist_prepare_request_lines()}
        wanted = {line.line_ref: line.quantity for line in self.line_ids if line.line_ref in current}
        for ref, quantity in wanted.items():
            if quantity < 0:
                product = self.env["product.product"].browse(current[ref]["product_id"])
                raise UserError(_("The quantity of %s cannot be negative.", product.display_name))
        total = {ref: wanted.get(ref, line["quantity"]) for ref, line in current.items()}
        if not any(total.values()):
            raise UserError(_("Nothing would be left: ask for a cancellation instead."))
        return [
            {**current[ref], "quantity": quantity}
            for ref, quantity in wanted.items()
            if float_compare(quantity, current[ref]["quantity"], precision_digits=6)
        ]
