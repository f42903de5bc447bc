"""`python -m facecam` is `facecam`."""

import sys

from facecam.cli import main

if __name__ == "__main__":
    sys.exit(main())
