import json

from odoo import api, fields, models


class DistEdiGroup(models.Model):
    """A functional group of an interchange; EDIFACT messages without one are in a group without number."""

    _name = "dist.edi.group"
    _description = "EDI group"
    _inherit = ["dist.kept.mixin"]
    _order = "interchange_id, id"
    _rec_name = "control_number"

    interchange_id = fields.Many2one(
        "dist.edi.interchange", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="interchange_id.company_id", store=True, index=True)
    functional_code = fields.Char(string="Group code", readonly=True)
    control_number = fields.Char(string="Control number", readonly=True)
    version = fields.Char(readonly=True)
    issues = fields.Text(readonly=True, groups=fields.NO_ACCESS)
    document_ids = fields.One2many("dist.edi.document", "group_id", readonly=True)

    @api.model
    def _store(self, interchange, group):
        """:param group: lib.interchange.Group"""
        return self.create(
            {
                "interchange_id": interchange.id,
                "functional_code": group.functional_code,
                "control_number": group.control_number,
                "version": group.version,
                "issues": json.dumps([issue.to_dict() for issue in group.issues]),
            }
        )
