"""`python -m ractheory` is the command `ractheory`."""

import sys

from ractheory.cli import main

if __name__ == "__main__":
    sys.exit(main())
