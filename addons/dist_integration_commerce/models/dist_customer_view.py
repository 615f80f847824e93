from odoo import models

from .handlers.customer_upsert import ADDRESS_FIELDS, CODED_FIELDS


class DistCustomerView(models.AbstractModel):
    _name = "dist.customer.view"
    _inherit = "dist.view"
    _description = "Customer as systems see it"

    def _get_shown(self, system, partner, said=None):
        """What a system may read: of a customer that nobody has confirmed to be the one, only what it said itself.

        :param said: dict, what the system has just sent
        """
        view = self._get_view(system, partner)
        if not self.env["dist.binding"]._find_of(system, partner).dist_unconfirmed:
            return view
        said = said or {}
        own = {name: view[name] for name in ("external_id", "status", "addresses")}
        same = {name: value for name, value in view.items() if name in said and said[name] == value}
        address = said.get("address") or {}
        known = {name: value for name, value in view["address"].items() if address.get(name, 0) == value}
        return {"name": None, **same, **own, "address": known}

    def _get_view(self, system, partner):
        """:param system: dist.system that looks; ids and codes are in its words"""
        partner = partner.with_company(system.company_id)
        children = partner.with_context(active_test=True).child_ids
        external_ids = self._get_external_ids(system, partner | children)
        own_id = external_ids.get(partner.id)
        view = {
            "external_id": own_id,
            "name": partner.name,
            "is_company": partner.is_company,
            "vat": partner.vat or None,
            "email": partner.email or None,
            "phone": partner.phone or None,
            "language": partner.lang or None,
            "address": self._get_address(partner),
            "status": "blocked" if partner.dist_blocked else "active",
            "block_reason": partner.dist_block_reason or None,
        }
        for name, (domain, _model, field) in CODED_FIELDS.items():
            view[name] = self._get_codes(system, domain, partner[field]).get(partner[field].id)
        view["territory"] = next(
            iter(self._get_codes(system, "territory", partner.category_id).values()), None
        )
        view["addresses"] = [
            self._get_contact(child, external_ids[child.id].removeprefix(f"{own_id}/"))
            for child in children.sorted("id")
            if child.id in external_ids
        ]
        return view

    def _get_address(self, partner):
        address = {name: partner[name] or None for name in ADDRESS_FIELDS}
        address["state"] = partner.state_id.code or None
        address["country"] = partner.country_id.code or None
        return address

    def _get_contact(self, contact, external_id):
        return {
            "external_id": external_id,
            "type": contact.type,
            "name": contact.name or None,
            "email": contact.email or None,
            "phone": contact.phone or None,
            **self._get_address(contact),
        }
