from odoo import fields, models

# of quantities, behind the point
DIGITS = 6


class PlanningProposalDecidedSerializer(models.AbstractModel):
    """What became of a proposal: approved, changed, refused, or to decide again."""

    _name = "dist.serializer.planning.proposal.decided"
    _inherit = "dist.serializer"
    _description = "Planning proposal decided"

    def _prefetch(self, records):
        records.mapped("product_id.default_code")
        records.mapped("warehouse_id.code")
        records.mapped("batch_id.reference")

    def _is_relevant(self, record):
        return record.state in ("approved", "refused", "executed", "proposed")

    def _get_payload(self, record):
        approved = record.state in ("approved", "executed")
        return {
            "proposal": record.key,
            "run": record.batch_id.reference,
            "source": record.source_id.code,
            "kind": record.kind,
            "sku": record.product_id.default_code or "",
            "warehouse": record.warehouse_id.code,
            "decision": self._get_decision(record),
            "proposed_quantity": self._format(record.quantity),
            "quantity": self._format(record.approved_quantity) if approved else None,
            "unit": record.uom_id.name,
            "supplier": self._get_supplier(record.partner_id) if approved and record.partner_id else None,
            "needed": self._format_day(record.date_planned) if approved else None,
            "ordered": self._format_day(record.date_order) if approved else None,
            "automatic": bool(record.rule_id and not record.decided_by_id),
            "reason": record.refusal_reason or None,
            "decided": self._format_moment(record.decided_at),
        }

    def _get_decision(self, record):
        """:return: ``refused``, ``withdrawn`` where it waits for a decision again, ``changed`` where a planner changed
        it or another quantity is carried out, ``approved``
        """
        if record.state in ("refused", "proposed"):
            return "refused" if record.state == "refused" else "withdrawn"
        same = round(record.approved_quantity - record.quantity, DIGITS) == 0
        return "approved" if same and not record.is_edited else "changed"

    def _get_supplier(self, partner):
        """:return: what exports call a supplier"""
        return partner.ref or f"P{partner.id}"

    def _get_business_key(self, record):
        return record.key

    def _format(self, quantity):
        return f"{quantity:.{DIGITS}f}".rstrip("0").rstrip(".")

    def _format_day(self, day):
        return fields.Date.to_string(day) if day else None

    def _format_moment(self, moment):
        return fields.Datetime.to_string(moment).replace(" ", "T") + "Z" if moment else None
