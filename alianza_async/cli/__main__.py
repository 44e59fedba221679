"""`python -m alianza_async.cli`: the same as `alianza`."""

from __future__ import annotations

import sys

from alianza_async.cli import main

if __name__ == "__main__":
    sys.exit(main())
