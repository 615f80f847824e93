"""Make ``<addon>.lib`` importable without Odoo.

An addon's own ``__init__`` imports models. A stub package with the addon's path stands in for it, so that
``from dist_integration_base.lib import signature`` runs the library alone.
"""

import os
import sys
import types
from pathlib import Path

from hypothesis import HealthCheck, settings

ADDONS = Path(__file__).resolve().parents[2] / "addons"

for addon in sorted(ADDONS.iterdir()):
    if (addon / "lib").is_dir() and addon.name not in sys.modules:
        package = types.ModuleType(addon.name)
        package.__path__ = [str(addon)]
        sys.modules[addon.name] = package

# A busy machine is slow now and then; that is no finding.
settings.register_profile(
    "lib",
    deadline=None,
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES") or settings.default.max_examples),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("lib")
