from odoo import SUPERUSER_ID, models

from .transaction import get_state


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    def run(self):
        """What an action does that a person runs is done by that person (G4), although Odoo does it as superuser."""
        state = get_state(self.env.cr)
        former, state.by_person = state.by_person, state.by_person or self._dist_is_by_person()
        try:
            return super().run()
        finally:
            state.by_person = former

    def _dist_is_by_person(self):
        """:return: whether these are no scheduled actions, and somebody else than the system runs them"""
        return self.env.uid != SUPERUSER_ID and any(action.usage != "ir_cron" for action in self.sudo())
