from odoo.addons.dist_integration_base.lib.errors import IntegrationError

from ..lib.plan_file import MAX_FAULTS, describe

SHOWN = 20


class PlanRefused(IntegrationError):
    """A plan cannot be put in force; nothing of it counts.

    :param faults: list of lib.plan_file.Fault
    :param count: how many there are, where not all are listed
    """

    code = "plan_refused"

    def __init__(self, faults, count=None):
        self.faults = list(faults)[:MAX_FAULTS]
        self.count = max(count or 0, len(faults))
        super().__init__("\n".join(describe(fault) for fault in self.faults[:SHOWN]))
