"""Tests, arranged like the rooms that they test."""

from __future__ import annotations

import common  # noqa: F401 - telemetry is off before a library is loaded
