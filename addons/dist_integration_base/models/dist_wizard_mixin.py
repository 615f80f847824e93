from odoo import _, api, models
from odoo.exceptions import UserError

# who a person is, and where they work, is no secret of the framework
OPEN_MODELS = frozenset(("res.users", "res.company", "res.currency"))


class DistWizardMixin(models.AbstractModel):
    """A dialog about records: it shows and does nothing about those its user may not read.

    Related and computed fields read as superuser, and reading many records leaves out silently what a rule hides.
    So the records that a dialog is given, in whichever way, are checked when it gets them and when it is read.
    """

    _name = "dist.wizard.mixin"
    _description = "Dialog about records"

    @api.model
    def _get_checked_fields(self):
        """:return: list of names of the fields whose records the user has to be allowed to read"""
        return [
            name
            for name, field in self._fields.items()
            if field.store
            and name not in models.MAGIC_COLUMNS
            and (
                field.type == "reference"
                or field.type in ("many2one", "many2many")
                and field.comodel_name not in OPEN_MODELS
                and not self.env[field.comodel_name]._transient
            )
        ]

    @api.model
    def _check_record_access(self, name, records):
        """:raises AccessError: the user may not read one of the records of a field"""
        self.env["ir.model.access"].check(records._name, "read")
        records.check_access_rule("read")

    def _get_given(self, name):
        """The records of a field, also those that reading it would leave out.

        :return: list of recordsets, of the user
        """
        if self._fields[name].type == "many2many" and self.ids:
            self.invalidate_recordset([name])
        found = [wizard[name] for wizard in self.sudo() if wizard[name]]
        return [(records._origin or records).with_env(self.env) for records in found]

    def _check_given(self):
        """:raises AccessError: the user may not read what these dialogs are about"""
        if self.env.su:
            return
        for name in self._get_checked_fields():
            for records in self._get_given(name):
                if records.ids:
                    self._check_record_access(name, records)

    @api.model
    def _check_vals(self, vals):
        """:raises AccessError: the user may not read a record that is given in values"""
        given = {name: vals[name] for name in self._get_checked_fields() if vals.get(name)}
        if given and not self.env.su:
            self.sudo().new(given).with_env(self.env)._check_given()

    def _get_chosen(self, name):
        """The records that are to be acted on.

        :raises AccessError: the user may not read one of them
        :raises UserError: there is none
        """
        self.ensure_one()
        self._check_given()
        chosen = self._get_given(name)
        if not chosen:
            raise UserError(_("Nothing is chosen."))
        return chosen[0]

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        self._check_vals(values)
        return values

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_vals(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_vals(vals)
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        self._check_given()
        self._check_vals(values)
        return super().onchange(values, field_names, fields_spec)

    def _read_format(self, fnames, load="_classic_read"):
        self._check_given()
        return super()._read_format(fnames, load)
