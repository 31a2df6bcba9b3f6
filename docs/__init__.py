"""Programs of the documentation; the pages need none of them."""

from __future__ import annotations

import common  # noqa: F401 - telemetry is off before a library is loaded
