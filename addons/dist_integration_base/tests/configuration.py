"""Proof that no model of the configuration is forgotten by the audit trail (G5)."""

import psycopg2

from odoo.exceptions import UserError
from odoo.tests import new_test_user

MODES = ("create", "write", "unlink")
PLAIN = ("char", "text", "integer", "float", "monetary", "boolean", "selection", "date", "datetime")
# kept by Odoo, or told by the chatter
TECHNICAL = {"id", "display_name", "create_uid", "create_date", "write_uid", "write_date"}


class ConfigurationMixin:
    """Walks over all models of an addon that somebody may write to, and looks whether the trail tells of it.

    Give an example where a record cannot be made by itself, and the reason where a model or field is left out.
    """

    # model to why what people write there is not configuration
    left_out = {}
    # field, or model and field, to why a change of it is not told
    fields_left_out = {}
    # model of Odoo to why what the addon adds to it is not configuration
    extensions_left_out = {}
    # groups that configure beside the managers
    configurers = ()

    def _make_examples(self):
        """:return: dict, model name to values (dict) that a record needs and that cannot be guessed"""
        return {}

    def _check_configuration(self, addon):
        """:param addon: technical name; its own models and its fields on models of others are looked at"""
        groups = ["dist_integration_base.group_dist_manager", *self.configurers]
        self.configurer = new_test_user(self.env, "configurer", groups=",".join(groups))
        self.examples = self._make_examples()
        self.number = 0
        models = [
            model for _name, model in sorted(self.env.items()) if not model._abstract and not model._transient
        ]
        own = [model for model in models if model._original_module == addon and self._get_modes(model)]
        self.assertTrue(own)
        self.assertLessEqual(set(self.left_out), {model._name for model in own})
        for model in own:
            if model._name not in self.left_out:
                with self.subTest(model=model._name), self.env.cr.savepoint():
                    self._check_fields(model)
                    self._check_entries(model, self._get_modes(model))
        for model in models:
            added = self._get_added(model, addon)
            if added and model._name not in self.extensions_left_out:
                with self.subTest(model=model._name):
                    self._check_told_of(model, added)

    def _get_modes(self, model):
        """:return: list of what somebody may do with records of a model"""
        rows = self.env["ir.model.access"].sudo().search([("model_id.model", "=", model._name)])
        return [mode for mode in MODES if any(rows.mapped(f"perm_{mode}"))]

    # fields

    def _get_entered(self, model):
        """:return: set of the names of the stored fields that a person may enter"""
        chatter = {*self.env["mail.thread"]._fields, *self.env["mail.activity.mixin"]._fields}
        return {
            name
            for name, field in model._fields.items()
            if field.store
            and not field.related
            and not (field.compute and field.readonly)
            and field.type not in ("one2many", "binary")
            and name not in chatter | TECHNICAL
            and name in getattr(model, "_get_writable_fields", lambda: model._fields)()
            and name not in self.fields_left_out
            and (model._name, name) not in self.fields_left_out
        }

    def _check_fields(self, model):
        self._check_told_of(model, self._get_entered(model))

    def _check_told_of(self, model, names):
        self.assertTrue(hasattr(model, "_get_audited_fields"), f"not in the audit trail: {names}")
        self.assertFalse(names - set(model._get_audited_fields()), "fields are not told")

    def _get_added(self, model, addon):
        """:return: set of the names of the fields that an addon adds for people to a model that is not the suite's"""
        if "dist_integration" in model._original_module:
            return set()
        return {
            name
            for name in self._get_entered(model)
            if model._fields[name]._module == addon
            and name.startswith("dist_")
            and not model._fields[name].readonly
        }

    # entries

    def _check_entries(self, model, modes):
        """Make, change and delete a record as a person, and find an entry of each."""
        record = self._make_example(model.with_user(self.configurer), modes)
        if "write" in modes:
            name, value = self._find_change(record)
            self._check_told(record, lambda: record.write({name: value}), name)
        if "unlink" in modes:
            self._check_told(record, record.unlink)

    def _check_told(self, record, action, name=None):
        record_id, parent = record.id, record.sudo()._get_audited_parent()
        keys = [(record._name, record_id), (parent._name, parent.id)]
        before = self.env["dist.audit.entry"].search([], order="id desc", limit=1).id
        action()
        self.env.flush_all()
        told = self.env["dist.audit.entry"].search(
            [("id", ">", before), ("user_id", "=", self.configurer.id)]
        )
        told = told.filtered(lambda entry: (entry.res_model, entry.res_id) in keys)
        self.assertTrue(told, "no entry in the audit trail")
        if name:
            self.assertIn(name, told[0].changes or "")

    def _make_example(self, model, modes):
        values = self._make_values(model)
        if "create" not in modes:
            return model.with_user(self.configurer).browse(model.sudo().create(values).id)
        made = []
        self._check_made(model, lambda: made.append(model.create(values)), made)
        return made[0]

    def _check_made(self, model, action, made):
        before = self.env["dist.audit.entry"].search([], order="id desc", limit=1).id
        action()
        self.env.flush_all()
        told = self.env["dist.audit.entry"].search(
            [("id", ">", before), ("user_id", "=", self.configurer.id)]
        )
        parent = made[0].sudo()._get_audited_parent()
        keys = [(made[0]._name, made[0].id), (parent._name, parent.id)]
        self.assertTrue(
            told.filtered(lambda entry: (entry.res_model, entry.res_id) in keys), "creation is not told"
        )

    def _make_values(self, model):
        """:return: dict of what a new record needs: the example's values, and guesses for what is required besides"""
        given = self.examples.get(model._name, {})
        known = model.default_get(list(model._fields))
        guessed = {
            name: self._guess(field)
            for name, field in model._fields.items()
            if field.required
            and field.store
            and not field.related
            and not field.compute
            and name not in given
            and not known.get(name)
        }
        return {**guessed, **given}

    def _guess(self, field):
        self.number += 1
        if field.type == "many2one":
            model = self.env[field.comodel_name].sudo()
            return (model.search([], limit=1) or model.create(self._make_values(model))).id
        if field.type == "selection":
            return field.get_values(self.env)[0]
        if field.type in ("char", "text"):
            return f"example{self.number}"
        return self.number

    def _find_change(self, record):
        """:return: (field, another value) that the record takes"""
        plain = [record._fields[name] for name in self._get_entered(record)]
        plain = [field for field in plain if field.type in PLAIN and not field.readonly]
        for field in sorted(plain, key=lambda field: (PLAIN.index(field.type), field.name)):
            value = self._get_other(record, field)
            if value is not None and self._takes(record, {field.name: value}):
                return field.name, value
        self.fail("no field takes another value: give an example")

    def _takes(self, record, vals):
        """:return: whether a record can be changed so; it is not"""
        try:
            with self.env.cr.savepoint():
                record.write(vals)
                self.env.flush_all()
                raise _TakenBack
        except _TakenBack:
            return True
        except (UserError, psycopg2.Error):
            return False
        finally:
            self.env.invalidate_all()

    def _get_other(self, record, field):
        value = record[field.name]
        if field.type in ("char", "text"):
            return f"{value or ''}x"
        if field.type == "boolean":
            return not value
        if field.type in ("date", "datetime"):
            return "2031-01-01"
        if field.type == "selection":
            return next((key for key in field.get_values(self.env) if key != value), None)
        return (value or 0) + 1


class _TakenBack(Exception):
    """A trial that went well and is taken back."""
