import logging
from datetime import timedelta

from odoo import _, api, fields, models

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec
from odoo.addons.dist_integration_base.models.transaction import is_connection_lost

from .dist_shipment_milestone import FINAL

_logger = logging.getLogger(__name__)

UNMATCHED_AFTER = timedelta(hours=24)
FOLLOWED_AT_ONCE = 500


class StockWarehouse(models.Model):
    """Who plans the transport of a warehouse, and when a shipment counts as late or lost."""

    _inherit = "stock.warehouse"

    dist_transport_system_id = fields.Many2one(
        "dist.system",
        string="Transport planned by",
        domain="[('kind', '=', 'carrier'), ('company_id', 'in', (False, company_id))]",
        check_company=True,
        help="The transport management system that is asked for transport and reports where shipments are, of all "
        "carriers that have no system of their own.",
    )
    dist_transport_mode = fields.Selection(
        [("ready", "By itself, as soon as a delivery is ready"), ("manual", "By hand")],
        string="Ask for transport",
        default="ready",
        required=True,
    )
    dist_transport_first = fields.Boolean(
        string="Hand over once transport is planned",
        help="Deliveries go to the external warehouse only after the carrier has accepted, so that it is told the "
        "carrier that was chosen.",
    )
    dist_lost_after_days = fields.Integer(
        string="Lost after (days)",
        default=10,
        help="A shipment of which nothing is heard for so many days, past its promised delivery, counts as lost. "
        "0: never.",
    )

    _sql_constraints = [
        (
            "dist_lost_after_positive",
            "CHECK(dist_lost_after_days IS NULL OR dist_lost_after_days BETWEEN 0 AND 1000)",
            "Shipments count as lost after 0 to 1000 days.",
        ),
    ]

    @api.model
    def _cron_follow_shipments(self):
        """Find late and lost shipments; each part of the work in its own transaction."""
        in_own_transaction = self.env["dist.message"]._in_own_transaction
        ids = self._dist_get_overdue().ids
        parts = [ids[start : start + FOLLOWED_AT_ONCE] for start in range(0, len(ids), FOLLOWED_AT_ONCE)]
        works = [lambda env: env["stock.warehouse"]._dist_follow_unmatched()] + [
            lambda env, part=part: env["stock.picking"].browse(part)._dist_follow_overdue() for part in parts
        ]
        for work in works:
            try:
                in_own_transaction(work)
            except Exception as error:  # pylint: disable=broad-except
                if is_connection_lost(error):
                    raise
                # the next run tries again; what else is due is not kept waiting
                _logger.exception("Shipments could not be followed")

    @api.model
    def _dist_get_overdue(self):
        """:return: stock.picking under way of which there should have been news by now"""
        return self.env["stock.picking"].search(
            [
                ("dist_transport_system_id", "!=", False),
                ("dist_news_due_at", "<", fields.Datetime.now()),
                ("state", "=", "done"),
                "|",
                ("dist_carrier_state", "=", False),
                ("dist_carrier_state", "not in", (*FINAL, "lost", "damaged")),
            ],
            order="id",
        )

    @api.model
    def _dist_follow_unmatched(self):
        """Milestones whose tracking number no delivery has are a matter for a person after a day."""
        waiting = self.env["dist.shipment.milestone"].search(
            [("is_waiting", "=", True)], order="occurred_at, id"
        )
        waiting._adopt()
        before = fields.Datetime.now() - UNMATCHED_AFTER
        for milestone in waiting.filtered(lambda found: found.is_waiting and found.create_date < before):
            spec = ExceptionSpec(
                "identity",
                "milestone_unmatched",
                _("No shipment has the tracking number %s", milestone.tracking_number),
                detail=_(
                    "%(system)s reports on tracking number %(number)s, which no delivery has.",
                    system=milestone.system_id.name,
                    number=milestone.tracking_number,
                ),
                record=milestone,
                severity="low",
                suggestion=_("Enter the tracking number on its delivery: the milestone is found by itself."),
                fingerprint=f"{milestone.company_id.id}/{milestone.system_id.id}/{milestone.tracking_number}",
            )
            self.env["dist.exception"]._open_without_message(
                spec, milestone.company_id, system=milestone.system_id
            )
