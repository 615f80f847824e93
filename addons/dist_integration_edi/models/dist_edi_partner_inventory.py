from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

REPORT = "inventory.report"


class DistEdiPartner(models.Model):
    """Tells customers regularly what they can order of the items they know."""

    _inherit = "dist.edi.partner"

    inventory_hours = fields.Integer(
        string="Inventory report every (hours)",
        default=24,
        tracking=True,
        help="Where the document is agreed. 0: only by hand.",
    )
    inventory_reported_at = fields.Datetime(string="Inventory reported", readonly=True, copy=False)
    sends_inventory = fields.Boolean(compute="_compute_sends_inventory")

    _sql_constraints = [
        ("inventory_hours_positive", "CHECK(inventory_hours >= 0)", "Hours are not negative."),
    ]

    @api.depends("agreement_ids.direction", "agreement_ids.code", "standard")
    def _compute_sends_inventory(self):
        for partner in self:
            partner.sends_inventory = bool(partner._get_agreement("out", REPORT))

    def _get_audited_fields(self):
        # when it was told last is no configuration
        return [name for name in super()._get_audited_fields() if name != "inventory_reported_at"]

    def _get_missing(self):
        missing = super()._get_missing()
        if self.sends_inventory and not self.channel_id:
            missing.append(_("the sales channel whose stock is reported"))
        return missing

    def _dist_get_edi_receiver(self, code, system=None):
        """What is told of a profile goes to its partner."""
        is_of_system = not system or self.system_id == system
        return self if is_of_system and self._get_agreement("out", code) else self.browse()

    def action_report_inventory(self):
        """Send an inventory report now.

        :raises AccessError: the user is no operator
        :raises UserError: there is nothing to report
        """
        if not self.env.user.has_group("dist_integration_base.group_dist_operator"):
            raise AccessError(_("Only an operator sends an inventory report."))
        for partner in self:
            if not partner._get_reported_products():
                raise UserError(
                    _(
                        "%s knows no item: name the sales channel, and the items in the code maps.",
                        partner.name,
                    )
                )
        self._report_inventory()
        return True

    @api.model
    def _cron_report_inventory(self):
        """Send the inventory reports that are due."""
        partners = self.search([("inventory_hours", ">", 0), ("channel_id", "!=", False)])
        partners.filtered(lambda partner: partner._is_inventory_due())._report_inventory()

    def _is_inventory_due(self):
        self.ensure_one()
        last, pause = self.inventory_reported_at, timedelta(hours=self.inventory_hours)
        return self.sends_inventory and (not last or last + pause <= fields.Datetime.now())

    def _report_inventory(self):
        self.sudo().write({"inventory_reported_at": fields.Datetime.now()})
        self._dist_emit(REPORT)

    def _get_reported_products(self):
        """What a report is about: the items that the partner has numbers for, else all that are for sale.

        :return: product.product
        """
        self.ensure_one()
        channel = self.channel_id.sudo()
        if not channel:
            return self.env["product.product"]
        codes = (
            self.env["dist.code.map"]
            .sudo()
            .search_read(
                [
                    ("system_id", "=", self.system_id.id),
                    ("domain", "=", "product"),
                    ("res_model", "=", "product.product"),
                ],
                ["res_id"],
            )
        )
        ids = [code["res_id"] for code in codes]
        if not ids:
            ids = (
                self.env["product.product"]
                .sudo()
                .search([("sale_ok", "=", True), ("type", "!=", "service")])
                .ids
            )
        return channel._filter_sold(ids).filtered("active")
