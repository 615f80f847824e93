import hashlib
import json

from lxml import etree

from odoo import _, api, fields, models, tools
from odoo.exceptions import UserError

from .transaction import get_state, on_trial


class ChangeKept(UserError):
    """The change is not applied: it was kept as a request. Shown with a button that opens it.

    :param message: sentence for the person
    :param action: opens the request
    :param button: label of the button
    """

    def __init__(self, message, action, button):
        super().__init__(message)
        self.context = {"action": action, "button": button}


class DistGuardedMixin(models.AbstractModel):
    """Configuration whose high-impact changes wait for a second person (G4).

    Which ones do is said by `dist.change.rule`; nothing does until an administrator turns approval on. What a person
    saves is then kept as a change request, in a transaction of its own, and refused here. A model takes the mixin
    with one line; it is audited as well.

    A rule about a list of a record, such as the tolerances of a profile, concerns its lines wherever they are changed.
    Only the lines that a new record is made with are part of making it.

    A button that does as superuser what a person decides says so by the context ``dist_by_person``. What a server
    action does that a person runs is known by itself.
    """

    _name = "dist.guarded.mixin"
    _description = "Configuration under change approval"
    _inherit = ["dist.audited.mixin"]

    dist_pending_change = fields.Char(compute="_compute_dist_pending_change", string="Change that waits")

    def _compute_dist_pending_change(self):
        waiting = self.env["dist.change.request"].sudo()._get_open_requests(self)
        for record in self:
            found = waiting.get(record.id)
            record.dist_pending_change = found and _(
                "A change asked for by %(person)s is not applied yet: %(request)s.",
                person=found.requester_id.name,
                request=found.name,
            )

    def _get_secret_fields(self):
        """:return: list of fields whose value is kept encrypted and shown as a fingerprint"""
        return []

    def _get_secret_text(self, name, value=None):
        """:param name: one of the secret fields
        :param value: a new secret; None for the one that is kept
        :return: text that tells the secret apart and does not give it away; empty when there is none
        """
        fingerprint = self.env["dist.keyring"]._fingerprint(value) if value else self.fingerprint
        return _("Fingerprint %s", fingerprint) if fingerprint else ""

    # what is approved: a record with all that it owns

    def _get_approved_records(self):
        """:return: list of records: this one first, then those that are part of it, at any depth, such as the rows of
        a mapping
        """
        self.ensure_one()
        found = [self]
        for model_name, field_name in self._get_owned_parts():
            parts = self.env[model_name].sudo().with_context(active_test=False)
            for part in parts.search([(field_name, "=", self.id)], order="id"):
                found += part._get_approved_records()
        return found

    @api.model
    @tools.ormcache("self._name")
    def _get_owned_parts(self):
        """:return: list of (model name, field name) by which guarded records that are listed here fall with this one"""
        listed = {
            (field.comodel_name, field.inverse_name)
            for field in self._fields.values()
            if field.type == "one2many"
        }
        return [
            (model_name, field_name)
            for model_name, field_name in self._get_audited_parts()
            if (model_name, field_name) in listed and isinstance(self.env[model_name], DistGuardedMixin)
        ]

    def _get_approved_digests(self):
        """:return: dict, place to digest, for each value of this record and of what it owns"""
        return {
            record._get_place(name): hashlib.sha256(json.dumps(value).encode()).hexdigest()
            for record in self._get_approved_records()
            for name, value in record.with_context(lang="en_US")._get_compared_values().items()
        }

    def _get_place(self, name):
        return f"{self._name},{self.id},{name}"

    def _get_narrowing_values(self):
        """:return: set of names of fields whose value now only takes something away, such as that of a disabled
        endpoint: a request about other fields holds all the same
        """
        return set()

    def _get_compared_values(self):
        record = self.sudo()
        values = {
            name: sorted(record[name].ids)
            if self._fields[name].relational
            else record._get_audited_value(name)
            for name in self._get_audited_fields()
        }
        return {**values, **{name: record._get_secret_text(name) for name in self._get_secret_fields()}}

    @api.model_create_multi
    def create(self, vals_list):
        self._guard_create(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._guard("write", vals)
        return super().write(vals)

    def unlink(self):
        self._guard("unlink", {})
        return super().unlink()

    def action_archive(self):
        self._check_has_archive()
        return super().action_archive()

    def action_unarchive(self):
        self._check_has_archive()
        return super().action_unarchive()

    @api.model
    def _check_has_archive(self):
        """:raises UserError: records of this model are not archived"""
        if not self._active_name:
            raise UserError(_("Records of %s are not archived.", self.env["ir.model"]._get(self._name).name))

    @api.model
    def _guard_create(self, vals_list):
        """:raises ChangeKept: records wait for a second person"""
        guarded = [vals for vals in vals_list if self._is_guarded("create", vals)]
        if guarded:
            self._ask_instead("create", guarded)

    def _guard(self, kind, vals):
        """
        :param kind: ``write`` or ``unlink``
        :raises ChangeKept: the change waits for a second person; says where it was kept
        """
        guarded = self.filtered(lambda record: record._is_guarded(kind, vals))
        if guarded:
            guarded._ask_instead(kind, [vals])

    def _is_guarded(self, kind, vals):
        """Whether a change of this record waits, by a rule about it or about a list that it is a line of."""
        rules, lists = self._get_change_rules(), self._get_guarded_lists()
        if not rules and not lists:
            return False
        record = self or self.new(self._add_missing_default_values(vals))
        return rules._applies(record, kind, vals) or any(
            parent._needs_approval(dict.fromkeys(names, []))
            for parent, names in record._get_lists(lists, vals)
        )

    @api.model
    def _get_guarded_lists(self):
        """:return: dict, many2one to names of the lists it puts a record into, where a rule may be about them"""
        return {
            name: lists
            for name, lists in self._get_list_names().items()
            if self.env[self._fields[name].comodel_name]._get_change_rules()
        }

    @api.model
    @tools.ormcache("self._name")
    def _get_list_names(self):
        """:return: dict, many2one to a guarded model to names of the one2many fields it is the inverse of"""
        found = {}
        for name, field in self._fields.items():
            if field.type == "many2one" and isinstance(self.env[field.comodel_name], DistGuardedMixin):
                parents = self.env[field.comodel_name]._fields.values()
                lists = [
                    other.name
                    for other in parents
                    if other.type == "one2many"
                    and (other.comodel_name, other.inverse_name) == (self._name, name)
                ]
                if lists:
                    found[name] = lists
        return found

    def _get_lists(self, lists, vals):
        """
        :param lists: as of `_get_guarded_lists`
        :param vals: values that are written; they may move the record to another list
        :return: list of (record, names of its lists) this record is in, or is moved to; but for those of records that
            are made in this very transaction
        """
        self.ensure_one()
        found = []
        for name, names in lists.items():
            parents = self.sudo()[name]._origin
            parents |= parents.browse(vals.get(name) or [])
            made_before = parents.filtered(lambda parent: parent.create_date < self.env.cr.now())
            found += [(parent.with_env(self.env), names) for parent in made_before]
        return found

    def _needs_approval(self, vals):
        """Whether writing these values would have to wait."""
        rules = self._get_change_rules()
        return bool(rules) and rules._applies(self, "write", vals)

    @api.model
    def _get_change_rules(self):
        """:return: dist.change.rule, those that concern whoever is acting"""
        rules = self.env["dist.change.rule"]
        state = get_state(self.env.cr)
        if state.approved or not self.env.registry.ready:
            return rules
        by_person = state.by_person or self.env.context.get("dist_by_person")
        by_machine = self.env.su and not by_person
        return rules.sudo().browse(rules._get_rule_ids(self._name, by_machine))

    def _ask_instead(self, kind, vals_list):
        """Keep the changes as requests of the user, committed at once, and refuse them here."""
        for vals in vals_list:
            self._try_change(kind, vals)
        model_name, ids, user_id, entrusted = self._name, self.ids, self.env.uid, self.env.su
        companies, reason = self.env.companies.ids, self.env.context.get("dist_reason")

        def keep(env):
            user_env = env(user=user_id, context={"allowed_company_ids": companies}, su=True)
            records = user_env[model_name].browse(ids)
            kept = user_env["dist.change.request"]
            for vals in vals_list:
                kept |= kept._keep(kind, records, vals, is_entrusted=entrusted, reason=reason)
            return kept.mapped("name"), kept._get_open_action()

        # this transaction does not see what that one wrote
        names, action = self.env["dist.message"]._in_own_transaction(keep)
        raise ChangeKept(
            _(
                "This change needs a second person. It is not applied, but kept as %s: say why it is needed there, "
                "and ask for approval. You can discard it here.",
                ", ".join(names),
            ),
            action,
            _("Open the change request"),
        )

    def _try_change(self, kind, vals):
        """Make a change and take it back: what the rights of the user or the checks of the model refuse is refused
        before anybody is asked to approve it.
        """
        with on_trial(self.env.cr):
            for record in self or [self]:
                record._make_change(kind, vals, self.env.context.get("dist_reason"))
        # what was read meanwhile must not stay
        self.env.registry.clear_cache()

    def _make_change(self, kind, vals, reason):
        """
        :param kind: ``create``, ``write`` or ``unlink``
        :return: the record, gone after a deletion
        """
        if kind == "create":
            return self.create(vals)
        if kind == "unlink":
            self.unlink()
        else:
            self._write_approved(vals, reason)
        return self

    def _write_approved(self, vals, reason):
        """Write what a second person approved; where a button does more than write, this does it as well.

        :param reason: why it was asked for
        """
        self.write(vals)

    def _follow_approved(self):
        """Do what follows when an approval made or changed this record, beside what follows from any change."""

    def action_view_changes(self):
        """Open the change requests about these records."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_base.action_dist_change_request"
        )
        domain = [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        return {**action, "domain": domain, "context": {}}

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form":
            _add_banner(arch, _("Show"))
        return arch, view


def _add_banner(arch, label):
    """Say above the sheet of a form that a change of the record waits."""
    sheet = arch.find("sheet")
    if sheet is None or arch.find(".//field[@name='dist_pending_change']") is not None:
        return
    banner = etree.Element(
        "div", {"class": "alert alert-warning mb-0", "role": "alert", "invisible": "not dist_pending_change"}
    )
    etree.SubElement(banner, "field", {"name": "dist_pending_change", "class": "d-inline"})
    attributes = {
        "name": "action_view_changes",
        "type": "object",
        "class": "btn-link p-0 ms-2",
        "string": label,
    }
    etree.SubElement(banner, "button", attributes)
    sheet.addprevious(banner)
