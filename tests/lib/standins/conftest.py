"""Makes the stand-ins importable, as `PYTHONPATH` does in the whole run."""

import sys
from pathlib import Path

TESTS = str(Path(__file__).resolve().parents[2])
if TESTS not in sys.path:
    sys.path.append(TESTS)
