import hashlib
import json
from collections import defaultdict

from markupsafe import escape

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .transaction import get_state

OPEN = ("draft", "waiting")
APPROVER = "dist_integration_base.group_dist_approver"
SUMMARY = "Approve or reject a change"


class DistChangeRequest(models.Model):
    """A change of the configuration that is applied when a second person approves it."""

    _name = "dist.change.request"
    _description = "Change request"
    _inherit = ["dist.company.mixin", "mail.thread", "mail.activity.mixin"]
    _mail_post_access = "read"
    _order = "id desc"

    name = fields.Char(string="Number", required=True, readonly=True)
    state = fields.Selection(
        [
            ("draft", "Reason missing"),
            ("waiting", "Waits for approval"),
            ("applied", "Applied"),
            ("rejected", "Rejected"),
            ("cancelled", "Withdrawn"),
        ],
        required=True,
        readonly=True,
        default="draft",
        tracking=True,
    )
    kind = fields.Selection(
        [("create", "New record"), ("write", "Change"), ("unlink", "Deletion")], required=True, readonly=True
    )
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(string="Record ID", model_field="res_model", readonly=True)
    model_name = fields.Char(compute="_compute_model_name", string="Kind of record")
    record_name = fields.Char(string="Record", readonly=True)
    company_id = fields.Many2one(
        "res.company", readonly=True, help="Empty: what is changed is the same for all companies."
    )
    requester_id = fields.Many2one("res.users", string="Asked by", required=True, readonly=True)
    requested_at = fields.Datetime(string="Asked on", readonly=True)
    reason = fields.Text(string="Why", help="Why the change is needed. The approver decides by it.")
    is_entrusted = fields.Boolean(
        readonly=True, help="Asked for by a button, which needs no right to the record itself."
    )
    # what is to be written; secrets in it are encrypted
    content = fields.Text(readonly=True, groups=fields.NO_ACCESS)
    # of each value of the record when this was asked for, with all that it owns
    before = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    fingerprint = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    line_ids = fields.One2many(
        "dist.change.request.line", "request_id", domain=[("is_part", "=", False)], readonly=True
    )
    part_ids = fields.One2many(
        "dist.change.request.line",
        "request_id",
        domain=[("is_part", "=", True)],
        string="What belongs to it",
        readonly=True,
    )
    summary = fields.Char(compute="_compute_summary", string="What changes")
    approver_problem = fields.Char(compute="_compute_approver_problem")
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    decided_at = fields.Datetime(string="Decided on", readonly=True)
    decision_note = fields.Char(string="Note of the decision", readonly=True, tracking=True)
    is_emergency = fields.Boolean(string="Without approval", readonly=True, tracking=True)
    is_stale = fields.Boolean(
        compute="_compute_is_stale",
        search="_search_is_stale",
        string="Changed since",
        help="The record was changed since: what was compared no longer holds.",
    )
    may_edit = fields.Boolean(compute="_compute_may")
    may_decide = fields.Boolean(compute="_compute_may")
    may_bypass = fields.Boolean(compute="_compute_may")
    may_withdraw = fields.Boolean(compute="_compute_may")

    @api.depends("res_model")
    def _compute_model_name(self):
        for request in self:
            known = request.res_model in self.env
            request.model_name = (
                self.env["ir.model"]._get(request.res_model).name if known else request.res_model
            )

    @api.depends("line_ids")
    def _compute_summary(self):
        for request in self:
            request.summary = ", ".join(request.line_ids.mapped("label"))

    @api.depends("state", "requester_id", "company_id")
    def _compute_approver_problem(self):
        for request in self:
            request.approver_problem = request.state in OPEN and request._get_approver_problem()

    def _compute_is_stale(self):
        for request in self:
            request.is_stale = request.state in OPEN and request.sudo()._has_changed()

    @api.model
    def _search_is_stale(self, operator, value):
        wanted = bool(value) if operator in ("=", "!=") else True in value
        if operator in ("!=", "not in"):
            wanted = not wanted
        stale = self.search([("state", "in", OPEN)]).filtered("is_stale")
        return [("id", "in" if wanted else "not in", stale.ids)]

    @api.depends("state", "requester_id")
    @api.depends_context("uid")
    def _compute_may(self):
        approver = self.env.user.has_group(APPROVER)
        manager = self.env.user.has_group("dist_integration_base.group_dist_manager")
        for request in self:
            own = request.requester_id == self.env.user
            request.may_edit = own and request.state == "draft"
            request.may_decide = approver and not own and request.state == "waiting"
            request.may_withdraw = own and request.state in OPEN
            request.may_bypass = manager and request.may_withdraw

    # keeping what was asked for

    @api.model
    def _keep(self, kind, records, vals, **values):
        """Keep a change as requests of the current user, one for each record.

        :param kind: ``create``, ``write`` or ``unlink``
        :param records: what is to be changed; empty for ``create``
        :param vals: as of the method of that name
        :param values: of the requests
        :return: dist.change.request; those that are open already for the same change are not doubled
        """
        requests = self.browse()
        for record in records or [records]:
            prepared = {**self._prepare(kind, record, vals), **values}
            known = self.sudo().search(
                [("fingerprint", "=", prepared["fingerprint"]), ("state", "in", OPEN)], limit=1
            )
            requests += known or self.sudo().create({**prepared, "name": self._get_next_number()})
        return requests

    @api.model
    def _get_next_number(self):
        return self.env["ir.sequence"].sudo().next_by_code(self._name)

    @api.model
    def _prepare(self, kind, record, vals):
        lines = self._prepare_lines(kind, record, vals)
        target = record.new(record._add_missing_default_values(vals)) if kind == "create" else record
        identity = [
            self.env.uid,
            kind,
            record._name,
            record.id,
            [[line["name"], line["new"]] for line in lines],
        ]
        return {
            "kind": kind,
            "res_model": record._name,
            "res_id": record.id,
            "record_name": target.display_name or record._description,
            "company_id": self._get_company(target).id,
            "requester_id": self.env.uid,
            "content": json.dumps(self._hide_secrets(record, vals), default=str),
            "before": json.dumps(record._get_approved_digests()) if record else False,
            "fingerprint": hashlib.sha256(json.dumps(identity).encode()).hexdigest(),
            "line_ids": [fields.Command.create(line) for line in lines],
            "part_ids": [fields.Command.create(part) for part in self._prepare_parts(record)],
        }

    @api.model
    def _get_company(self, record):
        """:return: res.company of a record, or of what it is part of; empty when it is the same for all companies"""
        if "company_id" in record._fields:
            return record.company_id
        parent = record._get_audited_parent()
        return self.env["res.company"] if parent == record else self._get_company(parent)

    @api.model
    def _prepare_parts(self, record):
        """:return: list of values of lines, for what the record owns: it is approved with it"""
        parts = record._get_approved_records()[1:] if record else []
        return [
            {
                "name": part._name,
                "label": self.env["ir.model"]._get(part._name).name,
                "new": self._get_part_text(part),
                "is_part": True,
            }
            for part in parts
        ]

    @api.model
    def _get_part_text(self, part):
        secrets = part._get_secret_fields()
        texts = {name: _get_text(part, name) for name in part._get_audited_fields() if part.sudo()[name]}
        texts.update((name, part.sudo()._get_secret_text(name)) for name in secrets)
        return "\n".join(
            f"{part._fields[name]._description_string(self.env)}: {text}"
            for name, text in texts.items()
            if text
        )

    @api.model
    def _prepare_lines(self, kind, record, vals):
        """:return: list of values of lines, for those fields that get another value"""
        names = record._get_audited_fields() if kind == "unlink" else list(vals)
        changed = record.browse() if kind == "unlink" else record.new(vals, origin=record)
        lines = []
        for name in names:
            if name not in record._fields:
                continue
            secret = name in record._get_secret_fields()
            old = record._get_secret_text(name) if secret and record else _get_text(record, name)
            new = self._get_new_text(changed, name, vals, secret)
            if old != new:
                label = record._fields[name]._description_string(self.env)
                lines.append({"name": name, "label": label, "old": old, "new": new})
        return lines

    @api.model
    def _get_new_text(self, changed, name, vals, secret):
        if secret:
            return changed._get_secret_text(name, vals[name]) if vals[name] else ""
        if changed._fields[name].type == "one2many" and name in vals:
            return json.dumps(self._hide_line_secrets(changed[name], vals[name]), default=str)
        return _get_text(changed, name)

    @api.model
    def _hide_secrets(self, record, vals):
        """:return: vals with secrets encrypted, and those of lines as well"""
        secrets = record._get_secret_fields()
        hidden = {}
        for name, value in vals.items():
            field = record._fields.get(name)
            if name in secrets and value:
                hidden[name] = {"encrypted": self.env["dist.keyring"]._encrypt(value)}
            elif field is not None and field.type == "one2many":
                hidden[name] = self._hide_line_secrets(self.env[field.comodel_name], value)
            else:
                hidden[name] = value
        return hidden

    @api.model
    def _hide_line_secrets(self, lines, commands):
        if not hasattr(lines, "_get_secret_fields"):
            return commands
        return [
            [*command[:2], self._hide_secrets(lines, command[2])]
            if len(command) > 2 and isinstance(command[2], dict)
            else command
            for command in commands
        ]

    @api.model
    def _open_secrets(self, value):
        """The opposite of `_hide_secrets`, at any depth."""
        if isinstance(value, dict):
            if set(value) == {"encrypted"}:
                return self.env["dist.keyring"]._decrypt(value["encrypted"])
            return {name: self._open_secrets(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self._open_secrets(item) for item in value]
        return value

    @api.model
    def _get_open_requests(self, records):
        """:return: dict, record id to its newest open request"""
        found = self.search(
            [("res_model", "=", records._name), ("res_id", "in", records.ids), ("state", "in", OPEN)],
            order="id",
        )
        return {request.res_id: request for request in found}

    def _get_open_action(self):
        """:return: action that opens the request, or the list of several"""
        action = {"type": "ir.actions.act_window", "res_model": self._name, "name": _("Change request")}
        if len(self) == 1:
            return {**action, "res_id": self.id, "views": [(False, "form")], "target": "current"}
        return {**action, "domain": [("id", "in", self.ids)], "views": [(False, "list"), (False, "form")]}

    # who may do what

    def write(self, vals):
        """The person who asks gives the reason; all else goes through the methods below."""
        if not self.env.su:
            if set(vals) - {"reason"}:
                raise AccessError(_("A change request is decided with its buttons."))
            self._check_own()
            if any(request.state != "draft" for request in self):
                raise AccessError(_("The reason stays what the approver decides by."))
        return super().write(vals)

    def _check_own(self):
        """:raises AccessError: somebody else asked for it"""
        if any(request.requester_id != self.env.user for request in self):
            raise AccessError(_("Only the person who asked for a change may do this."))

    def _check_may_decide(self):
        """:raises AccessError: the user has not the right, or asked for the change"""
        self.check_access_rights("read")
        self.check_access_rule("read")
        if not self.env.user.has_group(APPROVER):
            raise AccessError(_("You may not approve changes."))
        if any(request.requester_id == self.env.user for request in self):
            raise AccessError(_("A second person has to approve: you asked for this change."))

    def _lock(self, states):
        """Take the requests for this transaction.

        :raises UserError: one is not in one of the states any more
        """
        self.flush_recordset()
        self.env.cr.execute(
            "SELECT state FROM dist_change_request WHERE id IN %s FOR UPDATE", (tuple(self.ids),)
        )
        if any(state not in states for (state,) in self.env.cr.fetchall()):
            raise UserError(_("This change request was settled already, or is not asked for yet."))

    # what a person does

    def action_request(self):
        """Ask for approval: everybody who may approve gets an activity."""
        self._check_own()
        self._lock(("draft",))
        if any(not (request.reason or "").strip() for request in self):
            raise UserError(_("Say why the change is needed."))
        self.sudo().write({"state": "waiting", "requested_at": fields.Datetime.now()})
        for request in self.sudo():
            request._note("requested", request.reason)
            for approver in request._get_approvers():
                request.activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=_("Approve or reject: %s", request.record_name),
                    note=escape(request.reason),
                    user_id=approver.id,
                )
        return self._get_request_answer()

    def _get_request_answer(self):
        """:return: action that says which of the requests nobody can approve; True when there is none"""
        problems = {request.name: request._get_approver_problem() for request in self}
        text = "\n".join(f"{name}: {problem}" for name, problem in problems.items() if problem)
        if not text:
            return True
        reload = {"type": "ir.actions.client", "tag": "soft_reload"}
        return self.env["dist.endpoint"]._get_notification(text, "warning", sticky=True, following=reload)

    def _get_approver_problem(self):
        """:return: text, why nobody can approve this request, and what to do; False when somebody can"""
        self.ensure_one()
        if self._get_approvers():
            return False
        right = self.env.ref(APPROVER).sudo().display_name
        if self.company_id:
            return _(
                "Nobody can approve this yet. Have an administrator give the right %(right)s to another person who "
                "works in %(company)s than %(requester)s.",
                right=right,
                company=self.company_id.name,
                requester=self.requester_id.name,
            )
        return _(
            "Nobody can approve this yet. Have an administrator give the right %(right)s to another person than "
            "%(requester)s.",
            right=right,
            requester=self.requester_id.name,
        )

    def _get_approvers(self):
        """:return: the users who may decide, in the company of the request"""
        self.ensure_one()
        return self._find_approvers(self.company_id) - self.requester_id

    @api.model
    def _find_approvers(self, company):
        """
        :param company: res.company, empty: of what is the same for all companies
        :return: the users who may decide there
        """
        group = self.env.ref(APPROVER)
        users = self.env["res.users"].sudo().search([("share", "=", False), ("groups_id", "in", group.ids)])
        return users.filtered(lambda user: company <= user.company_ids and user.has_group(APPROVER))

    def action_approve(self):
        """Apply the changes, in this transaction, in the name of who asked for them."""
        self._check_may_decide()
        self._lock(("waiting",))
        for request in self:
            request.sudo()._note("approved", request.reason)
            request._apply({"decided_by_id": self.env.uid})
        return True

    def action_ask_reject(self):
        return self.env["dist.change.decide"]._open(self, "reject")

    def action_ask_bypass(self):
        return self.env["dist.change.decide"]._open(self, "bypass")

    def _reject(self, note):
        self._check_may_decide()
        self._lock(("waiting",))
        self._settle("rejected", note)

    def action_cancel(self):
        """Withdraw an own request."""
        self._check_own()
        self._lock(OPEN)
        self._settle("cancelled", False)
        return True

    def _settle(self, state, note):
        """Close without effect; secrets that were kept for it are forgotten."""
        for request in self.sudo():
            request._note("withdrawn" if state == "cancelled" else state, note or False)
        self.sudo().write(
            {
                "state": state,
                "content": False,
                "before": False,
                "decision_note": note,
                "decided_by_id": self.env.uid,
                "decided_at": fields.Datetime.now(),
            }
        )
        self.sudo().activity_unlink(["mail.mail_activity_data_todo"])

    def _bypass(self, note):
        """Apply an own change at once, in an emergency: everybody who could have approved is told.

        :raises AccessError: the user did not ask for it, or is no manager
        """
        self.ensure_one()
        self._check_own()
        if not self.env.user.has_group("dist_integration_base.group_dist_manager"):
            raise AccessError(_("Only a manager applies a change without approval."))
        if not (note or "").strip():
            raise UserError(_("Say why it cannot wait."))
        self._lock(OPEN)
        request = self.sudo()
        if not request.reason:
            request.reason = note
        request._note("bypassed", note)
        request._apply({"decided_by_id": self.env.uid, "decision_note": note, "is_emergency": True})
        approvers = request._get_approvers()
        text = _(
            "%(person)s applied %(request)s without approval: %(note)s",
            person=self.env.user.name,
            request=request.name,
            note=note,
        )
        for approver in approvers:
            request.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=_("Look at a change that was applied without approval"),
                note=escape(text),
                user_id=approver.id,
            )
        told = approvers | request._get_owners()
        request.message_post(body=text, partner_ids=told.partner_id.ids, subtype_xmlid="mail.mt_comment")

    def _get_owners(self):
        """:return: res.users, the owners of what is changed, or of its system; but for the requester"""
        self.ensure_one()
        record = self.env[self.res_model].browse(self.res_id).exists()
        owners = self.env["res.users"]
        for owned in (record, record["system_id"] if "system_id" in record._fields else record.browse()):
            for name in {"business_owner_id", "technical_owner_id"} & set(owned._fields):
                owners |= owned[name]
        return owners - self.requester_id

    def action_ask_again(self):
        """Make the request anew against the record as it is now; the old one is withdrawn."""
        self.ensure_one()
        self._check_own()
        self._lock(OPEN)
        record = self.env[self.res_model].browse(self.res_id).exists()
        if self.kind != "create" and not record:
            raise UserError(_("The record is gone."))
        vals = self._get_vals()
        self._settle("cancelled", _("Asked for again"))
        records = record or self.env[self.res_model]
        records.sudo(self.sudo().is_entrusted)._try_change(self.kind, vals)
        fresh = self._keep(
            self.kind, records, vals, reason=self.reason, is_entrusted=self.sudo().is_entrusted
        )
        return fresh._get_open_action()

    # applying

    def _get_vals(self):
        return self._open_secrets(json.loads(self.sudo().content))

    def _has_changed(self):
        """Whether the record is no longer as it was when the change was asked for, but for what was taken away by
        values that nobody asked about.
        """
        self.ensure_one()
        if self.kind == "create" or self.res_model not in self.env:
            return self.kind != "create"
        record = self.env[self.res_model].browse(self.res_id).exists()
        if not record:
            return True
        harmless = {
            owner._get_place(name)
            for owner in record._get_approved_records()
            for name in owner._get_narrowing_values()
        }
        if self.kind == "write":
            harmless -= {record._get_place(name) for name in self.line_ids.mapped("name")}
        differing = json.loads(self.before or "{}").items() ^ record._get_approved_digests().items()
        return any(place not in harmless for place, _digest in differing)

    def _lock_record(self):
        """Keep what is approved from being changed until it is applied."""
        record = self.env[self.res_model].browse(self.res_id).exists()
        ids = defaultdict(list)
        for part in record._get_approved_records() if record else ():
            ids[part._table].append(part.id)
        for table, found in ids.items():
            self.env.cr.execute(
                SQL("SELECT FROM %s WHERE id = ANY(%s) FOR NO KEY UPDATE", SQL.identifier(table), found)
            )

    def _apply(self, values):
        """Write the change with the rights of who asked for it, and the checks of the model.

        :param values: of the decision
        :raises UserError: the record was changed since
        """
        self.ensure_one()
        request = self.sudo()
        request._lock_record()
        if request._has_changed():
            raise UserError(
                _("%s was changed since this was asked for. It has to be asked for again.", self.record_name)
            )
        requester = self.requester_id
        companies = self.company_id or requester.company_id | requester.company_ids
        context = {"allowed_company_ids": companies.ids, "lang": requester.lang, "tz": requester.tz}
        acting = self.env(user=requester.id, su=request.is_entrusted, context=context)
        records = acting[self.res_model]
        # first: what is applied may look for requests that are open
        request.write({**values, "state": "applied", "decided_at": fields.Datetime.now()})
        state = get_state(self.env.cr)
        state.approved = True
        try:
            record = self._apply_to(records)
            self.env.flush_all()
        finally:
            state.approved = False
        request.write({"res_id": record.id, "content": False, "before": False})
        request.activity_unlink(["mail.mail_activity_data_todo"])

    def _apply_to(self, records):
        """:return: the record, gone after a deletion"""
        target = records if self.kind == "create" else records.browse(self.res_id)
        record = target._make_change(self.kind, self._get_vals(), self.reason)
        if self.kind != "unlink":
            record._follow_approved()
        return record

    def _note(self, action, reason):
        """Write the audit entry, found under the record that is changed."""
        self.ensure_one()
        self.env["dist.audit.entry"]._add(
            action,
            res_model=self.res_model,
            res_id=self.res_id,
            record_name=self.record_name,
            company_id=self.company_id.id,
            part=self.name,
            reason=reason,
            changes=[
                {"field": line.name, "old": line.old or None, "new": line.new or None}
                for line in self.line_ids
            ],
        )

    def action_open_record(self):
        self.ensure_one()
        if not self.res_id:
            raise UserError(_("This record does not exist."))
        return self.env[self.res_model].browse(self.res_id)._dist_open()


def _get_text(record, name):
    """:return: the value of a field as a person reads it"""
    if not record:
        return ""
    field, value = record._fields[name], record.sudo()[name]
    if field.type == "boolean":
        return _("Yes") if value else _("No")
    if field.type == "selection":
        return dict(field._description_selection(record.env)).get(value, value or "")
    if field.relational:
        return ", ".join(sorted(_get_name(one) for one in value))
    return "" if value is False or value is None else str(value)


def _get_name(record):
    """:return: name of a record, as far as the user may read it, and its number: two may have the same name"""
    known = record._origin
    readable = not known or known._dist_is_readable()
    name = record.sudo().display_name if readable else _("Not for you to read")
    return f"{name} (#{known.id})" if known else name
