"""`python -m cleanplate.document`: what it does lies in `command`, which the processes that train rows can import."""

import sys

from cleanplate.document.command import main

if __name__ == "__main__":
    sys.exit(main())
