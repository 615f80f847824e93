from odoo import _, models
from odoo.tools import SQL

from odoo.addons.dist_integration_base.lib.errors import IntegrationError
from odoo.addons.dist_integration_base.lib.snapshot import Column


class OrderReconciliation(models.AbstractModel):
    """A channel's list of its orders and their totals against sales orders, by channel and reference.

    An order that the channel lists and that still waits in a message is in flight. One made in Odoo after the moment
    may be missing in the list. Cancelled orders are not expected.
    """

    _name = "dist.reconciliation.domain.order"
    _inherit = "dist.reconciliation.domain"
    _description = "Orders of a channel"

    def _get_scope_model(self):
        return "sale.order"

    def _get_line_model(self):
        return "sale.order"

    def _get_columns(self):
        return [
            Column("channel", required=False, is_key=True),
            Column("reference", is_key=True),
            Column("total", is_number=True),
        ]

    def _prepare(self, run):
        for model in ("sale.order", "dist.sales.channel"):
            self.env[model].flush_model()
        channels = self.env["dist.sales.channel"].search([("system_id", "=", run.system_id.id)])
        rows = [(channel.code, channel.id) for channel in channels]
        if len(channels) == 1:
            # a shop with one channel need not name it
            rows.append(("", channels.id))
        self._create_table("dist_known_channel (code varchar, channel_id integer)", rows)
        self._create_table("dist_unposted (key varchar)", self._get_unposted(run, dict(rows)))

    def _get_unposted(self, run, channels):
        """:return: list of (key,) of orders whose message waits"""
        rows = []
        for message in self.env["dist.message"].search(
            [
                ("system_id", "=", run.system_id.id),
                ("state", "in", ("pending", "retry", "error")),
                ("message_type_id.code", "=", "order.submit"),
                ("child_ids", "=", False),
                ("received_at", "<=", run.moment),
            ]
        ):
            try:
                payload = message._get_valid_payload()
            except IntegrationError:
                continue  # its exception is in the queue
            channel_id = channels.get(payload.get("channel") or "")
            if channel_id:
                rows.append((f"{channel_id}/{payload['reference']}",))
        return rows

    def _get_theirs(self, run):
        return SQL(
            """
            SELECT COALESCE(known.channel_id::varchar, '?' || COALESCE(channel, '')) || '/' || reference AS key,
                   total AS amount, NULL::varchar AS class_code, NULL::integer AS res_id,
                   CASE WHEN known.code IS NULL THEN %s || COALESCE(channel, '-') END AS problem
            FROM dist_theirs LEFT JOIN dist_known_channel known ON known.code = COALESCE(channel, '')
            """,
            _("Unknown channel: "),
        )

    def _get_raw_keys(self, keys):
        return SQL(
            """
            SELECT channel, reference FROM dist_theirs
            LEFT JOIN dist_known_channel known ON known.code = COALESCE(channel, '')
            WHERE COALESCE(known.channel_id::varchar, '?' || COALESCE(channel, '')) || '/' || reference IN %s
            """,
            tuple(keys),
        )

    def _get_ours(self, run):
        return self._get_orders(run, SQL("TRUE"), SQL("1"))

    def _get_in_flight(self, run):
        listed = self._get_theirs(run)
        late = SQL(
            "sale.create_date > %s AND NOT EXISTS (SELECT FROM (%s) AS listed "
            "WHERE listed.key = sale.dist_channel_id || '/' || sale.dist_external_ref)",
            run.moment,
            listed,
        )
        return SQL(
            "%s UNION ALL SELECT listed.key, listed.amount, NULL, NULL FROM (%s) AS listed "
            "JOIN dist_unposted USING (key)",
            self._get_orders(run, late, SQL("-1")),
            listed,
        )

    def _get_orders(self, run, condition, sign):
        scope = run.profile_id._get_scope()
        return SQL(
            """
            SELECT sale.dist_channel_id || '/' || sale.dist_external_ref AS key, %s * sale.amount_total AS amount,
                   NULL::varchar AS class_code, sale.id AS res_id
            FROM sale_order sale JOIN dist_sales_channel channel ON channel.id = sale.dist_channel_id
            WHERE channel.system_id = %s AND sale.company_id = %s AND sale.state <> 'cancel'
              AND sale.dist_external_ref IS NOT NULL AND %s AND %s
            """,
            sign,
            run.system_id.id,
            run.company_id.id,
            condition,
            SQL("sale.id IN %s", scope) if scope else SQL("TRUE"),
        )

    def _describe(self, run):
        self.env.cr.execute(
            """
            UPDATE dist_reconciliation_line
            SET name = substring(key from '^[^/]*/(.*)$'), value_at_risk = abs(variance) WHERE run_id = %s
            """,
            (run.id,),
        )
