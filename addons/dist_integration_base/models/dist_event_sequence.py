from odoo import fields, models


class DistEventSequence(models.Model):
    """Last sequence number given to an event of each record."""

    _name = "dist.event.sequence"
    _description = "Event sequence"
    _log_access = False

    res_model = fields.Char(required=True)
    res_id = fields.Many2oneReference(model_field="res_model", required=True)
    last_number = fields.Integer(required=True)

    _sql_constraints = [("record_uniq", "unique(res_model, res_id)", "A record has one event sequence.")]
