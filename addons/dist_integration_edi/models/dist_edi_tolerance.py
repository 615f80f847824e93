from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import float_compare

ORDER, INVOICE, CATALOGUE = "acknowledgement", "invoice", "catalogue"
# in what a document can differ
SUBJECTS = {
    ORDER: ("price", "quantity", "date", "substitution", "refusal"),
    INVOICE: ("price", "quantity", "charge"),
    CATALOGUE: ("price",),
}
# what is allowed or not, without a measure
UNMEASURED = ("substitution", "refusal")
PRECISION = 6


class DistEdiTolerance(models.Model):
    """How far a supplier may be from what was ordered before a person has to look.

    Without a rule no difference is tolerated. Of several rules that of the nearest category of the item holds, and of
    these the one for the difference's own direction.
    """

    _name = "dist.edi.tolerance"
    _description = "Tolerance towards a supplier"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _order = "edi_partner_id, document, subject, id"

    edi_partner_id = fields.Many2one("dist.edi.partner", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="edi_partner_id.company_id", store=True, index=True)
    document = fields.Selection(
        [(ORDER, "Order acknowledgement"), (INVOICE, "Invoice"), (CATALOGUE, "Price catalogue")],
        required=True,
        default=ORDER,
    )
    subject = fields.Selection(
        [
            ("price", "Price"),
            ("quantity", "Quantity"),
            ("date", "Date"),
            ("substitution", "Approved substitute"),
            ("refusal", "Refused quantity"),
            ("charge", "Charge or allowance"),
        ],
        string="Difference",
        required=True,
        default="price",
    )
    direction = fields.Selection(
        [("both", "Either way"), ("more", "Higher, more, later"), ("less", "Lower, less, earlier")],
        required=True,
        default="both",
    )
    category_id = fields.Many2one(
        "product.category", string="Item category", ondelete="cascade", help="Empty: every item."
    )
    limits_percent = fields.Boolean(string="Limit by %")
    percent = fields.Float(string="Up to (%)", digits=(6, 3), help="Of what was ordered.")
    limits_absolute = fields.Boolean(string="Limit by amount", default=True)
    absolute = fields.Float(
        string="Up to",
        digits=(16, 6),
        help="Price: for one unit, in the order's currency. Quantity: in the order's unit. Date: days. Charge: in the "
        "invoice's currency. With both limits, a difference keeps to both.",
    )

    _sql_constraints = [
        ("not_negative", "CHECK(percent >= 0 AND absolute >= 0)", "A tolerance is not negative."),
        (
            "is_limited",
            "CHECK(limits_percent OR limits_absolute OR subject IN ('substitution', 'refusal'))",
            "A tolerance limits per cent, amount or both.",
        ),
    ]

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS dist_edi_tolerance_subject_uniq ON dist_edi_tolerance "
            "(edi_partner_id, document, subject, direction, COALESCE(category_id, 0))"
        )

    @api.model
    def _get_company_parents(self):
        return ["edi_partner_id"]

    @api.depends("document", "subject")
    def _compute_display_name(self):
        for tolerance in self:
            tolerance.display_name = ", ".join(
                _label(tolerance, name, tolerance[name]) for name in ("document", "subject")
            )

    @api.constrains("document", "subject", "limits_percent")
    def _check_subject(self):
        for tolerance in self:
            if tolerance.subject not in SUBJECTS[tolerance.document]:
                raise ValidationError(
                    _(
                        "%(document)s: there is no such difference. Choose one of: %(subjects)s.",
                        document=_label(tolerance, "document", tolerance.document),
                        subjects=", ".join(
                            _label(tolerance, "subject", subject) for subject in SUBJECTS[tolerance.document]
                        ),
                    )
                )
            if tolerance.subject == "date" and tolerance.limits_percent:
                raise ValidationError(_("A date differs by days, not per cent."))

    @api.model
    def _find(self, partner, document, subject, direction, product):
        """The rule that holds for a difference.

        :param partner: dist.edi.partner
        :param direction: ``more`` or ``less``
        :param product: product.product
        :return: dist.edi.tolerance, empty when nothing is tolerated
        """
        path = [int(part) for part in (product.categ_id.parent_path or "").split("/") if part]
        found = partner.tolerance_ids.filtered(
            lambda rule: (
                rule.document == document
                and rule.subject == subject
                and rule.direction in ("both", direction)
                and (not rule.category_id or rule.category_id.id in path)
            )
        )
        return found.sorted(
            lambda rule: (
                path.index(rule.category_id.id) if rule.category_id else -1,
                rule.direction == direction,
            ),
            reverse=True,
        )[:1]

    @api.model
    def _tolerates(self, partner, document, subject, product, expected=0.0, actual=0.0):
        """Whether a difference needs nobody to look at it.

        :param expected: what was ordered; of a date, 0
        :param actual: what the supplier says; of a date, by how many days it differs
        """
        rule = self._find(partner, document, subject, "more" if actual > expected else "less", product)
        return bool(rule) and (subject in UNMEASURED or rule._allows(expected, actual))

    def _allows(self, expected, actual):
        self.ensure_one()
        difference = abs(actual - expected)
        limits = [self.absolute] if self.limits_absolute else []
        if self.limits_percent:
            limits.append(abs(expected) * self.percent / 100)
        return all(float_compare(difference, limit, precision_digits=PRECISION) <= 0 for limit in limits)


def _label(tolerance, name, value):
    return dict(tolerance._fields[name]._description_selection(tolerance.env)).get(value, "")
