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
        system, client, _key = self._make_system("Example")
        message_type = self.env["dist.message.type"]._get_by_code("partner.submit")
        # every row of the matrix is there from the start
        row = self.env["dist.ownership"].search([("group_id", "!=", False)], limit=1)
        scope = {"domain_id": row.domain_id.id, "group_id": row.group_id.id, "company_id": row.company_id.id}
        row.unlink()
        # a type that nothing works with is refused, so a known one makes room
        self.env.cr.execute("UPDATE dist_message_type SET code = 'other' WHERE code = 'partner.changed'")
        process = {"name": "Example", "code": "example", "model_name": "res.partner"}
        return {
            "dist.api.client": {"system_id": system.id, "user_id": False},
            "dist.api.key": {"client_id": client.id, "prefix": "example1", "key_hash": "0" * 64},
            "dist.code.map": {"value": "x"},
            "dist.mapping.row": {"source": "name"},
            "dist.message.type": {"code": "partner.changed", "direction": "out"},
            "dist.message.type.version": {"number": 99, "schema_text": "{}"},
            "dist.flow": {"system_id": system.id, "message_type_id": message_type.id},
            "dist.ownership": scope,
            "dist.process": {"model_name": "res.partner"},
            # who writes its conditions may read the documents
            "dist.process.step": {
                "condition": "[]",
                "process_id": self.env["dist.process"].create(process).id,
            },
        }

    def test_configuration_is_audited(self):
        """G5: whoever makes, changes or deletes any configuration of the framework is told by the audit trail."""
        self._check_configuration("dist_integration_base")
