from odoo import _, api, models
from odoo.exceptions import AccessError


def get_given_defaults(model):
    """:return: set of names of the fields of a model whose value, where none is told, is not the field's own default:
    the caller names it in the context, or a person keeps one for himself or for everybody
    """
    prefix = "default_"
    named = {name.removeprefix(prefix) for name in model.env.context if name.startswith(prefix)}
    return model._fields.keys() & {*named, *model.env["ir.default"]._get_model_defaults(model._name)}


def get_kept_defaults(model, kept, fields_list, get_defaults):
    """Defaults of a model's fields, of which some come from nobody but the field itself.

    :param kept: set of names of those
    :param fields_list: names of all that are asked for
    :param get_defaults: ``default_get`` of Odoo
    :return: dict, as of ``default_get``
    """
    forged = kept & get_given_defaults(model) & set(fields_list)
    values = get_defaults([name for name in fields_list if name not in forged])
    for name in forged:
        field = model._fields[name]
        if field.default:
            value = field.convert_to_cache(field.default(model), model, validate=False)
            values[name] = field.convert_to_write(value, model)
    return values


class DistKeptMixin(models.AbstractModel):
    """Records whose values tell what happened: a person changes them by what the buttons do, never by writing nor
    by a default.

    Who may press a button may write to the record, and so may whoever calls the server directly; this is what
    keeps such a call from forging a state, a name or a moment.
    """

    _name = "dist.kept.mixin"
    _description = "Values kept by the system"

    @api.model
    def _get_writable_fields(self):
        """:return: set of names of the fields that people set themselves"""
        return set()

    @api.model
    def default_get(self, fields_list):
        # superuser keeps the context and the defaults of whoever called: not even Odoo's scheduler takes them
        kept = self._fields.keys() - self._get_writable_fields()
        return get_kept_defaults(self, kept, fields_list, super().default_get)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            defaults = get_given_defaults(self)
            for vals in vals_list:
                self._check_kept({*vals, *defaults})
        return super().create(vals_list)

    def write(self, vals):
        self._check_kept(vals)
        return super().write(vals)

    @api.model
    def _check_kept(self, names):
        """:raises AccessError: a value is not a person's to set"""
        kept = set() if self.env.su else set(names) - self._get_writable_fields()
        if kept:
            labels = sorted(self._fields[name].string for name in kept if name in self._fields)
            raise AccessError(
                _(
                    "%(fields)s of %(model)s cannot be changed by hand or by a default: use the buttons.",
                    fields=", ".join(labels),
                    model=self.env["ir.model"]._get(self._name).name,
                )
            )
