from odoo.tests import tagged

from .common import PlanningCase

NAMES = (
    "dist_planning_batch_reference_uniq",
    "dist_planning_batch_file_checksum_uniq",
    "dist_planning_export_file_name_uniq",
    "dist_planning_export_name_uniq",
    "dist_planning_export_progress_run_uniq",
    "dist_planning_forecast_period_uniq",
    "dist_planning_history_period_uniq",
    "dist_planning_history_version_company_uniq",
    "dist_planning_mapping_file_name_uniq",
    "dist_planning_mapping_name_uniq",
    "dist_planning_parameter_product_uniq",
    "dist_planning_proposal_key_uniq",
    "dist_planning_reason_code_uniq",
    "dist_planning_rule_limits_positive",
    "dist_planning_source_code_uniq",
    "dist_planning_source_keep_positive",
    "dist_planning_source_lead_time_positive",
    "dist_planning_source_stale_positive",
    "dist_planning_supplier_order_days",
    "dist_planning_supplier_partner_uniq",
)


@tagged("post_install", "-at_install")
class TestConstraints(PlanningCase):
    def test_exist(self):
        """P2, P3: the rules that the database keeps are there."""
        self.env.cr.execute("SELECT conname FROM pg_constraint WHERE conname IN %s", (NAMES,))
        self.assertEqual({row[0] for row in self.env.cr.fetchall()}, set(NAMES))
