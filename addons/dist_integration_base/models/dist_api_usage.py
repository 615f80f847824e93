from odoo import fields, models


class DistApiUsage(models.Model):
    """Level of each client's rate limiter; apart from the client, so that calls never collide with an editor."""

    _name = "dist.api.usage"
    _description = "API usage"
    _log_access = False

    client_id = fields.Many2one("dist.api.client", required=True, ondelete="cascade")
    level = fields.Float()
    level_at = fields.Float(help="Unix seconds.")

    _sql_constraints = [("client_uniq", "unique(client_id)", "A client has one usage row.")]
