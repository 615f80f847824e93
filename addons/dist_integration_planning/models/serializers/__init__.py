from . import planning_export_file  # isort: skip
from . import (
    planning_export_completed,
    planning_proposal_decided,
    planning_proposal_executed,
)
