from odoo import _, api, models
from odoo.exceptions import UserError


class MergePartner(models.TransientModel):
    """What systems call a contact is said of the one that it was merged into (M5)."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _update_reference_fields(self, src_partners, dst_partner):
        result = super()._update_reference_fields(src_partners, dst_partner)
        self._dist_follow_merge(src_partners, dst_partner)
        return result

    @api.model
    def _dist_follow_merge(self, merged, partner):
        """
        :param merged: res.partner that go
        :param partner: res.partner that is left
        :raises UserError: a system has an id for several of them, and would lose one
        """
        self._dist_check_merge(merged | partner)
        for model in ("dist.binding", "dist.code.map"):
            stand_ins = self.env[model].sudo()
            found = stand_ins.search([("res_model", "=", partner._name), ("res_id", "in", merged.ids)])
            found.write({"res_id": partner.id})

    @api.model
    def _dist_check_merge(self, partners):
        bindings = (
            self.env["dist.binding"]
            .sudo()
            .search([("res_model", "=", partners._name), ("res_id", "in", partners.ids)])
        )
        for system, known in bindings.grouped("system_id").items():
            if len(known) > 1:
                raise UserError(self._dist_describe_ids(system, known))

    @api.model
    def _dist_describe_ids(self, system, bindings):
        if system.company_id not in self.env.companies:
            return _("A system of another company knows several of these contacts.")
        return _(
            "%(system)s knows several of these contacts: %(ids)s. A contact has one id in a system: have it merge them "
            "first, or delete the ids that it does not use any more.",
            system=system.name,
            ids=", ".join(bindings.mapped("external_id")),
        )
