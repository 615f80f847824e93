from collections import Counter

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec, OwnershipConflict

DIFFERS, UNKNOWN = "catalogue_differs", "catalogue_unknown_items"
TOLD_LINES = 50


class DistSupplierCatalogue(models.Model):
    """A supplier's price catalogue: each price as it was, and as the supplier tells it."""

    _name = "dist.supplier.catalogue"
    _description = "Supplier's price catalogue"
    _inherit = ["dist.supplier.document.mixin"]
    _order = "id desc"
    _rec_name = "external_id"

    version = fields.Char(readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True, ondelete="restrict")
    told_on = fields.Date(string="Date", readonly=True)
    valid_from = fields.Date(readonly=True, required=True)
    valid_to = fields.Date(readonly=True)
    state = fields.Selection(
        [("waiting", "Waits for a decision"), ("unknown", "Unknown items"), ("done", "Settled")],
        compute="_compute_state",
        store=True,
        index=True,
    )
    line_ids = fields.One2many("dist.supplier.catalogue.line", "catalogue_id", string="Prices", readonly=True)

    @api.depends("line_ids.state")
    def _compute_state(self):
        for catalogue in self:
            states = set(catalogue.line_ids.mapped("state"))
            catalogue.state = next((state for state in ("waiting", "unknown") if state in states), "done")

    @api.model
    def _find_latest(self, partner, number):
        """:return: what the supplier told last under a number"""
        domain = [("edi_partner_id", "=", partner.id), ("external_id", "=", number)]
        return self.search(domain, order="id desc", limit=1)

    # settling

    def _judge(self, lines):
        """Say of each item whether its prices are as before, may be followed, or wait.

        All prices of an item share their fate: some of the old ones beside some of the new ones are nobody's prices.
        """
        self.ensure_one()
        self._supersede(lines.product_id)
        for of_item in lines.grouped("product_id").values():
            found = {line: line._get_differences() for line in of_item}
            every = [difference for differences in found.values() for difference in differences]
            is_tolerated = all(difference.is_tolerated for difference in every)
            state = "unchanged" if not every else "changed" if is_tolerated else "waiting"
            if state == "changed" and not of_item._may_follow():
                state = "waiting"
            for line, differences in found.items():
                texts = [difference.text for difference in differences]
                line.write({"state": state, "differences": "\n".join(texts) or False})
            if state == "changed":
                of_item._follow()

    def _supersede(self, products):
        """What waited for the same items does not any more: the supplier has told newer prices."""
        older = self.line_ids.search(
            [
                ("catalogue_id.edi_partner_id", "=", self.edi_partner_id.id),
                ("catalogue_id", "<", self.id),
                ("state", "=", "waiting"),
                ("product_id", "in", products.ids),
            ]
        )
        older.write({"state": "superseded"})
        older.catalogue_id._close_exceptions()

    def _close_exceptions(self):
        """Close the exceptions about what is settled."""
        for code, state in ((DIFFERS, "waiting"), (UNKNOWN, "unknown")):
            settled = self.filtered(lambda one, state=state: state not in one.line_ids.mapped("state"))
            self.env["dist.exception"]._close_for_record(settled, [code])

    def _prepare_exceptions(self):
        """:return: list of ExceptionSpec: one for prices that wait, one for items that nobody knows"""
        self.ensure_one()
        specs = []
        waiting = self.line_ids.filtered(lambda line: line.state == "waiting")
        unknown = self.line_ids.filtered(lambda line: line.state == "unknown")
        if waiting:
            specs.append(
                self._prepare_exception(
                    DIFFERS,
                    "business",
                    _("%(supplier)s changes prices: %(number)s", **self._get_names()),
                    waiting,
                    _(
                        "Open the catalogue: accept the prices, and those of the items follow, or refuse them."
                    ),
                )
            )
        if unknown:
            specs.append(
                self._prepare_exception(
                    UNKNOWN,
                    "mapping",
                    _(
                        "%(supplier)s tells prices of items that are not known: %(number)s",
                        **self._get_names(),
                    ),
                    unknown,
                    _(
                        "Add the supplier's numbers to the code maps, or to the vendors of the products, then use "
                        "Look again in the catalogue. What you do not buy can stay unknown: settle this by hand."
                    ),
                )
            )
        return specs

    def _get_names(self):
        return {"supplier": self.partner_id.name, "number": self.external_id}

    def _prepare_exception(self, code, category, summary, lines, suggestion):
        told = [f"{line.display_name}: {line.differences}" for line in lines[:TOLD_LINES]]
        if len(lines) > TOLD_LINES:
            told.append(_("and %s more", len(lines) - TOLD_LINES))
        return ExceptionSpec(
            category=category,
            code=code,
            summary=summary,
            detail="\n".join(told),
            record=self,
            suggestion=suggestion,
            fingerprint=f"{code}/{self.id}",
            clear_paths=("lines[].unit_price",),
        )

    def _get_answer(self):
        """:return: dict for the sender"""
        self.ensure_one()
        return {
            "status": "waiting" if self.state == "waiting" else "applied",
            "number": self.external_id,
            "lines": dict(Counter(self.line_ids.mapped("state"))),
        }

    def _dist_get_impact(self):
        lines = self.line_ids.filtered(lambda line: line.state in ("waiting", "unknown"))
        names = {line.product_id.default_code or line.product_id.name or line.item for line in lines}
        return {**super()._dist_get_impact(), "lines": len(lines), "skus": sorted(names)}

    # what a person does

    def action_accept(self):
        """Have the items follow whatever waits in these catalogues."""
        self.line_ids.filtered(lambda line: line.state == "waiting").action_accept()
        return True

    def action_refuse(self):
        """Leave the prices of the items as they are."""
        self.line_ids.filtered(lambda line: line.state == "waiting").action_refuse()
        return True

    def action_look_again(self):
        """Look for the items that nobody knew, after somebody has explained them."""
        self._check_may_decide()
        for one in self.sudo():
            catalogue = one.with_company(one.company_id)
            unknown = catalogue.line_ids.filtered(lambda line: line.state == "unknown")
            found = unknown._identify()
            try:
                catalogue._judge(found)
            except OwnershipConflict as error:
                raise UserError(error.detail) from error
            catalogue._close_exceptions()
            waiting = [spec for spec in catalogue._prepare_exceptions() if spec.code == DIFFERS]
            for spec in waiting:
                self.env["dist.exception"]._open_without_message(
                    spec, catalogue.company_id, catalogue.edi_partner_id.system_id
                )
        return True

    def _check_may_decide(self):
        """:raises AccessError: the user may not change prices of suppliers"""
        self.check_access_rule("read")
        self.env["ir.model.access"].check("product.supplierinfo", "write")
