from odoo.tests import TransactionCase, tagged

from odoo.addons.dist_integration_base.tests.configuration import ConfigurationMixin

from .as2 import make_pair, read_pair


@tagged("post_install", "-at_install")
class TestAuditedConfiguration(ConfigurationMixin, TransactionCase):
    left_out = {"dist.edi.counter": "comes with its trading partner, never alone: test_partners sets one"}
    fields_left_out = {("dist.edi.partner", "inventory_reported_at"): "when a report was sent last"}

    def _make_examples(self):
        system = self.env["dist.system"].create({"name": "Harbour", "code": "harbour-audit"})
        client = self.env["dist.api.client"].create({"name": "Harbour", "system_id": system.id})
        caller = {"system_id": system.id, "client_id": client.id}
        certificate = read_pair(make_pair("Theirs")).certificate.pem
        model = self.env["ir.model"]._get_id("dist.edi.mail")
        alias = self.env["mail.alias"].create({"alias_model_id": model})
        return {
            "dist.as2.certificate": {"owner": "partner", "pem": certificate},
            "dist.as2.partner": caller,
            "dist.edi.agreement": {"direction": "in", "code": "850"},
            "dist.edi.mailbox": {
                **caller,
                "senders": "orders@harbour.example",
                "alias_id": alias.id,
            },
        }

    def test_configuration_is_audited(self):
        """G5: whoever makes, changes or deletes any configuration of this addon is told by the audit trail."""
        self._check_configuration("dist_integration_edi")
