from odoo.tests import TransactionCase, tagged

from odoo.addons.dist_integration_base.tests.configuration import ConfigurationMixin


@tagged("post_install", "-at_install")
class TestAuditedConfiguration(ConfigurationMixin, TransactionCase):
    fields_left_out = {
        ("dist.sales.channel", "feed_compared_at"): "how far the job has got that tells what is available",
        ("dist.sales.channel", "feed_is_stale"): "how far the job has got that tells what is available",
    }

    def _make_examples(self):
        product = self.env["product.product"].create({"name": "Example"})
        return {"dist.quantity.rule": {"product_id": product.id}}

    def test_configuration_is_audited(self):
        """G5: whoever makes, changes or deletes any configuration of this addon is told by the audit trail."""
        self._check_configuration("dist_integration_commerce")
