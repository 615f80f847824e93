from odoo import api, models


class DistRevealMixin(models.AbstractModel):
    """A dialog that shows one record in clear. Making it is looking at it, and is audited; only who made it sees more
    than an empty one, and only of the record that it was made for.
    """

    _name = "dist.reveal.mixin"
    _description = "Dialog in clear"
    _inherit = ["dist.wizard.mixin"]

    # name of the field for the record, set by the inheriting model
    _revealed = None

    @api.model_create_multi
    def create(self, vals_list):
        dialogs = super().create(vals_list)
        dialogs[self._revealed]._reveal()
        return dialogs

    def _get_revealed(self):
        """:return: the record as superuser; none for a form that is not stored, nor for another person"""
        self.ensure_one()
        record = self[self._revealed].sudo()
        # a form about a stored dialog has no id of its own, although it has the values somebody gives it
        return record if self.id and self.create_uid == self.env.user else record.browse()
