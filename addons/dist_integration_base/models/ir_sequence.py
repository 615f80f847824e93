from odoo import models

from odoo.addons.base.models.ir_sequence import _predict_nextval

from .transaction import get_state


def _get_next(sequence, suffix):
    """The number that would be next, without taking it: PostgreSQL gives none back with a rollback.

    :param suffix: of the name of the PostgreSQL sequence
    """
    given = get_state(sequence.env.cr).given_numbers
    given[suffix] = given.get(suffix, -1) + 1
    return _predict_nextval(sequence, suffix) + given[suffix]


class IrSequence(models.Model):
    """In the shadow no number is used up: the next real document gets it."""

    _inherit = "ir.sequence"

    def _next_do(self):
        if self.implementation == "standard" and get_state(self.env.cr).is_shadow:
            return self.get_next_char(_get_next(self, f"{self.id:03d}"))
        return super()._next_do()


class IrSequenceDateRange(models.Model):
    _inherit = "ir.sequence.date_range"

    def _next(self):
        main = self.sequence_id
        if main.implementation == "standard" and get_state(self.env.cr).is_shadow:
            return main.get_next_char(_get_next(self, f"{main.id:03d}_{self.id:03d}"))
        return super()._next()
