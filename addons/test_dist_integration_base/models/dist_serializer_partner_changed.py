from odoo import models


class PartnerChangedSerializer(models.AbstractModel):
    _name = "dist.serializer.partner.changed"
    _inherit = "dist.serializer"
    _description = "Test serializer"

    def _is_relevant(self, record):
        return record.active

    def _get_payload(self, record):
        if record.name == "Unserializable":
            raise ValueError("no message can be made of it")
        if record.name == "Database error":
            self.env.cr.execute("SELECT 1 / 0")
        return {"name": record.name, "note": record.ref or ""}

    def _get_company(self, record):
        return record.company_id or self.env.company
