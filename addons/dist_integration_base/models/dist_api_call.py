import logging

import psycopg2
from psycopg2.pool import PoolError

from odoo import api, fields, models

from .transaction import is_connection_lost

_logger = logging.getLogger(__name__)


class DistApiCall(models.Model):
    """An answered API call that is not in the traffic yet. It holds nothing of what was asked or answered."""

    _name = "dist.api.call"
    _description = "API call"
    _log_access = False

    called_at = fields.Datetime(required=True, readonly=True)
    operation = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    system_id = fields.Many2one("dist.system", readonly=True, ondelete="cascade")
    status = fields.Integer(required=True, readonly=True)
    problem = fields.Char(readonly=True, help="Code of the problem that was answered.")
    replayed = fields.Boolean(readonly=True)
    duration_ms = fields.Integer(readonly=True)

    @api.model
    def _note(self, values):
        """Note an answered call, in a transaction of its own: that of the call may have failed.

        A figure is not worth a failed answer, nor the wait for a disk: the very last ones may be missing after
        a crash of PostgreSQL.

        :param values: dict of columns
        """
        try:
            with self.env.registry.cursor() as cr:
                cr.execute(
                    """
                    SET LOCAL synchronous_commit TO off;
                    INSERT INTO dist_api_call (called_at, operation, company_id, system_id, status, problem,
                                               replayed, duration_ms)
                    VALUES (now() AT TIME ZONE 'UTC', %(operation)s, %(company_id)s, %(system_id)s, %(status)s,
                            %(problem)s, %(replayed)s, %(duration_ms)s)
                    """,
                    values,
                )
        except (psycopg2.Error, PoolError) as error:
            if not is_connection_lost(error):
                _logger.exception("An API call could not be counted")
