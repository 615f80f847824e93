from odoo import fields, models


class IntegrationAlertSerializer(models.AbstractModel):
    """An alert, for whoever pages people."""

    _name = "dist.serializer.integration.alert"
    _inherit = "dist.serializer"
    _description = "Alert: canonical message"

    def _get_payload(self, record):
        rule = record.rule_id
        payload = {
            "alert": f"{rule.id}/{record.id}",
            "rule": rule.name,
            "status": "ended" if record.state == "ended" else "firing",
            "severity": record.severity,
            "figure": rule.figure,
            "value": f"{record.value:.3f}",
            "threshold": f"{rule.threshold:.3f}",
            "unit": rule.unit,
            "text": f"{record.name}: {record.value_text} ({record.condition})",
        }
        if record.system_id or record.flow_id:
            payload["system"] = (record.system_id or record.flow_id.system_id).code
        if record.flow_id:
            payload["type"] = record.flow_id.message_type_id.code
        for name, moment in (("since", record.fired_at), ("ended", record.ended_at)):
            if moment:
                payload[name] = fields.Datetime.to_string(moment).replace(" ", "T") + "Z"
        return payload
