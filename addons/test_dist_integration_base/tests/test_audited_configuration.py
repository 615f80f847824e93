from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DistCase
from odoo.addons.dist_integration_base.tests.configuration import ConfigurationMixin

WORK = "what happens in the daily work: people act by buttons, and each of their decisions is told by itself"


@tagged("post_install", "-at_install")
class TestAuditedConfiguration(ConfigurationMixin, DistCase):
    left_out = {
        "dist.change.request": "a person gives the reason; asking and deciding are told under the record",
        "dist.cutover.comparison": WORK,
        "dist.message": WORK,
        "dist.reconciliation": WORK,
        "dist.replay": WORK,
    }
    fields_left_out = {
        ("dist.mapping", "preview_message_id"): "content of messages, on which a mapping is tried",
        ("dist.mapping", "preview_source"): "content of messages, on which a mapping is tried",
    }
    def _make_examples(self):
        system, _client, _key = self._make_system("Example")
        message_type = self.env["dist.message.type"]._get_by_code("partner.submit")
        return {
            "dist.system": {"code": "example-code"},
            "dist.flow": {"system_id": system.id, "message_type_id": message_type.id},
        }

    def test_configuration_is_audited(self):
        """G5: whoever makes, changes or deletes any configuration of the framework is told by the audit trail."""
        self._check_configuration("dist_integration_base")
