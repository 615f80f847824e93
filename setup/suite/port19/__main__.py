"""python3 -m suite.port19 SOURCE TARGET"""

import sys

from . import main

main(sys.argv[1:])
