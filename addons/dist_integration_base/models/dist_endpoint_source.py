from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..delivery import Poll
from .dist_message import CHANNELS

SOURCE_CHANNEL = CHANNELS["normal"]
# the scheduled action looks once a minute; what is fetched more often enqueues its own next job
CRON_SECONDS = 60


class DistEndpoint(models.Model):
    """Inbound: fetching files, queues and feeds."""

    _inherit = "dist.endpoint"

    client_id = fields.Many2one(
        "dist.api.client",
        string="In the name of",
        check_company=True,
        domain="[('system_id', '=', system_id)]",
        help="What is fetched is handled with this API client's service user and limits.",
        ondelete="restrict",
    )
    poll_seconds = fields.Integer(string="Fetch every (seconds)", required=True, default=300)
    archive_folder = fields.Char(default="archive", help="For files that were stored.")
    error_folder = fields.Char(default="error", help="For files that cannot be taken.")
    quiet_seconds = fields.Integer(
        string="Unchanged for (seconds)",
        default=5,
        help="A file that changed later is left: its sender may still be writing.",
    )
    max_megabytes = fields.Integer(string="Largest size (MB)", required=True, default=10)
    feed_items = fields.Char(
        string="List",
        default="items",
        help="JMESPath to the items of a page. Empty: the page is one message.",
    )
    feed_id = fields.Char(string="Item's number", default="id", help="JMESPath to the id in an item.")
    feed_next = fields.Char(
        string="Next page",
        default="next",
        help="JMESPath to the next page's address or cursor. A Link header goes first.",
    )
    feed_cursor_parameter = fields.Char(
        string="Cursor parameter", default="cursor", help="Query parameter that takes the cursor."
    )
    last_poll_at = fields.Datetime(compute="_compute_poll", string="Last fetched")
    taken_count = fields.Integer(compute="_compute_poll", string="Taken in")

    _sql_constraints = [
        ("poll_positive", "CHECK(poll_seconds >= 5)", "Fetch every five seconds at most."),
        (
            "max_megabytes_positive",
            "CHECK(max_megabytes BETWEEN 1 AND 100)",
            "The largest size is between 1 and 100 MB.",
        ),
        ("quiet_positive", "CHECK(quiet_seconds >= 0)", "Seconds cannot be negative."),
    ]

    @api.depends("status_ids")
    def _compute_poll(self):
        for endpoint in self:
            status = endpoint.status_ids[:1]
            endpoint.last_poll_at = status.last_poll_at
            endpoint.taken_count = status.taken_count

    @api.constrains("purpose")
    def _check_purpose(self):
        self.flow_ids._check_purpose()

    def _get_source_flows(self):
        """:return: active inbound flows of this endpoint, the one with the narrowest choice of files first"""
        flows = self.flow_ids.filtered(
            lambda flow: flow.direction == "in" and flow.state in ("active", "deprecated")
        )
        return flows.sorted(lambda flow: (flow.source_pattern in (False, "", "*"), flow.id))

    def _get_max_bytes(self):
        return self.max_megabytes * 1_000_000

    # jobs

    @api.model
    def _cron_poll(self):
        """Enqueue a job for each endpoint that is due; one that waits already is enough."""
        due = self.search(
            [
                ("purpose", "=", "receive"),
                ("state", "=", "active"),
                "|",
                ("status_ids.next_poll_at", "=", False),
                ("status_ids.next_poll_at", "<=", fields.Datetime.now()),
            ]
        )
        for endpoint in due:
            if not endpoint._get_blocked_reason():
                endpoint._schedule_poll()

    def _schedule_poll(self, moment=None):
        self.ensure_one()
        self.with_delay(
            channel=SOURCE_CHANNEL,
            eta=moment,
            identity_key=f"dist-poll:{self.id}",
            description=_("Fetch from %s", self.name),
        )._job_poll()

    def _job_poll(self):
        """Job: fetch what is there. Another worker that does so already is left alone."""
        self.ensure_one()
        if self.purpose != "receive" or self._get_blocked_reason():
            return
        poll = self._poll()
        if poll and poll.unfinished:
            self._schedule_poll()
        elif self.poll_seconds < CRON_SECONDS:
            self._schedule_poll(fields.Datetime.now() + timedelta(seconds=self.poll_seconds))

    def _poll(self):
        """Fetch what is there now, in transactions of its own.

        :return: Poll, None when another worker is at it
        """
        poll = Poll(self.env.registry, self.id)
        with poll.locked() as mine:
            if not mine:
                return None
            poll.run()
        return poll

    # screen

    def action_poll(self):
        """Fetch now and say what came."""
        self._check_may_call()
        self._check_not_blocked()
        poll = self._poll()
        if not poll:
            return self._get_notification(_("It is being fetched right now."), "info")
        if poll.error and poll.new:
            raise UserError(
                _("%(count)s new messages were taken in, but: %(error)s", count=poll.new, error=poll.error)
            )
        if poll.error:
            raise UserError(poll.error)
        return self._get_notification(_("%s new messages.", poll.new), "success")

    def action_view_taken(self):
        return self.env["dist.message"]._get_list_action(
            [("endpoint_id", "in", self.ids), ("direction", "=", "in")]
        )
