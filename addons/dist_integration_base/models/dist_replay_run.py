import time
from contextlib import contextmanager

from odoo import _, api, fields, models

from .dist_message import CHANNELS
from .dist_message_inbound import InFlight

BATCH = 100
RUN_SECONDS = 20


class DistReplay(models.Model):
    """Running: in the background, a batch a transaction, from where it was."""

    _inherit = "dist.replay"

    def _schedule(self):
        """Enqueue the job, unless one waits. Beside mass data: nothing urgent waits for a replay."""
        self.ensure_one()
        self.with_delay(
            channel=CHANNELS["bulk"],
            identity_key=f"dist-replay:{self.id}",
            description=_("Replay: %s", self.reason),
        )._job_run()

    @api.model
    def _resume_abandoned(self):
        """Take up replays whose worker was killed."""
        for replay in self.search([("state", "=", "running")]):
            replay._schedule()

    def _job_run(self):
        """Job: replay the next messages, then enqueue the next run."""
        self.ensure_one()
        deadline = time.monotonic() + RUN_SECONDS
        with self._locked() as mine:
            if not mine:
                return  # the worker that has it goes on
            going_on = True
            while going_on and time.monotonic() < deadline:
                going_on = self._run_batch(deadline)
        self.invalidate_recordset()
        if going_on:
            self._schedule()

    @contextmanager
    def _locked(self):
        with self.env.registry.cursor() as cr:
            cr.execute(
                "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (f"dist.replay/{self.id}",)
            )
            yield cr.fetchone()[0]

    def _run_batch(self, deadline):
        """:return: True while there is more to do"""
        batch = self._apart(lambda replay: replay._start_batch())
        if batch is None:
            return False
        for message_id in batch:
            if time.monotonic() > deadline:
                break
            self._replay_inbound(message_id)
        return True

    def _apart(self, work):
        """Run work in a transaction of its own.

        :param work: callable that takes this replay
        """
        replay_id = self.id
        return self.env["dist.message"]._in_own_transaction(
            lambda env: work(env["dist.replay"].browse(replay_id))
        )

    def _start_batch(self):
        """Settle of the next messages what needs no transaction of its own.

        :return: list of ids of the inbound ones that are to be processed; None when all is done or it was stopped
        """
        if self.state != "running":
            return None
        items = self.env["dist.replay.item"].search(
            [("replay_id", "=", self.id), ("result", "=", "open")], order="message_id", limit=BATCH
        )
        if not items:
            self._finish()
            return None
        items.filtered(lambda item: item.expected == "refused").write({"result": "refused"})
        items.filtered(lambda item: item.expected == "recognise").write({"result": "recognised"})
        self._send_again(items.filtered(lambda item: item.expected == "send"))
        return items.filtered(lambda item: item.expected == "apply").message_id.sorted("id").ids

    def _send_again(self, items):
        """Put outbound messages back into their lanes, under the same id and with their schedule from the start."""
        if not items:
            return
        self.env.cr.execute(
            """
            UPDATE dist_message
            SET state = 'pending', attempt_count = 0, next_attempt_at = %(now)s, done_at = NULL, error = NULL,
                error_code = NULL, answer_status = NULL, replay_id = %(replay)s
            WHERE id = ANY(%(ids)s) AND direction = 'out' AND state IN ('done', 'retry', 'error', 'dead')
              AND erased_at IS NULL
            RETURNING id, endpoint_id, criticality, lane
            """,
            {"now": fields.Datetime.now(), "replay": self.id, "ids": items.message_id.ids},
        )
        rows = self.env.cr.dictfetchall()
        messages = self.env["dist.message"]
        messages.invalidate_model()
        messages._wake_lanes(rows)
        queued = messages.browse([row["id"] for row in rows])
        sent = items.filtered(lambda item: item.message_id in queued)
        sent.write({"result": "queued"})
        (items - sent).write({"result": "changed"})
        self.env["dist.exception"]._refresh(queued.exception_id)

    def _replay_inbound(self, message_id):
        """Process a message again, in its own transactions, then note what came of it.

        Killed in between, it is processed once more and recognised: it is done.
        """
        messages = self.env["dist.message"]
        try:
            messages._process([message_id])
        except InFlight:
            pass  # noted by the state that it has now
        self._apart(lambda replay: replay._note_result(message_id))

    def _note_result(self, message_id):
        item = self.env["dist.replay.item"].search(
            [("replay_id", "=", self.id), ("message_id", "=", message_id), ("result", "=", "open")]
        )
        message = item.message_id
        message.replay_id = self
        results = {"done": "processed", "cancelled": "changed"}
        item.write(
            {"result": results.get(message.state, "failed"), "note": message.error and message.error[:200]}
        )

    def _finish(self):
        self.write({"state": "done", "finished_at": fields.Datetime.now()})
        self.message_post(body=_("Finished: %s messages failed again.", self.failed_count))
