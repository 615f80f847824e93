from odoo import models


class IntegrationTestSerializer(models.AbstractModel):
    """The test event: any record, its name."""

    _name = "dist.serializer.integration.test"
    _inherit = "dist.serializer"
    _description = "Test event: canonical message"

    def _get_payload(self, record):
        return {"text": record.display_name}
