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
        mapped = self._find_mapped()
        if not mapped:
            return stream
        return io.BufferedReader(_MappedFile(stream, mapped._get_rule(self.batch_id.source_id), self.name))

    def _get_added_lines(self):
        mapped = self._find_mapped()
        return mapped._get_rule(self.batch_id.source_id).added if mapped else super()._get_added_lines()

    def _is_said_json(self):
        # what is translated is CSV
        return not self._find_mapped() and super()._is_said_json()

    def _is_one_order(self):
        return self._find_mapped().stands_alone or super()._is_one_order()

    def _find_mapped(self):
        """:return: dist.planning.mapping.file that says how this one is read; empty where it is in our words"""
        return self.batch_id.source_id.mapping_id._find_in_file(self.name, self.kind)


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
