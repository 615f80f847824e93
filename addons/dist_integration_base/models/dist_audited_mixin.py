from lxml import etree

from odoo import _, api, fields, models, tools

LOGGED = ("id", "create_uid", "create_date", "write_uid", "write_date")
READERS = "dist_integration_base.group_dist_manager,dist_integration_base.group_dist_auditor"


class DistAuditedMixin(models.AbstractModel):
    """What is changed on a record is kept in the audit trail, old and new (G5).

    A model takes it with one line, and its form gets the button *History*::

        class Tolerance(models.Model):
            _name = "dist.tolerance"
            _inherit = ["dist.audited.mixin"]

    Fields that nobody may read (``groups=fields.NO_ACCESS``) are left out, so a secret never gets there.
    """

    _name = "dist.audited.mixin"
    _description = "Audited configuration"

    def _get_audited_fields(self):
        """Fields whose changes are kept: all that are stored and entered, but for lines (their own models
        are audited).

        :return: list of names
        """
        chatter = {*self.env["mail.thread"]._fields, *self.env["mail.activity.mixin"]._fields}
        return [
            name
            for name, field in self._fields.items()
            if field.store
            and not (field.compute and field.readonly)
            and not field.related
            and name not in LOGGED
            and field.type not in ("one2many", "binary")
            and field.groups != fields.NO_ACCESS
            and name not in chatter
        ]

    def _get_audited_records(self):
        """:return: those of these records whose changes are kept"""
        return self

    def _get_audited_parent(self):
        """:return: the record under whose history this one is found: the mapping of a row, the client of a key"""
        return self

    def _get_audit_action(self, action, changes):
        """What a change of this record is called.

        :param action: ``created``, ``changed`` or ``deleted``
        :param changes: list of dicts with ``field``, ``old`` and ``new``
        :return: key of `dist.audit.entry`'s actions
        """
        return action

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._audit_created(vals_list)
        return records

    def _audit_created(self, vals_list):
        self._audit("created", {}, self._get_audited_fields())

    def write(self, vals):
        names = self._get_audited_names(vals)
        before = self._get_audited_values(names) if names else {}
        result = super().write(vals)
        if names:
            self._audit("changed", before, names)
        return result

    def _get_audited_names(self, vals):
        """:return: list of names of those values that are kept"""
        return [name for name in self._get_audited_fields() if name in vals]

    def update_field_translations(self, field_name, translations, *arguments, **options):
        """Another wording in another language, which Odoo writes past `write`."""
        told = field_name in self._get_audited_fields()
        before = self._get_audited_wordings(field_name, translations) if told else {}
        result = super().update_field_translations(field_name, translations, *arguments, **options)
        for record in self._get_audited_records() if told else ():
            changes = [
                {"field": f"{field_name} ({lang})", "old": before[record.id][lang], "new": text}
                for lang, text in record._get_audited_wordings(field_name, translations)[record.id].items()
                if text != before[record.id][lang]
            ]
            if changes:
                self.env["dist.audit.entry"]._add_each("changed", record, changes=changes)
        return result

    def _get_audited_wordings(self, name, languages):
        """:return: dict, record id to dict of language to the text of a field in it"""
        return {
            record.id: {lang: record.with_context(lang=lang)._get_audited_value(name) for lang in languages}
            for record in self._get_audited_records().sudo()
        }

    def unlink(self):
        self._unlink_audited_parts()
        self._audit("deleted", self._get_audited_values(self._get_audited_fields()), [])
        return super().unlink()

    def _unlink_audited_parts(self):
        """What the database would delete along with these records is deleted first, so that it is told."""
        for model_name, field_name in self._get_audited_parts():
            parts = self.env[model_name].sudo().with_context(active_test=False)
            parts.search([(field_name, "in", self.ids)]).unlink()

    @api.model
    @tools.ormcache("self._name")
    def _get_audited_parts(self):
        """:return: list of (model name, field name) by which audited records fall with one of this model"""
        listed = [
            (field.comodel_name, field.inverse_name)
            for field in self._fields.values()
            if field.type == "one2many" and field.inverse_name
        ]
        known = [
            (name, field.name)
            for name, model in self.pool.items()
            if issubclass(model, DistAuditedMixin)
            for field in model._fields.values()
        ]
        return [
            (model_name, field_name)
            for model_name, field_name in dict.fromkeys([*listed, *known])
            if self._is_audited_part(self.env[model_name], self.env[model_name]._fields.get(field_name))
        ]

    @api.model
    def _is_audited_part(self, model, field):
        return (
            isinstance(model, DistAuditedMixin)
            and not model._abstract
            and field.type == "many2one"
            and field.store
            and field.comodel_name == self._name
            and field.ondelete == "cascade"
        )

    def _get_audited_values(self, names):
        """:return: dict, record id to dict of field name to value as `_get_audited_value` gives it"""
        return {
            record.id: {name: record._get_audited_value(name) for name in names}
            for record in self._get_audited_records().sudo()
        }

    def _get_audited_value(self, name):
        """:return: the value of a field as text, whole number, boolean or None"""
        self.ensure_one()
        field, value = self._fields[name], self[name]
        if field.relational:
            names = [f"{record.display_name} (#{record.id or record._origin.id})" for record in value.sudo()]
            return ", ".join(sorted(names)) or None
        if field.type in ("boolean", "integer", "many2one_reference"):
            return value
        if field.type in ("float", "monetary"):
            return repr(value)
        return None if value is False else str(value)

    def _audit(self, action, before, names):
        """Write entries for what differs between the values before and those of now.

        :param before: dict as of `_get_audited_values`
        :param names: names of the fields to read now; empty after a deletion
        """
        entries = []
        for record in self._get_audited_records().sudo():
            old = before.get(record.id, {})
            new = {name: record._get_audited_value(name) for name in names}
            changes = [
                {"field": name, "old": old.get(name), "new": new.get(name)}
                for name in {**old, **new}
                if (old.get(name) or None) != (new.get(name) or None)
            ]
            if changes or action != "changed":
                entries.append(record._prepare_audit_entry(action, changes))
        self.env["dist.audit.entry"]._add_many(entries)

    def _prepare_audit_entry(self, action, changes):
        parent = self._get_audited_parent()
        return {
            **self.env["dist.audit.entry"]._prepare_record(parent),
            "action": self._get_audit_action(action, changes),
            "changes": changes,
            "part": False if parent == self else f"{self._description}: {self.display_name}",
            "reason": self.env.context.get("dist_reason") or False,
        }

    # the button on the form

    def action_view_audit(self):
        """Open what was done to these records, the latest first."""
        return self.env["dist.audit.entry"]._get_action(self)

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form":
            _add_history_button(arch, _("History"))
        return arch, view


def _add_history_button(arch, label):
    """Put the button into the button box of a form, which is made where there is none."""
    sheet = arch.find("sheet")
    if sheet is None or arch.find(".//button[@name='action_view_audit']") is not None:
        return
    box = arch.find(".//div[@name='button_box']")
    if box is None:
        box = etree.Element("div", {"class": "oe_button_box", "name": "button_box"})
        sheet.insert(0, box)
    button = etree.SubElement(
        box,
        "button",
        {
            "name": "action_view_audit",
            "type": "object",
            "class": "oe_stat_button",
            "icon": "fa-history",
            "groups": READERS,
        },
    )
    info = etree.SubElement(button, "div", {"class": "o_stat_info"})
    etree.SubElement(info, "span", {"class": "o_stat_text"}).text = label
