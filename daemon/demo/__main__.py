"""`python -m daemon.demo` is `tocsin demo`."""

import sys

from daemon.demo import main

if __name__ == "__main__":
    sys.exit(main())
