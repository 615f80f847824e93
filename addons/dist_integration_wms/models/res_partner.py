from odoo import _, fields, models

from .stock_picking import FINISHED, RELEASED

REST_POLICIES = [("keep", "Keep it in a backorder"), ("cancel", "Cancel it"), ("ask", "Ask a person")]
# what a warehouse is told of a recipient, and what decides whose address and company a contact takes over
ADDRESS = {
    "city",
    "company_name",
    "country_id",
    "email",
    "is_company",
    "name",
    "parent_id",
    "phone",
    "state_id",
    "street",
    "street2",
    "type",
    "zip",
}


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "dist.audited.extension.mixin"]

    dist_rest_policy = fields.Selection(
        REST_POLICIES,
        string="Shipped less than ordered",
        help="What happens to the rest of a delivery that an external warehouse finished. Empty: as the warehouse "
        "says.",
    )

    def _dist_get_rest_policy(self):
        """:return: key of REST_POLICIES: of the address, else of its company; False when neither says anything"""
        return self.dist_rest_policy or self.commercial_partner_id.dist_rest_policy

    # addresses of what a warehouse works on

    def write(self, vals):
        told = {} if ADDRESS.isdisjoint(vals) else self._dist_get_told_addresses()
        result = super().write(vals)
        self._dist_note_changed_addresses(told)
        return result

    def _dist_get_told_addresses(self):
        """Other contacts of the same customer may follow a change.

        :return: dict, stock.picking that a warehouse ships to any of them to the text of its address
        """
        pickings = (
            self.env["stock.picking"]
            .sudo()
            .search(
                [
                    ("partner_id.commercial_partner_id", "in", self.sudo().commercial_partner_id.ids),
                    ("picking_type_id.code", "=", "outgoing"),
                    ("dist_release_state", "in", RELEASED),
                    ("state", "not in", FINISHED),
                ]
            )
        )
        return {picking: picking._dist_get_address() for picking in pickings}

    def _dist_note_changed_addresses(self, told):
        """Have a person settle what a warehouse ships to a former address.

        :param told: as of `_dist_get_told_addresses`, before the change
        """
        changed = [picking for picking, before in told.items() if picking._dist_get_address() != before]
        person = self._dist_get_acting_person()
        for picking in changed:
            picking._dist_review_address(told[picking], person)
        self._dist_tell_former_addresses([picking for picking in changed if picking.dist_former_address])

    def _dist_get_acting_person(self):
        """:return: res.users who changes these contacts and works on exceptions; None for programs and others"""
        works_on_them = self.env.user.has_group("dist_integration_base.group_dist_user")
        return self.env.user if self._dist_is_written_by_person() and works_on_them else None

    def _dist_tell_former_addresses(self, pickings):
        """Tell who changes an address, on its contact, which deliveries do not follow."""
        for partner in self:
            own = [
                picking.name
                for picking in pickings
                if picking.partner_id.commercial_partner_id == partner.commercial_partner_id
                and picking.company_id in self.env.companies
            ]
            if own:
                partner._message_log(
                    body=_(
                        "Still going to the former recipient or address, as the warehouse was told: %(deliveries)s. "
                        "Ask it with Request change or Request hold on the delivery.",
                        deliveries=", ".join(own),
                    )
                )

    def _dist_get_address_text(self):
        """:return: one line of who receives, where, and how to reach them: what a message tells; the same in every
        language
        """
        company = self.commercial_partner_id
        words = (
            self.name or company.name,
            company != self and self.commercial_company_name,
            self.street,
            self.street2,
            " ".join(filter(None, (self.zip, self.city))),
            self.state_id.code,
            self.country_id.code,
            self.phone,
            self.email,
        )
        return ", ".join(filter(None, words))
