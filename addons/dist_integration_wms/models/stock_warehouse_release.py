import logging

from odoo import _, api, fields, models

from odoo.addons.base.models.res_partner import _tz_get
from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec
from odoo.addons.dist_integration_base.models.transaction import is_connection_lost

from ..lib import cutoff

_logger = logging.getLogger(__name__)

FAILED = "release_failed"
RELEASE_MODES = [
    ("ready", "By itself, as soon as it is ready"),
    ("wave", "In waves, at cut-off times"),
    ("manual", "By hand"),
]


class StockWarehouse(models.Model):
    """When deliveries are handed over, and what holds them back."""

    _inherit = "stock.warehouse"

    dist_release_mode = fields.Selection(
        RELEASE_MODES,
        string="Hand over",
        default="ready",
        required=True,
        help="A delivery that is ready goes to the external system at once, with the next wave, or when a person "
        "says so.",
    )
    dist_cutoff_ids = fields.One2many("dist.release.cutoff", "warehouse_id", string="Cut-off times")
    dist_urgent_at_once = fields.Boolean(
        string="Urgent ones at once",
        help="Deliveries with a star do not wait for the next wave.",
    )
    dist_tz = fields.Selection(
        _tz_get,
        string="Clock of the warehouse",
        compute="_compute_dist_tz",
        store=True,
        readonly=False,
        help="Time zone of the cut-off times; empty: UTC.",
    )
    dist_last_cutoff_at = fields.Datetime(
        string="Last cut-off", readonly=True, copy=False, help="Up to this cut-off waves were made."
    )
    dist_next_cutoff_at = fields.Datetime(string="Next cut-off", compute="_compute_dist_next_cutoff_at")
    dist_hold_over_credit = fields.Boolean(
        string="Hold over the credit limit",
        help="Deliveries of customers who owe more than their credit limit are not handed over.",
    )
    dist_hold_unpaid = fields.Boolean(
        string="Hold until paid",
        help="Deliveries of orders whose payment term asks for payment in advance wait until the order is paid.",
    )
    dist_over_shipment_percent = fields.Float(
        string="Accept over-shipments up to (%)",
        help="How much more than asked of a line may be shipped without asking a person. 0: nothing.",
    )

    _sql_constraints = [
        (
            "dist_over_shipment_positive",
            "CHECK(dist_over_shipment_percent IS NULL OR dist_over_shipment_percent BETWEEN 0 AND 1000)",
            "The tolerance of over-shipments is between 0 and 1000 %.",
        ),
    ]

    @api.depends("partner_id", "company_id")
    def _compute_dist_tz(self):
        for warehouse in self:
            known = warehouse.dist_tz or warehouse.partner_id.tz or warehouse.company_id.partner_id.tz
            warehouse.dist_tz = known or "UTC"

    @api.depends("dist_cutoff_ids.hour", "dist_cutoff_ids.days", "dist_tz", "dist_release_mode")
    def _compute_dist_next_cutoff_at(self):
        now = fields.Datetime.now()
        for warehouse in self:
            in_waves = warehouse.dist_release_mode == "wave"
            warehouse.dist_next_cutoff_at = in_waves and cutoff.next_cutoff(
                now, warehouse.dist_tz or "UTC", warehouse.dist_cutoff_ids._get_cutoffs()
            )

    # cut-off times

    @api.model
    def _cron_release(self):
        """Make the waves that are due, and look again at what was held back; each warehouse in its own transaction.

        A warehouse that fails keeps no other one waiting: its business owner is told.
        """
        in_own_transaction = self.env["dist.message"]._in_own_transaction
        for warehouse_id in self.search([("dist_system_id", "!=", False)]).ids:
            try:
                in_own_transaction(
                    lambda env, warehouse_id=warehouse_id: (
                        env["stock.warehouse"].browse(warehouse_id)._dist_release_due()
                    )
                )
            except Exception as error:  # pylint: disable=broad-except
                if is_connection_lost(error):
                    raise
                _logger.exception("Nothing could be released in warehouse %s", warehouse_id)
                in_own_transaction(
                    lambda env, warehouse_id=warehouse_id, error=error: (
                        env["stock.warehouse"].browse(warehouse_id)._dist_note_failure(error)
                    )
                )

    def _dist_release_due(self):
        self.ensure_one()
        self.env["dist.message"]._dist_review_given_up(self._dist_get_requested())
        self._dist_get_held_back()._dist_review_held_back()
        self._dist_release_waiting()
        moment = self._dist_get_due_cutoff()
        if moment:
            self.env["dist.release.wave"]._make(self, self._dist_get_ready({"wave"}), cutoff_at=moment)
        self.env["dist.exception"]._close_without_message([FAILED], f"{self._name}/{self.id}")

    def _dist_note_failure(self, error):
        spec = ExceptionSpec(
            "technical",
            FAILED,
            _("Nothing is released in %s", self.name),
            detail=f"{type(error).__name__}: {error}"[:1000],
            record=self,
            severity="critical",
            suggestion=_(
                "It is tried again every few minutes. Release urgent deliveries by hand until then."
            ),
            fingerprint=f"{self._name}/{self.id}",
        )
        self.env["dist.exception"]._open_without_message(spec, self.company_id, system=self.dist_system_id)

    def _dist_get_held_back(self):
        """:return: deliveries that were ready but held back; what held them may be gone"""
        return self.env["stock.picking"].search(
            [
                ("picking_type_id.warehouse_id", "=", self.id),
                ("dist_is_held_back", "=", True),
                ("dist_release_state", "=", "not_released"),
                ("state", "not in", ("done", "cancel")),
            ]
        )

    def _dist_get_requested(self):
        """:return: transfers that the external system has not accepted yet"""
        return self.env["stock.picking"].search(
            [
                ("picking_type_id.warehouse_id", "=", self.id),
                ("dist_release_state", "=", "requested"),
                ("state", "not in", ("done", "cancel")),
            ]
        )

    def _dist_get_due_cutoff(self):
        """Note that the last cut-off was dealt with.

        :return: moment of the cut-off, when it was not dealt with before; None otherwise
        """
        if self.dist_release_mode != "wave":
            return None
        cutoffs = self.dist_cutoff_ids._get_cutoffs()
        moment = cutoff.last_cutoff(fields.Datetime.now(), self.dist_tz or "UTC", cutoffs)
        known = self.dist_last_cutoff_at
        if not moment or (known and known >= moment):
            return None
        self.dist_last_cutoff_at = moment
        # cut-off times that were just set up count from the next one on
        return moment if known else None

    def _dist_get_ready(self, modes):
        """
        :param modes: keys of RELEASE_MODES
        :return: deliveries that are handed over in one of these ways and are ready, whatever holds them back
        """
        self.ensure_one()
        waiting = self.env["stock.picking"].search(
            [
                ("picking_type_id.warehouse_id", "=", self.id),
                ("picking_type_id.code", "=", "outgoing"),
                ("picking_type_id.dist_system_id", "!=", False),
                ("dist_release_state", "=", "not_released"),
                ("state", "in", ("confirmed", "assigned")),
            ],
            order="priority desc, scheduled_date, id",
        )
        return waiting.filtered(
            lambda picking: (
                picking.picking_type_id._dist_get_release_mode("shipment") in modes
                and picking._dist_is_ready()
            )
        )
