"""`python -m ntmviz` is `ntmviz`."""

import sys

from ntmviz.cli import main

sys.exit(main())
