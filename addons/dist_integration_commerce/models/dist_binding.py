from odoo import _, api, fields, models
from odoo.exceptions import UserError


class DistBinding(models.Model):
    """A customer that was here before a system named it."""

    _inherit = "dist.binding"

    dist_unconfirmed = fields.Boolean(
        string="To confirm",
        readonly=True,
        help="The customer was here before and was found by its tax ID, or by its e-mail and name. Until a person "
        "confirms that it is the one, the system only fills in what is empty and reads nothing that it did not send.",
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_orders(self):
        """By its id an order is known when it comes again."""
        ids = self.filtered(lambda binding: binding.res_model == "sale.order").mapped("res_id")
        orders = self.env["sale.order"].sudo().browse(ids).exists()
        if orders:
            raise UserError(
                _(
                    "By these ids their systems know orders that are there: %s",
                    ", ".join(orders.mapped("name")),
                )
            )

    @api.model
    def _find_of(self, system, record):
        """:return: dist.binding of a record in a system; empty when there is none"""
        return self.sudo().search(
            [("system_id", "=", system.id), ("res_model", "=", record._name), ("res_id", "=", record.id)],
            limit=1,
        )

    def action_confirm(self):
        """The system means these records: from now on it may change and read them."""
        self.write({"dist_unconfirmed": False})
        for binding in self.filtered(lambda item: item.res_model == "res.partner"):
            customer = self.env["res.partner"].browse(binding.res_id).exists()
            self.env["dist.exception"]._close_for_record(customer, ["customer_unconfirmed"])
        return True
