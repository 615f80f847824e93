import re
from dataclasses import dataclass

from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.fields import Command
from odoo.tools import format_datetime

from ..lib.handling import ExceptionSpec, OwnershipConflict
from ..lib.masking import MASK, Masking, redact
from ..lib.ownership import judge
from .transaction import get_state

NOTICED_CHANGES = 10
_PARAGRAPH = re.compile("<p>.*?</p>", re.DOTALL)


@dataclass(frozen=True)
class LeftValue:
    """What a message said of a field group that its sender does not own; it was not applied."""

    spec: ExceptionSpec
    answer: dict


class DistOwnership(models.Model):
    """Inbound: every value that a message brings passes here before it is written."""

    _inherit = "dist.ownership"

    @api.model
    def _filter_inbound(self, message, record, vals, pointers=None, undivided=False, document=None):
        """The values of a message that may be written to a record.

        A value equal to the present one is nobody's conflict. What is left out is named in the answer of the message
        and stands in the steward's queue once the message is applied.

        :param message: dist.message
        :param record: record to be written; an empty recordset when it is about to be created
        :param vals: dict as of ``write``
        :param pointers: dict, field name to JSON pointer of its value in the message
        :param undivided: the values only make sense together: where some would be left out, the message waits
        :param document: record that these are a part of: people are told of it, and a part that is added changes it
        :return: dict, the part of vals to write
        :raises OwnershipConflict: the message is refused, or waits for the steward
        """
        rules = self._get_rules_for(message.company_id, record, vals)
        if not rules:
            return vals
        record = record.with_company(message.company_id)
        changed = self._get_changed(record, vals, rules)
        verdict = judge(changed, rules, message.system_id.id, is_new=not (record or document))
        pointers, subject = pointers or {}, document or record
        if verdict.refused:
            raise self._prepare_conflict(message, record, verdict.refused, pointers, subject)
        if verdict.left and (undivided or self._is_nameless(record, verdict.left)):
            raise self._prepare_conflict(message, record, verdict.left, pointers, subject, waits=undivided)
        for rule, names in verdict.left.items():
            left = self._prepare_left(message, record, vals, rule, names, pointers, subject)
            get_state(self.env.cr).left_values.setdefault(message.id, []).append(left)
        for rule, names in verdict.noticed.items():
            hidden = self._get_hidden_names(message, pointers)
            changes = self._list_changes(record, vals, names, hidden, subject)
            self._tell_steward(message, subject, rule, changes)
        left = {name for names in verdict.left.values() for name in names}
        return {name: value for name, value in vals.items() if name not in left}

    @api.model
    def _get_rules_for(self, company, record, vals):
        """:return: dict, field name to OwnershipRule, that holds for a record"""
        code = record._dist_get_ownership_group(vals)
        if not code:
            return self._get_rules(record._name, company.id)
        group = self.env["dist.ownership.group"]._get_id(code)
        rule = group and self._get_group_rule(group, company.id)
        return (
            dict.fromkeys(self.env["dist.ownership.group"]._get_field_groups(record._name), rule)
            if rule
            else {}
        )

    @api.model
    def _get_changed(self, record, vals, names):
        """:return: list of those names whose value in vals differs from the record's"""
        return [name for name in vals if name in names and _differs(record, name, vals[name])]

    @api.model
    def _is_nameless(self, record, left):
        """A new record cannot be made without its name."""
        return not record and any(record._rec_name in names for names in left.values())

    @api.model
    def _prepare_conflict(self, message, record, groups, pointers, subject, waits=False):
        """:return: OwnershipConflict that names each field group, its owner and where the message says it"""
        hidden = self._get_hidden_values(message, record, pointers)
        texts = {rule: redact(self._describe(message, subject, rule), hidden, strict=True) for rule in groups}
        errors = [
            {"pointer": pointers.get(name, ""), "code": "owned_elsewhere", "detail": texts[rule]}
            for rule, names in groups.items()
            for name in names
        ]
        first = next(iter(groups))
        return OwnershipConflict(
            "owned_elsewhere",
            " ".join(texts.values()),
            errors[0]["pointer"],
            errors=errors,
            waits=waits,
            record=subject or None,
            hidden_values=hidden,
            assignee=first.steward,
            suggestion=_(
                "Have the owner change the data, or give it to this system under Data ownership; then use Retry."
            ),
        )

    @api.model
    def _get_hidden_values(self, message, record, pointers):
        """:return: frozenset of texts, what a record says now where the message's type hides what the message says"""
        if not record:
            return frozenset()
        names = self._get_hidden_names(message, pointers)
        return frozenset(_to_text(record, name, record[name]) for name in names) - {"-"}

    @api.model
    def _get_hidden_names(self, message, pointers):
        """:return: set of names of fields whose values the message's type hides"""
        masking = Masking(message.message_type_id._get_sensitive_paths())
        paths = {name: _to_path(pointer) for name, pointer in pointers.items()}
        return {name for name, path in paths.items() if path and masking.reaches(path)}

    @api.model
    def _describe(self, message, record, rule):
        group, owner = self._get_names(rule)
        return _(
            "%(group)s of %(record)s is owned by %(owner)s, not by %(system)s.",
            group=group,
            record=record.display_name or _("new records"),
            owner=owner,
            system=message.system_id.name,
        )

    @api.model
    def _get_names(self, rule):
        """:return: (name of the field group with its domain, name of the owner)"""
        group = self.env["dist.ownership.group"].sudo().browse(rule.group)
        owner = self.env["dist.system"].sudo().browse(rule.owner).name if rule.owner else _("Odoo")
        return f"{group.domain_id.name} / {group.name}", owner

    @api.model
    def _prepare_left(self, message, record, vals, rule, names, pointers, subject):
        group, owner = self._get_names(rule)
        code = self.env["dist.ownership.group"].sudo().browse(rule.group).full_code
        hidden = self._get_hidden_values(message, record, pointers)
        text = redact(self._describe(message, subject, rule), hidden, strict=True)
        spec = ExceptionSpec(
            category="ownership",
            code="owned_elsewhere",
            summary=_(
                "%(system)s sent %(group)s of %(record)s, which %(owner)s owns",
                system=message.system_id.name,
                group=group,
                record=subject.display_name or message.business_key or _("a new record"),
                owner=owner,
            ),
            detail=self._list_changes(record, vals, names, subject=subject),
            record=subject or None,
            suggestion=_("Settle with the owner which value is right. The other fields were applied."),
            fingerprint=f"{subject._name}/{subject.id or message.id}/{code}",
            assignee=rule.steward,
            hidden_values=hidden,
        )
        answer = {
            "field_group": code,
            "owner": owner,
            "pointers": sorted({pointers[name] for name in names if name in pointers}),
            "detail": text,
        }
        return LeftValue(spec, answer)

    @api.model
    def _list_changes(self, record, vals, names, hidden=(), subject=None):
        """:param subject: record that people are told of; a part of it is named
        :param hidden: names of fields whose values are not told
        :return: text, a line for each field: what it says here and what the message says
        """
        lines = []
        part = f"{record.display_name or _('new')}, " if subject and record != subject else ""
        for name in names:
            field = record._fields[name]
            label = part + field.get_description(self.env, ["string"])["string"]
            lines.append(
                _(
                    "%(field)s: here %(present)s, sent %(sent)s",
                    field=label,
                    present=MASK if name in hidden else _to_text(record, name, record[name]),
                    sent=MASK if name in hidden else _to_text(record, name, vals[name]),
                )
            )
        return "\n".join(lines)

    @api.model
    def _tell_steward(self, message, record, rule, changes):
        """An activity on the record, one at a time, that tells the latest changes; on the row of the matrix where
        there is no record yet.

        :param changes: text without hidden values: an activity is read by all who read its record
        """
        user = self._get_steward(message, rule)
        if not user:
            return
        group, owner = self._get_names(rule)
        target = record if record and "activity_ids" in record._fields else self.sudo().browse(rule.row)
        summary = _(
            "%(system)s changed %(group)s, which %(owner)s owns",
            system=message.system_id.name,
            group=group,
            owner=owner,
        )
        known = target.activity_ids.filtered(lambda item: item.user_id == user and item.summary == summary)
        note = self._prepare_notice(changes, known[:1])
        if known:
            known[:1].note = note
        else:
            # the steward finds it among the activities: no mail for each message
            target.with_context(mail_activity_quick_update=True).activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=note,
                user_id=user.id,
            )

    @api.model
    def _get_steward(self, message, rule):
        """:return: res.users that decides about the data; without one, who answers for the flow or its system"""
        steward = self.env["res.users"].sudo().browse(rule.steward or []).exists()
        return steward._dist_get_reachable(message.company_id) or message.system_id._get_owner(
            "business", message.flow_id
        )

    @api.model
    def _prepare_notice(self, changes, notice):
        """:return: HTML, a paragraph for each message that changed something since the notice was given, the latest
        one first; of many the latest
        """
        when = format_datetime(self.env, fields.Datetime.now(), tz=notice.user_id.tz or "UTC")
        latest = Markup("<p>%s<br/>%s</p>") % (when, Markup("<br/>").join(changes.split("\n")))
        former = _PARAGRAPH.findall(notice.note or "")
        return Markup("").join([latest, *map(Markup, former[: NOTICED_CHANGES - 1])])


