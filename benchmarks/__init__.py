"""Programs that measure the server beside the bare libraries: `make bench`."""

from __future__ import annotations

import common  # noqa: F401 - telemetry is off before a library is loaded
