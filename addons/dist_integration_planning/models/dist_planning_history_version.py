from odoo import api, fields, models


class DistPlanningHistoryVersion(models.Model):
    """How often the demand history of a company was updated.

    The row is what updates wait for each other at. So their numbers grow in the order of their commits: whoever sees
    rows of an update sees those of all before it, and asks next time for greater numbers alone.
    """

    _name = "dist.planning.history.version"
    _description = "Updates of the demand history"
    _log_access = False
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    number = fields.Integer(required=True, readonly=True)

    _sql_constraints = [("company_uniq", "unique(company_id)", "A company has one number.")]

    @api.model
    def _take(self, company):
        """Begin an update; waits for the one under way, and fails with a conflict once that is committed.

        :return: its number
        """
        self.env.cr.execute(
            """
            INSERT INTO dist_planning_history_version AS known (company_id, number) VALUES (%s, 1)
            ON CONFLICT (company_id) DO UPDATE SET number = known.number + 1 RETURNING number
            """,
            (company.id,),
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _give_back(self, company, number, changed):
        """An update that changed nothing needs no number."""
        if not changed:
            self.env.cr.execute(
                "UPDATE dist_planning_history_version SET number = %s WHERE company_id = %s",
                (number - 1, company.id),
            )
        self.invalidate_model()

    @api.model
    def _get_number(self, company):
        """:return: number of the last update that this transaction sees, 0 before the first"""
        self.env.cr.execute(
            "SELECT number FROM dist_planning_history_version WHERE company_id = %s", (company.id,)
        )
        found = self.env.cr.fetchone()
        return found[0] if found else 0
