"""`python -m gateway` is `dergate`."""

import sys

from gateway.cli.main import main

sys.exit(main())
