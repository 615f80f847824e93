import json

from odoo import api, fields, models

from ..lib.masking import MASK

SHOWN = 500
# a longer one is cut, so that nobody can say what it leads to
PATTERN = 200


class DistCutoverDifference(models.Model):
    """One field that the two interfaces say differently."""

    _name = "dist.cutover.difference"
    _description = "Cut-over difference"
    _order = "comparison_id desc, id"
    _rec_name = "path"

    comparison_id = fields.Many2one(
        "dist.cutover.comparison", required=True, readonly=True, ondelete="cascade", index=True
    )
    flow_id = fields.Many2one(related="comparison_id.flow_id", store=True, index=True)
    company_id = fields.Many2one(related="comparison_id.company_id", store=True)
    is_accepted = fields.Boolean(related="comparison_id.is_accepted", store=True, string="Explained")
    compared_at = fields.Datetime(related="comparison_id.compared_at", store=True)
    path = fields.Char(required=True, readonly=True)
    pattern = fields.Char(string="Field", required=True, readonly=True, index=True)
    kind = fields.Selection(
        [("changed", "Other value"), ("missing", "Missing here"), ("extra", "Only here")],
        required=True,
        readonly=True,
    )
    ours_value = fields.Text(readonly=True, groups=fields.NO_ACCESS, help="JSON")
    reference_value = fields.Text(readonly=True, groups=fields.NO_ACCESS, help="JSON")
    ours = fields.Char(compute="_compute_values", string="This interface")
    reference = fields.Char(compute="_compute_values", string="Old interface")

    @api.depends("pattern", "ours_value", "reference_value")
    def _compute_values(self):
        """Values of differences are read by everybody who sees them: what the type hides is masked."""
        for comparison in self.comparison_id:
            masking = comparison.sudo()._get_masking()
            for difference in self.filtered(
                lambda one, comparison=comparison: one.comparison_id == comparison
            ):
                source = difference.sudo()
                difference.ours = source._show(source.ours_value, masking)
                difference.reference = source._show(source.reference_value, masking)

    def _show(self, text, masking):
        """:return: a value for a person, False when there is none"""
        if not text:
            return False
        value = masking.hide_part(json.loads(text), self.pattern) if len(self.pattern) < PATTERN else MASK
        return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[:SHOWN]
