from odoo import _, api, models
from odoo.exceptions import ValidationError


class DistSystemMixin(models.AbstractModel):
    """Configuration of an external system, which only works with what is of the same system.

    What is allowed to be changed, by whom and with whose approval, follows from a system's environment: what serves a
    production system must not hang on a test system.
    """

    _name = "dist.system.mixin"
    _description = "Configuration of a system"

    @api.model
    def _get_system_fields(self):
        """:return: list of names of the many2one fields that lead to configuration of a system"""
        return [
            name
            for name, field in self._fields.items()
            if field.type == "many2one"
            and field.store
            and isinstance(self.env[field.comodel_name], DistSystemMixin)
        ]

    @api.constrains(lambda self: ["system_id", *self._get_system_fields()])
    def _check_same_system(self):
        for record in self.sudo():
            for name in self._get_system_fields():
                other = record[name]
                if other and other.system_id != record.system_id:
                    raise ValidationError(
                        _(
                            "%(record)s is of %(system)s and cannot use %(other)s of %(other_system)s.",
                            record=record.display_name,
                            system=record.system_id.display_name,
                            other=other.display_name,
                            other_system=other.system_id.display_name,
                        )
                    )

    @api.constrains("system_id")
    def _check_users_of_same_system(self):
        """What uses these records is of their system as well, when they are given to another one."""
        for model in self.env.values():
            if isinstance(model, DistSystemMixin) and not model._abstract:
                for name in model._get_system_fields():
                    if model._fields[name].comodel_name == self._name:
                        users = model.sudo().with_context(active_test=False).search([(name, "in", self.ids)])
                        users._check_same_system()
