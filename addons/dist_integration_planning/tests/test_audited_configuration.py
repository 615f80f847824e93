from odoo.tests import TransactionCase, tagged

from odoo.addons.dist_integration_base.tests.configuration import ConfigurationMixin

from ..models.dist_planning_source import POINTERS


@tagged("post_install", "-at_install")
class TestAuditedConfiguration(ConfigurationMixin, TransactionCase):
    configurers = ("dist_integration_planning.group_dist_planning_manager",)
    left_out = {
        "dist.planning.proposal": "decisions are told one by one, what is changed before stands on the proposal",
        "dist.planning.run": "who plans, and when, stands on the run; what it proposes is decided like all else",
    }
    fields_left_out = dict.fromkeys(POINTERS.values(), "which version is in force is no configuration")
    extensions_left_out = {
        "product.supplierinfo": "an order rule of a supplier's offer, as Odoo's own minimum"
    }

    def _make_examples(self):
        mapping = self.env.ref("dist_integration_planning.mapping_lokad").copy()
        files = mapping.file_ids.filtered(lambda file: file.direction == "out")[:1]
        return {
            "dist.planning.source": {"name": "Own", "code": "own", "kind": "built_in"},
            "dist.planning.mapping.file": {"mapping_id": mapping.id, "dataset": "items"},
            "dist.planning.mapping.column": {"file_id": files.id, "name": "More", "field_name": "unit"},
        }

    def test_configuration_is_audited(self):
        """G5: whoever makes, changes or deletes any configuration of this addon is told by the audit trail."""
        self._check_configuration("dist_integration_planning")
