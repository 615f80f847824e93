#!/usr/bin/env python3
"""Everything that can be done with a checkout: `python3 setup/run.py --help`."""

import sys

from suite.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
