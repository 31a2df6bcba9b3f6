"""Everything around the speech: access, sessions, history, health, metrics, monitor,
admin."""

from __future__ import annotations

import common  # noqa: F401 - telemetry is off before a library is loaded
