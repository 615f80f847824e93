import re

from odoo import _, api, fields, models

VAT_NOISE = re.compile(r"[^0-9A-Za-z]")
VAT_PREFIXES = {"GR": "EL"}


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "dist.timeline.mixin"]

    dist_blocked = fields.Boolean(
        string="Orders blocked",
        copy=False,
        tracking=True,
        help="Orders that arrive through a sales channel are held or refused, as the channel says.",
    )
    dist_block_reason = fields.Char(string="Why orders are blocked", copy=False, tracking=True)
    dist_vat_key = fields.Char(
        string="Tax ID for matching",
        compute="_compute_dist_vat_key",
        store=True,
        index="btree_not_null",
        help="Tax ID in capitals, letters and digits only, with the country in front.",
    )

    @api.depends("vat", "country_id")
    def _compute_dist_vat_key(self):
        for partner in self:
            partner.dist_vat_key = self._dist_normalise_vat(partner.vat, partner.country_id.code)

    @api.model
    def _dist_split_vat(self, vat, country_code=None):
        """A tax ID in the parts by which two of them can be compared, however they are written.

        :param vat: tax ID as somebody wrote it
        :param country_code: ISO code of the country, which a bare number belongs to
        :return: (prefix of the country, number); letters and digits in capitals, empty where nothing tells
        """
        key = VAT_NOISE.sub("", vat or "").upper()
        prefix, number = (key[:2], key[2:]) if key[:2].isalpha() else ((country_code or "").upper(), key)
        return VAT_PREFIXES.get(prefix, prefix), number

    @api.model
    def _dist_normalise_vat(self, vat, country_code=None):
        """:return: tax ID in one form, or False when nothing is left; parameters as of `_dist_split_vat`"""
        prefix, number = self._dist_split_vat(vat, country_code)
        return prefix + number if number else False

    @api.model
    def _dist_get_vat_keys(self, vat, country_code=None):
        """:return: list of the forms in which customers with this tax ID are kept: one of both may lack its country"""
        prefix, number = self._dist_split_vat(vat, country_code)
        if not number:
            return []
        codes = [prefix] if prefix else self.env["res.country"].search([]).mapped("code")
        return [number, *(VAT_PREFIXES.get(code, code) + number for code in codes)]

    def _dist_has_vat(self, vat):
        """:return: True when a tax ID is the one of this partner, however it is written"""
        self.ensure_one()
        return self.dist_vat_key in self._dist_get_vat_keys(vat, self.country_id.code)

    def _dist_is_protected(self):
        """Whether systems outside may neither find nor change this contact.

        So are those who can log in (whoever changes their e-mail address gets their next password), the companies of
        this database, and the contacts of either. Extend it to protect more.

        :return: True when the contact is changed by persons only
        """
        self.ensure_one()
        contact = self.sudo().with_context(active_test=False)
        chain = contact
        while contact.parent_id and contact.parent_id not in chain:
            contact = contact.parent_id
            chain |= contact
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        return bool(chain.user_ids or companies.search_count([("partner_id", "in", chain.ids)]))

    def _handle_first_contact_creation(self):
        # the first address that a system sends of a customer is that address, not the customer's own as well
        if self.env.context.get("dist_keep_parent_address"):
            return None
        return super()._handle_first_contact_creation()

    def _dist_get_order_block(self):
        """Why orders of this customer are not taken.

        :return: a sentence, or False when they are
        """
        self.ensure_one()
        owner = self if self.dist_blocked else self.commercial_partner_id
        if owner.dist_blocked:
            return owner.dist_block_reason or _("The customer is blocked.")
        if not (self.active and self.commercial_partner_id.active):
            return _("The customer is archived.")
        return False
