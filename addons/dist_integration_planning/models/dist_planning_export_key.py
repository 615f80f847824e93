from odoo import fields, models


class DistPlanningExportKey(models.Model):
    """What a planning source was told last of a row: enough to see that it changed, or is gone."""

    _name = "dist.planning.export.key"
    _description = "Row that was exported"
    _auto = False
    _log_access = False

    source_id = fields.Many2one("dist.planning.source", readonly=True)
    dataset = fields.Char(readonly=True)
    key = fields.Char(readonly=True)

    def init(self):
        """A table of our own: the hash is a type that the ORM does not know, a third as large as its text."""
        self.env.cr.execute(
            """
            CREATE TABLE IF NOT EXISTS dist_planning_export_key (
                id serial,
                source_id integer NOT NULL REFERENCES dist_planning_source ON DELETE CASCADE,
                dataset varchar NOT NULL,
                key varchar NOT NULL,
                digest uuid NOT NULL,
                PRIMARY KEY (source_id, dataset, key))
            """
        )
