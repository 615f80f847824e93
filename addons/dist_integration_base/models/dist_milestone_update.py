import logging

import psycopg2

from odoo import _, api, fields, models
from odoo.tools import SQL, split_every

from ..lib.handling import ExceptionSpec
from .dist_domain_mixin import parse_domain
from .dist_milestone import REFUSED, WAITING
from .transaction import is_connection_lost

_logger = logging.getLogger(__name__)

BATCH = 1000


class DistMilestone(models.Model):
    """Brings milestones up to date, outside of the transactions that move the business.

    Events and finished messages are read by a mark that loses nothing (`dist.event.mark`); conditions are searched for
    the documents that wait. Nothing is called overdue before it was looked for once more.
    """

    _inherit = "dist.milestone"

    @api.model
    def _cron_update(self):
        # one at a time, with the snapshot behind the lock
        self.env["dist.message"]._in_serial_transaction(
            "dist.milestone", lambda env: env["dist.milestone"]._update()
        )
        self.search([("state", "=", "refused"), ("compensation_error", "=", False)])._compensate()

    @api.model
    def _update(self):
        processes = self.env["dist.process"].search([("state", "=", "running")])
        marks = self.env["dist.event.mark"].search([])
        places = [{name: mark[name] for name in ("last_id", "seen_id", "horizon")} for mark in marks]
        news = self._read_news()
        failed = processes.filtered(
            lambda process: not self._do_or_tell(process, lambda: self._follow(process, news))
        )
        if failed:
            # they read it all again: nothing that happened passes them by
            for mark, place in zip(marks, places, strict=True):
                mark.write(place)
        self._leave_out()
        self._set_overdue(failed)
        failed |= self._refresh_exceptions()
        for process in failed.search([("id", "not in", failed.ids)]):
            self.env["dist.exception"]._close_without_message(["process_failed"], str(process.id))

    @api.model
    def _do_or_tell(self, process, work):
        """A process that cannot be followed is put before a person and does not hold up the others.

        :param work: function, what is to be done for it
        :return: whether it was done
        """
        try:
            with self.env.cr.savepoint():
                work()
        except Exception as error:  # pylint: disable=broad-except
            if is_connection_lost(error) or isinstance(error, psycopg2.OperationalError):
                raise
            _logger.exception("Process %s cannot be followed", process.code)
            self.env["dist.exception"]._open_without_message(
                self._prepare_unfollowed(process, error),
                process.company_id or self.env.company,
                assignee=process.step_ids.escalation_user_id[:1],
            )
            return False
        return True

    @api.model
    def _prepare_unfollowed(self, process, error):
        return ExceptionSpec(
            "technical",
            "process_failed",
            _("The process %s cannot be followed", process.name),
            detail=f"{type(error).__name__}: {error}"[:500],
            record=process,
            severity="high",
            suggestion=_("Correct its steps. It closes by itself once the process is followed again."),
            fingerprint=str(process.id),
        )

    @api.model
    def _follow(self, process, news):
        first = process.step_ids[:1]
        starts = self._get_reached_documents(first, news) if first.reached_by != "condition" else {}
        self._start(process, starts)
        self._take_up_again(process, starts)
        self._reach_by_news(process, news)
        self._reach_by_condition(process)
        self._give_up(process)
        self._set_due(process)
        self._refuse(process, news)

    # what happened

    @api.model
    def _read_news(self):
        """What happened since the last time.

        :return: dict, (kind, message type id) to dict, (model name, record id) to moment; the kinds are ``event``,
            ``message`` and ``dead``
        """
        news = {}
        first, last = self.env["dist.event.mark"]._read_new("dist_event")
        self.env.cr.execute(
            "SELECT 'event', message_type_id, res_model, res_id, occurred_at FROM dist_event "
            "WHERE id > %s AND id <= %s ORDER BY id DESC",
            (first, last),
        )
        rows = self.env.cr.fetchall()
        first, last = self.env["dist.event.mark"]._read_new("dist_message_attempt")
        self.env.cr.execute(
            """
            SELECT CASE message.state WHEN 'done' THEN 'message' ELSE 'dead' END, message.message_type_id,
                   message.res_model, message.res_id, COALESCE(message.done_at, attempt.started_at)
            FROM dist_message_attempt attempt JOIN dist_message message ON message.id = attempt.message_id
            WHERE attempt.id > %s AND attempt.id <= %s AND message.state IN ('done', 'dead')
              AND message.res_id IS NOT NULL
            ORDER BY attempt.id DESC
            """,
            (first, last),
        )
        for kind, type_id, model_name, record_id, moment in rows + self.env.cr.fetchall():
            news.setdefault((kind, type_id), {})[model_name, record_id] = moment
        return news

    @api.model
    def _find_documents(self, process, happened):
        """:param happened: dict, (model name, record id) to moment
        :return: dict, id of a document of the process to moment
        """
        by_model = {}
        for (model_name, record_id), moment in happened.items():
            by_model.setdefault(model_name, {})[record_id] = moment
        found = {}
        for model_name, moments in by_model.items():
            if model_name not in self.env:
                continue
            for record in self.env[model_name].sudo().browse(moments).exists():
                for document in record._dist_get_process_documents(process.model_name):
                    found[document.id] = moments[record.id]
        return found

    @api.model
    def _get_reached_documents(self, step, news):
        """:return: dict, id of a document that reached a step by what happened to moment"""
        happened = news.get((step.reached_by, step.event_type_id.id), {})
        found = self._find_documents(step.process_id, happened) if happened else {}
        if found and step.condition:
            documents = step.process_id._get_documents()
            holding = documents.search([("id", "in", list(found)), *step._get_condition()])
            found = {document.id: found[document.id] for document in holding}
        return found

    # a document comes in

    @api.model
    def _start(self, process, starts):
        """Expect every step of documents that reached the first one.

        :param starts: dict, id of a document that reached it by what happened to the moment
        """
        first = process.step_ids[:1]
        documents = process._get_documents()
        if first.reached_by == "condition":
            known = SQL("SELECT res_id FROM dist_milestone WHERE process_id = %s", process.id)
            domain = [
                ("create_date", ">=", process.started_at),
                *process._get_document_domain(),
                *first._get_condition(),
            ]
            self.env.cr.execute(known)
            found = documents.search([("id", "not in", [row[0] for row in self.env.cr.fetchall()]), *domain])
        else:
            ids = list(starts)
            found = (
                documents.search([("id", "in", ids), *process._get_document_domain()]) if ids else documents
            )
        for ids in split_every(BATCH, found.ids):
            self._insert(process, documents.browse(ids))

    @api.model
    def _insert(self, process, documents):
        now = fields.Datetime.now()
        rows = []
        for document in documents:
            company = document.company_id if "company_id" in document._fields else process.company_id
            for step in process.step_ids:
                system = document._dist_get_process_system(step)
                rows.append(
                    SQL(
                        "(%s, %s, %s, %s, %s, %s, %s, %s, 'expected', %s, %s)",
                        process.id,
                        step.id,
                        step.severity,
                        (company or self.env.company).id,
                        system.id or None,
                        document._name,
                        document.id,
                        document.display_name,
                        self.env.uid,
                        now,
                    )
                )
        if rows:
            self.env.cr.execute(
                SQL(
                    "INSERT INTO dist_milestone (process_id, step_id, severity, company_id, system_id, "
                    "res_model, res_id, document_name, state, create_uid, create_date) VALUES %s "
                    "ON CONFLICT DO NOTHING",
                    SQL(", ").join(rows),
                )
            )

    # a document goes on

    @api.model
    def _reach_by_news(self, process, news):
        for step in process.step_ids:
            if step.reached_by != "condition":
                self._set_reached(step, self._get_reached_documents(step, news))

    @api.model
    def _reach_by_condition(self, process):
        """Search the documents that wait for a condition; beside an event, for those whose event came before it."""
        now = fields.Datetime.now()
        for step in process.step_ids.filtered("condition"):
            ids = self._get_waiting_ids(step)
            if step.reached_by != "condition":
                ids = self._filter_happened(step, ids)
            found = (
                process._get_documents().search([("id", "in", ids), *step._get_condition()]) if ids else []
            )
            self._set_reached(step, {document.id: now for document in found})

    @api.model
    def _filter_happened(self, step, ids):
        """:return: those of the ids of documents whose own events or messages are there already"""
        if not ids:
            return []
        query = (
            "SELECT DISTINCT res_id FROM dist_event WHERE res_model = %s AND res_id IN %s AND message_type_id = %s"
            if step.reached_by == "event"
            else "SELECT DISTINCT res_id FROM dist_message WHERE res_model = %s AND res_id IN %s "
            "AND message_type_id = %s AND state = 'done' AND COALESCE(stage, '') <> 'shadow'"
        )
        self.env.cr.execute(query, (step.process_id.model_name, tuple(ids), step.event_type_id.id))
        return [row[0] for row in self.env.cr.fetchall()]

    @api.model
    def _get_waiting_ids(self, step):
        self.env.cr.execute(
            "SELECT res_id FROM dist_milestone WHERE step_id = %s AND state IN %s", (step.id, WAITING)
        )
        return [row[0] for row in self.env.cr.fetchall()]

    @api.model
    def _set_reached(self, step, moments):
        """:param moments: dict, id of a document to datetime"""
        if not moments:
            return
        self.env.cr.execute(
            """
            UPDATE dist_milestone milestone
            SET state = 'reached', reached_at = happened.moment, is_late = COALESCE(happened.moment > due_at, FALSE)
            FROM unnest(%s::integer[], %s::timestamp[]) AS happened (res_id, moment)
            WHERE milestone.step_id = %s AND milestone.res_id = happened.res_id AND milestone.state IN %s
            """,
            (list(moments), list(moments.values()), step.id, (*WAITING, "compensated", "skipped")),
        )
        self.env["dist.milestone"].invalidate_model()

    @api.model
    def _give_up(self, process):
        """Expect nothing more of documents that were cancelled or deleted."""
        self.env.cr.execute(
            "SELECT DISTINCT res_id FROM dist_milestone WHERE process_id = %s AND state IN %s",
            (process.id, WAITING),
        )
        ids = [row[0] for row in self.env.cr.fetchall()]
        documents = process._get_documents().with_context(active_test=False)
        gone = set(ids) - set(documents.browse(ids).exists().ids)
        if process.cancelled_domain:
            gone |= set(documents.search([("id", "in", ids), *parse_domain(process.cancelled_domain)]).ids)
        if gone:
            self.env.cr.execute(
                "UPDATE dist_milestone SET state = 'skipped', is_given_up = TRUE "
                "WHERE process_id = %s AND res_id IN %s AND state IN %s",
                (process.id, tuple(gone), WAITING),
            )

    @api.model
    def _take_up_again(self, process, starts):
        """Expect again what was given up of documents that are cancelled no more, as of their new start.

        :param starts: as of `_start`
        """
        now = fields.Datetime.now()
        moments = {document.id: starts.get(document.id, now) for document in self._find_taken_up(process)}
        if moments:
            self.env.cr.execute(
                """
                UPDATE dist_milestone milestone
                SET state = 'expected', is_given_up = FALSE, refused_at = NULL, due_at = NULL,
                    expected_since = started.moment
                FROM unnest(%s::integer[], %s::timestamp[]) AS started (res_id, moment)
                WHERE milestone.process_id = %s AND milestone.res_id = started.res_id
                  AND milestone.state = 'skipped' AND milestone.is_given_up
                """,
                (list(moments), list(moments.values()), process.id),
            )
        self._count_from_start(process, starts)
        self.invalidate_model()

    @api.model
    def _find_taken_up(self, process):
        """:return: documents of the process that were given up and are cancelled no more"""
        self.env.cr.execute(
            "SELECT DISTINCT res_id FROM dist_milestone "
            "WHERE process_id = %s AND state = 'skipped' AND is_given_up",
            (process.id,),
        )
        ids = [row[0] for row in self.env.cr.fetchall()]
        documents = process._get_documents()
        if not ids:
            return documents
        found = documents.search([("id", "in", ids), *process._get_document_domain()])
        if process.cancelled_domain:
            cancelled = [("id", "in", found.ids), *parse_domain(process.cancelled_domain)]
            found -= documents.with_context(active_test=False).search(cancelled)
        return found

    @api.model
    def _count_from_start(self, process, starts):
        """A document that was taken up before it started again, such as an order that was a quotation in between, has
        its deadlines from that start.

        :param starts: dict, id of a document to the moment of its start
        """
        if starts:
            self.env.cr.execute(
                """
                UPDATE dist_milestone milestone
                SET state = 'expected', due_at = NULL, expected_since = started.moment
                FROM unnest(%s::integer[], %s::timestamp[]) AS started (res_id, moment)
                WHERE milestone.process_id = %s AND milestone.res_id = started.res_id
                  AND milestone.state IN ('expected', 'overdue') AND milestone.expected_since < started.moment
                """,
                (list(starts), list(starts.values()), process.id),
            )

    @api.model
    def _leave_out(self):
        """A step that may be left out is, once a later one is reached."""
        self.env.cr.execute(
            """
            UPDATE dist_milestone milestone SET state = 'skipped'
            FROM dist_process_step step
            WHERE step.id = milestone.step_id AND step.is_skippable AND milestone.state IN %s AND EXISTS (
                SELECT FROM dist_milestone later JOIN dist_process_step later_step ON later_step.id = later.step_id
                WHERE later.res_model = milestone.res_model AND later.res_id = milestone.res_id
                  AND later.process_id = milestone.process_id AND later.state = 'reached'
                  AND (later_step.sequence, later_step.id) > (step.sequence, step.id))
            """,
            (WAITING,),
        )
        self.invalidate_model()

    # deadlines

    @api.model
    def _set_due(self, process):
        """Give a deadline to milestones for which it is known by now; a date of the document may still change."""
        for step in process.step_ids:
            bases = self._get_bases(step) if step.due_from != "none" else {}
            if not bases:
                continue
            due = {}
            for milestone_id, (base, company_id) in bases.items():
                due[milestone_id] = step._get_due(base, self.env["res.company"].browse(company_id))
            self.env.cr.execute(
                """
                UPDATE dist_milestone milestone SET due_at = known.due_at,
                    state = CASE WHEN known.due_at < %s THEN milestone.state ELSE 'expected' END
                FROM unnest(%s::integer[], %s::timestamp[]) AS known (id, due_at)
                WHERE milestone.id = known.id AND milestone.due_at IS DISTINCT FROM known.due_at
                """,
                (fields.Datetime.now(), list(due), list(due.values())),
            )
        self.invalidate_model()

    @api.model
    def _get_bases(self, step):
        """:return: dict, milestone id to (moment from which its deadline counts, company id)"""
        if step.due_from == "step":
            self.env.cr.execute(
                """
                SELECT milestone.id, GREATEST(base.reached_at, milestone.expected_since), milestone.company_id
                FROM dist_milestone milestone
                JOIN dist_milestone base ON base.res_model = milestone.res_model AND base.res_id = milestone.res_id
                    AND base.step_id = %s AND base.reached_at IS NOT NULL
                WHERE milestone.step_id = %s AND milestone.state = 'expected' AND milestone.due_at IS NULL
                """,
                (step.due_step_id.id, step.id),
            )
            return {row[0]: row[1:] for row in self.env.cr.fetchall()}
        waiting = self.search([("step_id", "=", step.id), ("state", "in", ("expected", "overdue"))])
        documents = step.process_id._get_documents().browse(waiting.mapped("res_id")).exists()
        dates = {document.id: fields.Datetime.to_datetime(document[step.due_field]) for document in documents}
        return {
            milestone.id: (dates[milestone.res_id], milestone.company_id.id)
            for milestone in waiting
            if dates.get(milestone.res_id)
        }

    @api.model
    def _set_overdue(self, failed):
        """:param failed: dist.process that were not looked at"""
        late = self.search(
            [
                ("state", "=", "expected"),
                ("due_at", "<", fields.Datetime.now()),
                ("process_id", "not in", failed.ids),
            ]
        )
        for step in late.step_id:
            own = late.filtered(lambda milestone, step=step: milestone.step_id == step)
            if step.reached_by != "condition" and not step.condition:
                # the last look: its event must not be there
                missed = self._filter_happened(step, own.mapped("res_id"))
                self._set_reached(step, {record_id: fields.Datetime.now() for record_id in missed})
                own = own.filtered(lambda milestone: milestone.state == "expected")
            own.write({"state": "overdue"})
        self.env.flush_all()

    # refusals

    @api.model
    def _refuse(self, process, news):
        now = fields.Datetime.now()
        for step in process.step_ids:
            ids = set()
            if step.event_type_id:
                ids |= set(self._find_documents(process, news.get(("dead", step.event_type_id.id), {})))
            waiting = set(self._get_waiting_ids(step)) if step.refused_condition or ids else set()
            if step.refused_condition and waiting:
                found = process._get_documents().search(
                    [("id", "in", list(waiting)), *parse_domain(step.refused_condition)]
                )
                ids |= set(found.ids)
            if ids & waiting:
                self.env.cr.execute(
                    """
                    UPDATE dist_milestone SET state = 'refused', refused_at = %s,
                        -- what was told of a former refusal says nothing of this one
                        exception_id = (SELECT id FROM dist_exception told WHERE told.id = exception_id
                                        AND told.code <> %s)
                    WHERE step_id = %s AND res_id IN %s AND state IN ('expected', 'overdue')
                    """,
                    (now, REFUSED, step.id, tuple(ids & waiting)),
                )
        self.invalidate_model()

    def _compensate(self):
        """Run the compensations of refused steps, each once and in a transaction of its own."""
        for milestone in self.filtered("step_id.compensation"):
            milestone_id = milestone.id
            try:
                self.env["dist.message"]._in_own_transaction(
                    lambda env, milestone_id=milestone_id: env["dist.milestone"]._compensate_one(milestone_id)
                )
            except Exception as error:  # pylint: disable=broad-except
                if is_connection_lost(error) or isinstance(error, psycopg2.OperationalError):
                    raise
                _logger.exception("Compensation of milestone %s failed", milestone_id)
                self._record_failed_compensation(milestone_id, error)
        self.invalidate_recordset()

    @api.model
    def _compensate_one(self, milestone_id):
        """Compensate and note it together; who comes second finds it done."""
        self.env.cr.execute(
            "SELECT id FROM dist_milestone WHERE id = %s AND state = 'refused' FOR UPDATE", (milestone_id,)
        )
        if not self.env.cr.fetchone():
            return
        milestone = self.browse(milestone_id)
        milestone = milestone.with_company(milestone.company_id)
        getattr(self.env["dist.compensation"], f"_compensate_{milestone.step_id.compensation}")(milestone)
        milestone.write(
            {"state": "compensated", "compensated_at": fields.Datetime.now(), "compensation_error": False}
        )
        self.env["dist.exception"]._close_without_message(["compensation_failed"], str(milestone_id))

    @api.model
    def _record_failed_compensation(self, milestone_id, error):
        text = f"{type(error).__name__}: {error}"[:500]

        def record(env):
            milestone = env["dist.milestone"].browse(milestone_id)
            milestone.compensation_error = text
            env["dist.exception"]._open_without_message(
                ExceptionSpec(
                    "technical",
                    "compensation_failed",
                    _("%s was refused and could not be put right", milestone.display_name),
                    detail=text,
                    record=milestone._get_document() or None,
                    severity="high",
                    suggestion=_(
                        "Put it right by hand, or remove the cause and use Compensate on the milestone."
                    ),
                    fingerprint=str(milestone_id),
                ),
                milestone.company_id,
                system=milestone.system_id,
                assignee=milestone.step_id.escalation_user_id,
            )

        self.env["dist.message"]._in_own_transaction(record)
