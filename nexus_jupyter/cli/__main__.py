"""``python -m nexus_jupyter.cli``."""

import sys

from . import main

if __name__ == "__main__":
    sys.exit(main())
