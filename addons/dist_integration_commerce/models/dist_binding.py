from odoo import api, fields, models


class DistBinding(models.Model):
    """A customer that was here before a system named it."""

    _inherit = "dist.binding"

    dist_unconfirmed = fields.Boolean(
        string="To confirm",
        readonly=True,
        help="The customer was here before and was found by its tax ID, or by its e-mail and name. Until a person "
        "confirms that it is the one, the system only fills in what is empty and reads nothing that it did not send.",
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
