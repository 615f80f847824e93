from odoo.tests import TransactionCase, tagged

from odoo.addons.dist_integration_base.tests.configuration import ConfigurationMixin


@tagged("post_install", "-at_install")
class TestAuditedConfiguration(ConfigurationMixin, TransactionCase):
    fields_left_out = {("dist.edi.partner", "inventory_reported_at"): "when a report was sent last"}

    def _make_examples(self):
        return {"dist.edi.agreement": {"direction": "in", "code": "850"}}

    def test_configuration_is_audited(self):
        """G5: whoever makes, changes or deletes any configuration of this addon is told by the audit trail."""
        self._check_configuration("dist_integration_edi")