def _differs(record, name, value):
    """Whether writing a value would change a record.

    :param value: as of ``write``
    """
    field = record._fields[name]
    if not record:
        return bool(value)
    if field.type in ("one2many", "many2many"):
        return _changes_set(set(record[name].ids), value or [])
    if field.type == "many2one":
        return (record[name].id or False) != (value or False)
    return (field.convert_to_write(record[name], record) or False) != (
        _normalise(field, value, record) or False
    )


def _normalise(field, value, record):
    cached = field.convert_to_cache(value, record)
    return field.convert_to_write(field.convert_to_record(cached, record), record)


def _changes_set(ids, commands):
    for command in commands:
        operation, record_id = command[0], command[1]
        if operation in (Command.CREATE, Command.UPDATE):
            return True
        if operation in (Command.UNLINK, Command.DELETE) and record_id in ids:
            return True
        if operation == Command.LINK and record_id not in ids:
            return True
        if operation == Command.CLEAR and ids:
            return True
        if operation == Command.SET and set(command[2]) != ids:
            return True
    return False


def _to_path(pointer):
    """:return: path of what a JSON pointer leads to, as of `lib.masking`"""
    return ".".join(part for part in pointer.split("/") if part and not part.isdigit())


def _to_text(record, name, value):
    """:return: a value as people read it"""
    field = record._fields[name]
    if field.relational and not isinstance(value, models.BaseModel):
        if field.type != "many2one":
            return _("other entries")
        value = record.env[field.comodel_name].sudo().browse(value or [])
    if isinstance(value, models.BaseModel):
        return ", ".join(value.sudo().mapped("display_name")) or "-"
    return str(value) if value or value == 0 and value is not False else "-"
