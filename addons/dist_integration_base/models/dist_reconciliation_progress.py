from odoo import fields, models


class DistReconciliationProgress(models.Model):
    """How far a reconciliation is."""

    _name = "dist.reconciliation.progress"
    _description = "Progress of a reconciliation"
    _inherit = ["dist.progress.mixin"]
    _log_access = False

    run_id = fields.Many2one("dist.reconciliation", required=True, readonly=True, ondelete="cascade")

    _sql_constraints = [("run_uniq", "unique(run_id)", "A run has one progress.")]
