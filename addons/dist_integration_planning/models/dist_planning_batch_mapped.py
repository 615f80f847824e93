import io

from odoo import models

from ..lib.plan_file import Fault
from ..lib.translation import TranslatedFile, TranslationError
from .plan_refused import PlanRefused


class DistPlanningBatchFile(models.Model):
    """Files in a platform's own words: read by what the source's mapping says of them."""

    _inherit = "dist.planning.batch.file"

    def _open(self):
        stream = super()._open()
        source = self.batch_id.source_id
        mapped = source.mapping_id._find_in_file(self.name, self.kind)
        if not mapped:
            return stream
        return io.BufferedReader(_MappedFile(stream, mapped._get_rule(source), self.name))


class _MappedFile(TranslatedFile):
    """A translated file whose mistakes refuse the plan."""

    def __init__(self, stream, rule, name):
        super().__init__(stream, rule)
        self._name = name

    def readinto(self, buffer):
        try:
            return super().readinto(buffer)
        except TranslationError as error:
            faults = [
                Fault(self._name, line, column, value, "unreadable", text)
                for line, column, value, text in error.errors
            ]
            raise PlanRefused(faults or [Fault(self._name, 0, "", "", "unreadable", str(error))]) from error
