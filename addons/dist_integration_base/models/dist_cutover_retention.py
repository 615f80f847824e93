import json

from odoo import _, api, fields, models

from ..lib.erasure import TOMBSTONE, by_name
from ..lib.masking import Masking, collect
from .dist_message_erasure import get_evidence
from .dist_message_retention import BATCH

DUE_COMPARISONS = """
SELECT comparison.id FROM dist_cutover_comparison AS comparison
JOIN dist_flow AS flow ON flow.id = comparison.flow_id
JOIN dist_message_type AS type ON type.id = flow.message_type_id
LEFT JOIN dist_message AS message ON message.id = comparison.message_id
CROSS JOIN LATERAL (
    SELECT COALESCE(NULLIF(flow.retention_days, 0), NULLIF(type.retention_days, 0), %(days)s) AS days
) AS policy
WHERE comparison.purged_at IS NULL AND (message.id IS NULL OR message.purged_at IS NOT NULL)
  AND flow.legal_hold IS NOT TRUE AND policy.days > 0
  AND COALESCE(comparison.compared_at, comparison.create_date) < %(now)s - make_interval(days => policy.days)
ORDER BY comparison.id LIMIT %(limit)s
FOR UPDATE OF comparison SKIP LOCKED
"""


class DistCutoverComparison(models.Model):
    """What was compared goes with the content of its message; that there were differences, and where, is kept (G6)."""

    _inherit = "dist.cutover.comparison"

    purged_at = fields.Datetime(string="Content purged", readonly=True)
    evidence = fields.Text(readonly=True, help="Size and SHA-256 of what was compared, as JSON.")

    def _compute_views(self):
        kept = self.filtered(lambda comparison: not comparison.purged_at)
        result = super(DistCutoverComparison, kept)._compute_views()
        for comparison in self - kept:
            evidence = json.loads(comparison.evidence or "{}")
            for name in ("ours", "reference"):
                lines = [_("The content was purged on %s.", fields.Date.to_string(comparison.purged_at))]
                if name in evidence:
                    lines.append(_("%(bytes)s bytes, SHA-256 %(sha256)s", **evidence[name]))
                comparison[f"{name}_view"] = "\n".join(lines)
        return result

    @api.model
    def _find(self, flow, key, state):
        return super()._find(flow, key, state)._filter_comparable()

    def _look_again(self):
        return super(DistCutoverComparison, self._filter_comparable())._look_again()

    def _compare(self):
        return super(DistCutoverComparison, self._filter_comparable())._compare()

    def _filter_comparable(self):
        """:return: those whose documents are still as they were"""
        return self.filtered(
            lambda row: not row.purged_at and TOMBSTONE not in f"{row.sudo().ours}{row.sudo().reference}"
        )

    @api.model
    def _purge_due(self, days):
        """Purge a batch of what no message holds back: reports of the old interface without a message of ours.

        :return: number of comparisons; a full batch may be followed by more
        """
        values = {"days": days, "now": fields.Datetime.now(), "limit": BATCH}
        self.env.cr.execute(DUE_COMPARISONS, values)
        rows = self.sudo().browse([row[0] for row in self.env.cr.fetchall()])
        rows._purge()
        return len(rows)

    def _purge(self):
        """Replace content by the evidence of it."""
        for row in self.sudo():
            contents = {name: row[name].encode() for name in ("ours", "reference") if row[name]}
            row.write(
                {
                    "ours": False,
                    "reference": False,
                    "purged_at": fields.Datetime.now(),
                    "evidence": json.dumps(
                        {name: get_evidence(content) for name, content in contents.items()}
                    ),
                }
            )
            for difference in row.difference_ids:
                difference.write({"ours_value": False, "reference_value": False, "path": difference.pattern})

    def _erase_differences(self, masking):
        """Erase what differs where the type's personal data stands.

        :param masking: Masking of that
        """
        self.ensure_one()
        for difference in self.difference_ids:
            for name in ("ours_value", "reference_value"):
                if difference[name]:
                    erased = masking.hide_part(json.loads(difference[name]), difference.pattern)
                    difference[name] = json.dumps(erased, ensure_ascii=False)


class DistPersonalData(models.AbstractModel):
    _inherit = "dist.personal.data"

    @api.model
    def _erase_rows(self, model_name, kinds, ids, values, paths, is_linked=False):
        """What was compared holds what the old interface said of a person as well."""
        if model_name != "dist.cutover.comparison":
            return super()._erase_rows(model_name, kinds, ids, values, paths, is_linked)
        for comparison in self.env[model_name].sudo().browse(sorted(ids)):
            own = comparison.message_type_id._get_personal_paths()
            every = [*own, *by_name(own)]
            documents = [json.loads(text) for text in (comparison.ours, comparison.reference) if text]
            found = values.union(*(collect(document, every) for document in documents)) - {TOMBSTONE}
            comparison._erase_differences(Masking(every, found, TOMBSTONE))
            super()._erase_rows(model_name, kinds, {comparison.id}, found, own, is_linked)
        return None


class DistMessage(models.Model):
    _inherit = "dist.message"

    def _purge(self):
        result = super()._purge()
        comparisons = self.env["dist.cutover.comparison"].sudo()
        comparisons.search([("message_id", "in", self.ids), ("purged_at", "=", False)])._purge()
        return result

    @api.model
    def _purge_beside(self, days):
        return super()._purge_beside(days) + self.env["dist.cutover.comparison"]._purge_due(days)
