import json

from odoo import _, api, fields, models
from odoo.exceptions import UserError

# kind of row to the field that says what it means
MEANINGS = {"unit": "uom_id", "product": "product_id", "party": "contact_id", "code": "word"}


class DistEdiOnboardingCode(models.TransientModel):
    """A code, item number or place of the partner that means nothing here yet, and what it may mean."""

    _name = "dist.edi.onboarding.code"
    _description = "Unknown code of a trading partner"
    _inherit = ["dist.wizard.mixin"]
    _order = "kind desc, count desc, code"

    onboarding_id = fields.Many2one("dist.edi.onboarding", required=True, ondelete="cascade")
    kind = fields.Selection(
        [("unit", "Unit"), ("product", "Item"), ("party", "Place or contact"), ("code", "Code")],
        required=True,
        readonly=True,
    )
    code = fields.Char(required=True, readonly=True)
    code_list = fields.Char(string="List", readonly=True)
    name = fields.Char(string="Called", readonly=True, help="By the partner.")
    count = fields.Integer(string="Times", readonly=True)
    product_id = fields.Many2one("product.product", string="Item")
    uom_id = fields.Many2one("uom.uom", string="Unit")
    contact_id = fields.Many2one("res.partner", string="Contact")
    word = fields.Char(string="Meaning")
    choices = fields.Char(string="Possible meanings", readonly=True)
    reason = fields.Char(string="Because of", readonly=True)
    is_accepted = fields.Boolean(string="Accept")

    @api.onchange("product_id", "uom_id", "contact_id", "word")
    def _onchange_meaning(self):
        for row in self:
            row.is_accepted = bool(row[MEANINGS[row.kind]])

    @api.model
    def _prepare_row(self, missing):
        """:param missing: dict as of dist.edi.suggestion"""
        names = ("kind", "code", "name", "count", "reason")
        row = {name: missing[name] for name in names}
        return {**row, MEANINGS[missing["kind"]]: missing["record"].id}

    def _check_complete(self):
        """:raises UserError: what is accepted means nothing, or not what its list knows"""
        self._check_given()
        for row in self:
            meaning = row[MEANINGS[row.kind]]
            if not meaning:
                raise UserError(_("Say what %s means, or do not accept it.", row.code))
            if row.kind == "code" and meaning not in row.choices.split(", "):
                raise UserError(
                    _(
                        "%(code)s of %(list)s cannot mean %(word)s; choose of: %(choices)s.",
                        code=row.code,
                        list=row.code_list,
                        word=meaning,
                        choices=row.choices,
                    )
                )

    def _get_meanings(self):
        """:return: list of (kind of code, code, model, id) for the code map"""
        rows = self.filtered(lambda row: row.kind in ("unit", "product"))
        return [
            (row.kind, row.code, row[MEANINGS[row.kind]]._name, row[MEANINGS[row.kind]].id) for row in rows
        ]

    def _get_contacts(self):
        """:return: list of (external id, id of the contact) for bindings"""
        return [(row.code, row.contact_id.id) for row in self if row.kind == "party"]

    def _get_overlay(self):
        """:return: JSON of the deviations of documents: codes that no standard knows; None when there are none"""
        lists = {}
        for row in self.filtered(lambda row: row.kind == "code"):
            lists.setdefault(row.code_list, {}).setdefault(row.word, []).append(row.code)
        return json.dumps({"codes": lists}) if lists else None
