from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

CATEGORIES = [
    ("decode", "Unreadable message"),
    ("validation", "Content does not fit"),
    ("mapping", "Unknown code"),
    ("identity", "Ambiguous match"),
    ("ownership", "Owned by another system"),
    ("business", "Business rule"),
    ("delivery", "Delivery failed"),
    ("technical", "Technical"),
]
UNSOLVED = ("open", "in_progress")
DEFAULT_SERVICE_LEVEL_MINUTES = 240
IMPACT_AT_ONCE = 50
# of one message
OPENED_AT_ONCE = 50
# of what messages said one after another of one record
DETAIL_LINES = 50
STUCK = ("error", "dead", "retry")
# what no retry can help: the content itself is wrong
CORRECTABLE = ("decode", "validation")


class DistException(models.Model):
    """Something a person must decide, with what it puts at risk."""

    _name = "dist.exception"
    _description = "Integration exception"
    _inherit = ["dist.kept.mixin", "mail.thread", "mail.activity.mixin", "dist.audited.mixin"]
    _order = "state, due_at, severity_order desc, id"

    name = fields.Char(string="What happened", required=True, readonly=True)
    category = fields.Selection(CATEGORIES, required=True, readonly=True)
    code = fields.Char(readonly=True)
    severity = fields.Selection(
        [("low", "Low"), ("normal", "Normal"), ("high", "High"), ("critical", "Critical")],
        required=True,
        default="normal",
        tracking=True,
    )
    severity_order = fields.Integer(compute="_compute_severity_order", store=True)
    state = fields.Selection(
        [("open", "Open"), ("in_progress", "In progress"), ("resolved", "Solved"), ("ignored", "Ignored")],
        required=True,
        default="open",
        tracking=True,
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    system_id = fields.Many2one("dist.system", readonly=True, index=True)
    flow_id = fields.Many2one("dist.flow", readonly=True)
    message_type_id = fields.Many2one("dist.message.type", readonly=True)
    endpoint_id = fields.Many2one("dist.endpoint", readonly=True)
    dist_message_ids = fields.One2many("dist.message", "exception_id", string="Messages it speaks for")
    further_message_ids = fields.Many2many(
        "dist.message",
        "dist_message_further_exception_rel",
        "exception_id",
        "message_id",
        string="Messages that wait for it as well",
        readonly=True,
    )
    affected_message_ids = fields.Many2many(
        "dist.message", compute="_compute_affected_message_ids", string="Affected messages"
    )
    message_count = fields.Integer(compute="_compute_message_count", string="Number of messages")
    fingerprint = fields.Char(readonly=True)
    closes_with_messages = fields.Boolean(default=True, readonly=True)
    detail = fields.Text(readonly=True)
    suggestion = fields.Text(string="Suggested fix", readonly=True)
    mapping_domain = fields.Char(string="Kind of code", readonly=True)
    external_code = fields.Char(readonly=True)
    mapping_model = fields.Char(readonly=True)
    res_model = fields.Char(string="Document model", readonly=True)
    res_id = fields.Many2oneReference(string="Document ID", model_field="res_model", readonly=True)
    document_name = fields.Char(string="Document", readonly=True)
    trace_id = fields.Char(readonly=True)
    assignee_id = fields.Many2one("res.users", tracking=True)
    due_at = fields.Datetime(string="Due", tracking=True)
    is_overdue = fields.Boolean(compute="_compute_is_overdue", search="_search_is_overdue")
    impact_stale = fields.Boolean(readonly=True)
    impact_orders = fields.Integer(string="Orders at risk", readonly=True)
    impact_lines = fields.Integer(string="Lines at risk", readonly=True)
    impact_skus = fields.Char(string="Items at risk", readonly=True)
    impact_warehouses = fields.Char(string="Warehouses", readonly=True)
    impact_value = fields.Monetary(string="Value at risk", readonly=True)
    impact_most_orders = fields.Integer(string="Most orders at risk", readonly=True)
    impact_most_lines = fields.Integer(string="Most lines at risk", readonly=True)
    impact_most_value = fields.Monetary(string="Most value at risk", readonly=True)
    impact_before = fields.Char(
        string="Was at risk", readonly=True, help="At its most, until the exception was closed."
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    resolved_at = fields.Datetime(readonly=True)
    resolved_by_id = fields.Many2one("res.users", readonly=True)
    resolution = fields.Selection(
        [
            ("replayed", "Replayed"),
            ("mapped", "Code mapped"),
            ("corrected", "Corrected and resubmitted"),
            ("handled", "Handled by hand"),
            ("cancelled", "Message cancelled"),
            ("ignored", "Ignored"),
        ],
        readonly=True,
    )
    intended_resolution = fields.Char(readonly=True)
    acted_by_id = fields.Many2one("res.users", readonly=True)
    ignore_reason = fields.Char(string="Reason", readonly=True, tracking=True)
    can_fix_mapping = fields.Boolean(compute="_compute_actions")
    can_correct = fields.Boolean(compute="_compute_actions")
    can_retry = fields.Boolean(compute="_compute_actions")

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS dist_exception_open_fingerprint_uniq ON dist_exception "
            "(company_id, fingerprint) WHERE state IN ('open', 'in_progress')"
        )

    @api.model
    def _get_writable_fields(self):
        return {
            "assignee_id",
            "due_at",
            "severity",
            "activity_ids",
            "message_follower_ids",
            "message_ids",
        }

    def _get_audited_fields(self):
        return ["assignee_id", "due_at", "severity"]

    def _get_audited_records(self):
        # who gets an exception by itself is told by its chatter
        return self.browse() if self.env.su else self

    def _get_audit_action(self, action, changes):
        given = {change["field"] for change in changes} & {"assignee_id", "team_id"}
        return "assigned" if given else action

    @api.depends("severity")
    def _compute_severity_order(self):
        order = [key for key, _label in self._fields["severity"].selection]
        for exception in self:
            exception.severity_order = order.index(exception.severity)

    @api.depends("dist_message_ids", "further_message_ids")
    def _compute_affected_message_ids(self):
        for exception in self:
            exception.affected_message_ids = exception.dist_message_ids | exception.further_message_ids

    def _get_message_domain(self):
        """:return: domain of the messages of these exceptions"""
        # ids: for a question within this one the database would read every message there is
        further = self.sudo().further_message_ids.ids
        own = [("exception_id", "in", self.ids)]
        return ["|", *own, ("id", "in", further)] if further else own

    @api.depends("dist_message_ids", "further_message_ids")
    def _compute_message_count(self):
        counts = self._get_state_counts(lambda _state: True)
        for exception in self:
            exception.message_count = counts.get(exception, 0)

    @api.depends("due_at", "state")
    def _compute_is_overdue(self):
        now = fields.Datetime.now()
        for exception in self:
            exception.is_overdue = bool(
                exception.state in UNSOLVED and exception.due_at and exception.due_at < now
            )

    @api.model
    def _search_is_overdue(self, operator, value):
        wanted = bool(value) if operator in ("=", "!=") else True in value
        if operator in ("!=", "not in"):
            wanted = not wanted
        overdue = [("state", "in", UNSOLVED), ("due_at", "<", fields.Datetime.now())]
        return overdue if wanted else ["!", "&", *overdue]

    @api.depends("category", "state", "dist_message_ids.state", "further_message_ids.state")
    def _compute_actions(self):
        stuck = self._get_state_counts(lambda state: state in STUCK)
        for exception in self:
            unsolved = exception.state in UNSOLVED
            count = stuck.get(exception, 0)
            exception.can_fix_mapping = unsolved and exception.category == "mapping"
            exception.can_correct = unsolved and (
                count == 1 or (bool(count) and exception.category in CORRECTABLE)
            )
            exception.can_retry = unsolved and (
                bool(count) or (exception.fingerprint or "").startswith("event/")
            )

    # opening and closing

    @api.model
    def _open(self, spec, message, closes_with_messages=True, payload=None):
        """Open an exception for a message, or add the message to the open one of the same fingerprint.

        What the message's type hides is not told: an exception is read by everybody who works on it.

        :param spec: ExceptionSpec
        :param message: dist.message
        :param payload: canonical payload of the message, where it is not stored yet
        :param closes_with_messages: False when the message is done and something else, such as an order on hold,
            has to be settled
        :return: dist.exception
        """
        exception = self._find_or_create(spec, message, closes_with_messages, payload)
        former = message.exception_id
        if former != exception:
            message.sudo().exception_id = exception
            # the message got past what the former one was about
            self._refresh(former)
        exception._add_impact(spec.impact)
        return exception

    @api.model
    def _find_or_create(self, spec, message, closes_with_messages=True, payload=None):
        """:return: dist.exception, the open one of the same fingerprint or a new one; parameters as of `_open`"""
        exception = self.sudo()._find_open(message.company_id, self._get_fingerprint(spec, message))
        if not exception:
            vals = self._prepare_from_message(message._redact_spec(spec, payload), message)
            vals["document_name"] = message._redact(
                vals["document_name"], payload, hidden_values=spec.hidden_values
            )
            exception = self.sudo().create({**vals, "closes_with_messages": closes_with_messages})
            exception._assign()
        elif spec.category == "ownership":
            exception._tell_latest(message._redact_spec(spec, payload).detail)
        return exception

    @api.model
    def _open_each(self, specs, message, payload=None):
        """Open an exception for each thing that a message waits for; the first speaks for it.

        :param specs: list of ExceptionSpec; of a great many the rest is told once these are settled
        """
        message = message.sudo()
        former = message.further_exception_ids
        first, *others = specs[:OPENED_AT_ONCE]
        further = self.browse().union(
            *(self._find_or_create(spec, message, payload=payload) for spec in others)
        )
        if former != further:
            message.further_exception_ids = further
        self._open(first, message, payload=payload)
        for exception in further:
            exception._add_impact(None)
        self._refresh(former - further)

    def _tell_latest(self, detail):
        """Put what the latest message says of the record above what former ones said."""
        self.ensure_one()
        lines = detail.splitlines()
        former = [line for line in (self.detail or "").splitlines() if line not in lines]
        self._write_changes({"detail": "\n".join([*lines, *former][:DETAIL_LINES])})

    @api.model
    def _get_fingerprint(self, spec, message):
        own = spec.fingerprint or f"message/{message.id}"
        return f"{message.system_id.id}/{spec.category}/{spec.code}/{own}"

    @api.model
    def _find_open(self, company, fingerprint):
        return self.search(
            [("company_id", "=", company.id), ("fingerprint", "=", fingerprint), ("state", "in", UNSOLVED)],
            limit=1,
        )

    @api.model
    def _prepare_from_spec(self, spec):
        """:return: dict, what an exception says, whatever it is about"""
        return {
            "name": spec.summary[:200],
            "category": spec.category,
            "code": spec.code,
            "severity": spec.severity,
            "detail": spec.detail,
            "suggestion": spec.suggestion,
        }

    @api.model
    def _prepare_from_message(self, spec, message):
        record = spec.record
        if record is None and message.res_model and message.res_id:
            record = self.env[message.res_model].browse(message.res_id).exists()
        flow = message.flow_id
        minutes = flow.service_level_minutes or DEFAULT_SERVICE_LEVEL_MINUTES
        return {
            **self._prepare_from_spec(spec),
            "fingerprint": self._get_fingerprint(spec, message),
            "mapping_domain": spec.domain,
            "external_code": spec.external_code,
            "mapping_model": spec.model,
            "company_id": message.company_id.id,
            "system_id": message.system_id.id,
            "flow_id": flow.id,
            "message_type_id": message.message_type_id.id,
            "endpoint_id": message.endpoint_id.id,
            "trace_id": message.trace_id,
            "res_model": record._name if record else False,
            "res_id": record.id if record else False,
            "document_name": record.display_name if record else message.business_key,
            "due_at": fields.Datetime.now() + timedelta(minutes=minutes),
            "assignee_id": self.env["res.users"]
            .browse(spec.assignee or [])
            .exists()
            ._dist_get_reachable(message.company_id)
            .id,
        }

    def _assign(self):
        """Give the exception to the one who can fix it, with an activity."""
        for exception in self:
            owner = exception.assignee_id or exception._get_assignee()
            if not owner:
                continue
            exception.assignee_id = owner
            exception.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=exception.name[:100],
                user_id=owner.id,
                date_deadline=fields.Date.to_date(exception.due_at),
            )

    def _get_assignee(self):
        """:return: user; technical trouble goes to the technical owner, all else to the business owner; to the other
        one where that one cannot be reached; empty when neither can
        """
        self.ensure_one()
        technical = self.category in ("delivery", "technical", "decode", "validation")
        owners = [self.system_id._get_owner(kind, self.flow_id) for kind in ("technical", "business")]
        own, other = owners if technical else reversed(owners)
        return own or other

    def _add_impact(self, given):
        """Take in what one more message puts at risk; where there are many, once a minute for all of them."""
        self.ensure_one()
        if self.message_count > IMPACT_AT_ONCE:
            self._write_changes({"impact_stale": True})
        else:
            self._update_impact(given)

    @api.model
    def _update_stale_impacts(self):
        """Add up again what many messages put at risk, each exception in transactions of its own.

        The flag is taken down first: a message that comes while its exception is added up puts it up again.
        """
        in_own_transaction = self.env["dist.message"]._in_own_transaction
        for exception_id in self.search([("impact_stale", "=", True), ("state", "in", UNSOLVED)]).ids:
            in_own_transaction(
                lambda env, exception_id=exception_id: (
                    env["dist.exception"].browse(exception_id).write({"impact_stale": False})
                )
            )
            in_own_transaction(
                lambda env, exception_id=exception_id: (
                    env["dist.exception"].browse(exception_id)._update_impact()
                )
            )

    def _prepare_settled_impact(self):
        """:return: values of a closed exception, by which nothing is at risk any more; of what it was stays"""
        return {
            "impact_before": ", ".join(self._get_impact_parts(self._get_most_impact())) or self.impact_text,
            "impact_orders": 0,
            "impact_lines": 0,
            "impact_value": 0.0,
            "impact_stale": False,
        }

    def _update_impact(self, given=None):
        for exception in self.filtered(lambda exception: exception.state in UNSOLVED):
            impact = given or exception._get_impact()
            currency = impact["currency"] or exception.company_id.currency_id
            exception._write_changes(
                {
                    **exception._prepare_most_impact(impact, currency),
                    "impact_orders": impact["orders"],
                    "impact_lines": impact["lines"],
                    "impact_skus": ", ".join(sorted(impact["skus"])[:20]),
                    "impact_warehouses": ", ".join(sorted(impact["warehouses"])),
                    "impact_value": impact["value"],
                    "currency_id": currency.id,
                }
            )

    def _prepare_most_impact(self, impact, currency):
        """:return: dict of values, the most that was at risk so far: the messages get through one after the other"""
        former = self.impact_most_value if self.currency_id == currency else 0.0
        return {
            "impact_most_orders": max(self.impact_most_orders, impact["orders"]),
            "impact_most_lines": max(self.impact_most_lines, impact["lines"]),
            "impact_most_value": max(former, impact["value"]),
        }

    def _get_most_impact(self):
        """:return: dict with the orders, lines and value that were at risk at the most"""
        return {
            name: max(self[f"impact_most_{name}"], self[f"impact_{name}"])
            for name in ("orders", "lines", "value")
        }

    def _write_changes(self, values):
        """Write what differs: messages that fail alike at the same time would all conflict on this one row."""
        self.ensure_one()
        current = self.read(list(values), load=None)[0]
        changes = {
            name: value for name, value in values.items() if (current[name] or False) != (value or False)
        }
        if changes:
            self.sudo().write(changes)

    def _get_impact(self):
        """:return: impact of the documents of the exception and its messages, as of `_dist_get_impact`, in the
        currency of its company
        """
        total = {**self.env["base"]._dist_get_impact(), "currency": self.company_id.currency_id}
        for documents in self._join_documents(self._get_impact_documents()):
            for own in documents._dist_split_by_currency().values():
                total = self._add_up(total, own.exists()._dist_get_impact())
        return total

    @api.model
    def _join_documents(self, documents):
        """Documents, or the orders they belong to where those of several kinds belong to one order.

        :param documents: dict, model name to ids
        :return: list of recordsets, one a model; no order is behind two of them
        """
        records = [self.env[model_name].sudo().browse(sorted(ids)) for model_name, ids in documents.items()]
        orders = [self.env["dist.backlog"]._get_orders_behind({each._name: each.ids}) for each in records]
        reached = [{(order._name, order.id) for kind in kinds for order in kind} for kinds in orders]
        if len(set().union(*reached)) == sum(map(len, reached)):
            return records
        return self.env["dist.backlog"]._get_orders_behind(documents)

    def _get_impact_documents(self):
        """:return: dict, model name to ids of the documents that are at risk"""
        self.ensure_one()
        documents = {}
        if self.res_model and self.res_id:
            documents.setdefault(self.res_model, set()).add(self.res_id)
        for model_name, ids in self.env["dist.message"]._read_group(
            [
                *self._get_message_domain(),
                ("res_model", "!=", False),
                ("res_id", "!=", False),
                ("state", "not in", ("done", "cancelled")),
            ],
            ["res_model"],
            ["res_id:array_agg"],
        ):
            documents.setdefault(model_name, set()).update(ids)
        return documents

    def _add_up(self, impact, more):
        """:return: two impacts in one, as of `_dist_get_impact`, in the currency of the first at the rate of today"""
        value, currency = more["value"], more["currency"]
        if currency:
            today = fields.Date.context_today(self)
            value = currency._convert(value, impact["currency"], self.company_id, today)
        return {
            "orders": impact["orders"] + more["orders"],
            "lines": impact["lines"] + more["lines"],
            "skus": sorted({*impact["skus"], *more["skus"]}),
            "warehouses": sorted({*impact["warehouses"], *more["warehouses"]}),
            "value": impact["value"] + value,
            "currency": impact["currency"],
        }

    @api.model
    def _refresh(self, exceptions):
        """Close exceptions none of whose messages is stuck any more; update what the others put at risk."""
        unsolved = exceptions.sudo().filtered(lambda exception: exception.state in UNSOLVED)
        unfinished = unsolved._get_state_counts(lambda state: state not in ("done", "cancelled"))
        done, cancelled = (
            unsolved._get_state_counts(lambda state, wanted=wanted: state == wanted)
            for wanted in ("done", "cancelled")
        )
        for exception in unsolved:
            if not exception.closes_with_messages or unfinished.get(exception):
                exception._add_impact(None)
            elif cancelled.get(exception) and not done.get(exception):
                exception._close_with_cancelled()
            else:
                exception._close("replayed")

    def _close_with_cancelled(self):
        """Close what speaks for cancelled messages alone, in the name of who cancelled them; whatever somebody had set
        out to do before.
        """
        self.ensure_one()
        last = self.env["dist.message"].search(
            [*self._get_message_domain(), ("state", "=", "cancelled")], order="done_at desc, id desc", limit=1
        )
        self.write({"intended_resolution": False, "acted_by_id": last.cancelled_by_id.id})
        self._close("corrected" if last.correction_ids else "cancelled")

    def _get_state_counts(self, wanted):
        """:param wanted: callable that takes a message's state
        :return: dict exception to number of its messages in such a state
        """
        counts = {}
        for name in ("exception_id", "further_exception_ids"):
            for exception, state, count in self.env["dist.message"]._read_group(
                [(name, "in", self.ids)], [name, "state"], ["__count"]
            ):
                if wanted(state):
                    counts[exception] = counts.get(exception, 0) + count
        return counts

    @api.model
    def _close_for_record(self, record, codes, resolution="handled"):
        """Close what is open about a document because the document itself was settled.

        :param codes: codes of exceptions, such as ``["credit_limit"]``
        """
        self.sudo().search(
            [
                ("res_model", "=", record._name),
                ("res_id", "in", record.ids),
                ("code", "in", codes),
                ("state", "in", UNSOLVED),
            ]
        )._close(resolution)

    def _close(self, resolution, state="resolved"):
        unsolved = self.sudo().filtered(lambda exception: exception.state in UNSOLVED)
        for exception in unsolved:
            exception.write(
                {
                    "state": state,
                    "resolved_at": fields.Datetime.now(),
                    **exception._prepare_settled_impact(),
                    "resolution": exception.intended_resolution or resolution,
                    "resolved_by_id": exception.acted_by_id.id or self.env.uid,
                }
            )
        unsolved.activity_unlink(["mail.mail_activity_data_todo"])

    def _note_action(self, resolution):
        """Keep who acted and how, in a transaction of its own: the replay that follows runs in others.

        :param resolution: key of the field ``resolution``
        """
        ids, user_id = self.ids, self.env.uid

        def note(env):
            env["dist.exception"].browse(ids).write(
                {"intended_resolution": resolution, "acted_by_id": user_id}
            )

        self.env["dist.message"]._in_own_transaction(note)

    @api.model
    def _open_for_event(self, event):
        spec = event._prepare_exception()
        fingerprint = spec.fingerprint
        if self.sudo().search_count([("fingerprint", "=", fingerprint), ("state", "in", UNSOLVED)]):
            return
        exception = self.sudo().create(self._prepare_from_event(spec, event))
        exception._assign()
        exception._update_impact()

    @api.model
    def _prepare_from_event(self, spec, event):
        flow = event._get_addressed_flow()
        minutes = flow.service_level_minutes or DEFAULT_SERVICE_LEVEL_MINUTES
        return {
            **self._prepare_from_spec(spec),
            "fingerprint": spec.fingerprint,
            "company_id": event.company_id.id,
            "system_id": flow.system_id.id,
            "flow_id": flow.id,
            "message_type_id": event.message_type_id.id,
            "endpoint_id": flow.endpoint_id.id,
            "trace_id": event.trace_id,
            "res_model": event.res_model,
            "res_id": event.res_id,
            "document_name": event._get_document_name(),
            "due_at": fields.Datetime.now() + timedelta(minutes=minutes),
        }

    @api.model
    def _resolve_for_event(self, event):
        self.sudo().search([("fingerprint", "=", f"event/{event.id}"), ("state", "in", UNSOLVED)])._close(
            "replayed"
        )

    # what a person does

    def _check_may_act(self):
        """:raises AccessError: the user does not work on these exceptions"""
        self.check_access_rights("write")
        self.check_access_rule("write")

    def _check_open(self):
        """:raises UserError: some of these exceptions are closed"""
        self._check_each(
            _("These exceptions are closed already:"), lambda exception: exception.state in UNSOLVED
        )

    def _check_each(self, text, is_fitting):
        """Refuse all of these exceptions when some do not fit what a person asks for.

        :param text: what is wrong with those that do not; their names follow
        :param is_fitting: callable that takes an exception
        :raises UserError: one does not fit
        """
        misfits = self.filtered(lambda exception: not is_fitting(exception))
        if misfits:
            raise UserError("\n".join([text, *(f"- {exception.name}" for exception in misfits)]))

    def action_take(self):
        """Work on these exceptions oneself, also on those that a colleague had taken.

        :raises UserError: one is closed
        """
        self._check_may_act()
        self._check_open()
        self.write({"assignee_id": self.env.uid})
        self.sudo().write({"state": "in_progress"})

    def action_retry(self):
        """Try the stuck messages again.

        :raises UserError: one of these exceptions has none, or is closed
        """
        self._check_may_act()
        self._check_open()
        self._check_each(_("There is nothing to try again in:"), lambda exception: exception.can_retry)
        stuck = self._get_stuck()
        tried = stuck._get_triable()
        self._note_action("replayed")
        for exception in self:
            if (exception.fingerprint or "").startswith("event/"):
                event_id = int(exception.fingerprint.split("/")[1])
                self.env["dist.audit.entry"]._add("retried", exception)
                self.env["dist.message"]._in_own_transaction(
                    lambda env, event_id=event_id: env["dist.event"].browse(event_id).action_rebuild()
                )
            (exception._get_stuck() - (stuck - tried)).action_retry()
        return self._tell_retried(tried)

    def _tell_retried(self, tried):
        """:return: what tells the person that messages failed again, or were left out; True when none was"""
        # it happened in other transactions than this one sees
        states = self.env["dist.message"]._in_own_transaction(
            lambda env: env["dist.message"].browse(tried.ids).mapped("state")
        )
        failed, left = sum(state in STUCK for state in states), states.count("cancelled")
        texts = []
        if failed:
            texts.append(
                _(
                    "Tried again: %(failed)s of %(tried)s messages failed once more.",
                    failed=failed,
                    tried=len(states),
                )
            )
        if left:
            texts.append(_("Left out: %s messages that later ones have overtaken.", left))
        if not texts:
            return True
        return self.env["dist.endpoint"]._get_notification(" ".join(texts), "warning")

    def _get_stuck(self):
        return self.affected_message_ids.filtered(lambda message: message.state in STUCK)

    def _retry_stuck(self):
        """Try the stuck messages again, but those whose place a correction takes."""
        stuck = self._get_stuck()
        (stuck - stuck._get_superseded()).action_retry()

    def action_correct(self):
        """Open the oldest message that waits for correction.

        :raises UserError: there is none, there are several to choose from, or the exception is closed
        """
        self.ensure_one()
        self._check_open()
        stuck = self._get_stuck().sorted("id")
        self._check_each(_("No message waits for correction in:"), lambda _exception: stuck)
        if not self.can_correct:
            raise UserError(_("Open the message to correct from the list: %s are waiting.", len(stuck)))
        return stuck[0].action_correct()

    def action_ignore(self):
        """Ask for the reason, then cancel the messages and close.

        :raises UserError: one is closed
        """
        self._check_open()
        return {
            "type": "ir.actions.act_window",
            "res_model": "dist.exception.ignore",
            "views": [(False, "form")],
            "target": "new",
            "name": _("Ignore"),
            "context": {"default_exception_ids": [fields.Command.set(self.ids)]},
        }

    def _ignore(self, reason):
        """Cancel the stuck messages, with their corrections and what they correct, and close, with the reason and the
        user's name.
        """
        if not (reason or "").strip():
            raise UserError(_("Say why this can be ignored."))
        self._check_may_act()
        self._check_open()
        self.sudo().write({"ignore_reason": reason})
        self.env["dist.audit.entry"]._add_each("ignored", self, reason=reason)
        for exception in self:
            exception._get_stuck()._cancel_families(reason)
        self._close("ignored", state="ignored")
        # cancelling the last message closed some as solved
        self.sudo().write({"state": "ignored", "resolution": "ignored"})

    def action_mark_handled(self):
        """Close: a person settled the matter by hand.

        :raises UserError: messages wait, something else is to be decided, or one is closed
        """
        self._check_may_act()
        self._check_open()
        if self._get_stuck():
            raise UserError(_("Messages are still waiting: retry, correct or ignore them."))
        self._check_each(
            _("This is still to be decided, with the buttons of the exception:"),
            lambda exception: exception.main_action == "handle",
        )
        self._close("handled")
        self.env["dist.audit.entry"]._add_each("overridden", self, reason=_("Settled by hand"))

    def action_view_messages(self):
        return self.env["dist.message"]._get_list_action(self._get_message_domain())

    def action_open_document(self):
        self.ensure_one()
        if not self.res_model:
            raise UserError(_("This exception has no document."))
        return self.env[self.res_model].browse(self.res_id)._dist_open()

    @api.model
    def _get_list_action(self, domain):
        action = self.env["ir.actions.act_window"]._for_xml_id("dist_integration_base.action_dist_exception")
        return {**action, "domain": domain}
