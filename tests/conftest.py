"""Puts the set-up's package on the path of every test here."""

import sys
from pathlib import Path

SETUP = str(Path(__file__).resolve().parents[1] / "setup")
if SETUP not in sys.path:
    sys.path.insert(0, SETUP)
