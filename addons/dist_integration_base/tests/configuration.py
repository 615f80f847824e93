"""Proof that no model of the configuration is forgotten by the audit trail (G5)."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user

MODES = ("create", "write", "unlink")
PLAIN = ("char", "text", "integer", "float", "monetary", "boolean", "selection")
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
        checked = 0
        for name, model in sorted(self.env.items()):
            if model._abstract or model._transient:
                continue
            with self.subTest(model=name):
                own = model._original_module == addon
                modes = self._get_modes(name) if own else []
                if modes and name not in self.left_out:
                    self._check_fields(model)
                    self._check_entries(model, modes)
                    checked += 1
                elif not own and name not in self.extensions_left_out:
                    self._check_extension(model, addon)
        self.assertTrue(checked)
        self.assertLessEqual(set(self.left_out), {name for name in self.env.registry if self._get_modes(name)})

    def _get_modes(self, name):
        """:return: list of what somebody may do with records of a model"""
        rows = self.env["ir.model.access"].sudo().search([("model_id.model", "=", name)])
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
            and name not in self.fields_left_out
            and (model._name, name) not in self.fields_left_out
        }

    def _check_fields(self, model):
        self.assertIn("dist.audited.mixin", self._get_mixins(model), "not in the audit trail")
        self.assertFalse(self._get_entered(model) - set(model._get_audited_fields()), "fields are not told")

    def _get_mixins(self, model):
        return {getattr(base, "_name", None) for base in type(model).__mro__}

    def _check_extension(self, model, addon):
        added = {
            name
            for name in self._get_entered(model)
            if addon in (model._fields[name]._modules or ()) and not model._fields[name].readonly
        }
        if added and not model._original_module.startswith("dist_integration"):
            self.assertIn("dist.audited.mixin", self._get_mixins(model), f"not in the audit trail: {added}")
            self.assertFalse(added - set(model._get_audited_fields()), "fields are not told")

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
        told = self.env["dist.audit.entry"].search([("id", ">", before), ("user_id", "=", self.configurer.id)])
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
        told = self.env["dist.audit.entry"].search([("id", ">", before), ("user_id", "=", self.configurer.id)])
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
            values = self.examples.get(model._name)
            found = model.browse() if values else model.search([], limit=1)
            return (found or model.create(self._make_values(model))).id
        if field.type == "selection":
            return field.get_values(self.env)[0]
        if field.type in ("char", "text"):
            return f"example{self.number}"
        return self.number

    def _find_change(self, record):
        """:return: (field, another value) that the record takes"""
        entered = self._get_entered(record)
        for name in sorted(entered, key=lambda name: PLAIN.index(record._fields[name].type)
                           if record._fields[name].type in PLAIN else len(PLAIN)):
            field = record._fields[name]
            if field.type in PLAIN and not field.readonly and (value := self._get_other(record, field)) is not None:
                try:
                    with self.env.cr.savepoint():
                        record.write({name: value})
                        self.env.flush_all()
                        raise _TakenBack
                except _TakenBack:
                    self.env.invalidate_all()
                    return name, value
                except AccessError:
                    raise
                except Exception:  # pylint: disable=broad-except
                    self.env.invalidate_all()
        self.fail("no field takes another value: give an example")

    def _get_other(self, record, field):
        value = record[field.name]
        if field.type in ("char", "text"):
            return f"{value or ''}x"
        if field.type == "boolean":
            return not value
        if field.type == "selection":
            return next((key for key in field.get_values(self.env) if key != value), None)
        return (value or 0) + 1


class _TakenBack(Exception):
    """A trial that went well and is taken back."""
