from odoo import api, fields, models


class DistTrafficPosition(models.Model):
    """Up to which row of a table its traffic is counted."""

    _name = "dist.traffic.position"
    _description = "Position of the traffic count"
    _log_access = False

    source = fields.Char(required=True, readonly=True)
    last_id = fields.Integer(required=True, readonly=True)

    _sql_constraints = [("source_uniq", "unique(source)", "A table has one position.")]

    @api.model
    def _get_all(self):
        """:return: dict, table to the id up to which it is counted"""
        self.env.cr.execute("SELECT source, last_id FROM dist_traffic_position")
        return dict(self.env.cr.fetchall())

    @api.model
    def _move(self, source, last_id):
        self.env.cr.execute(
            """
            INSERT INTO dist_traffic_position (source, last_id) VALUES (%s, %s)
            ON CONFLICT (source) DO UPDATE SET last_id = EXCLUDED.last_id
            """,
            (source, last_id),
        )
