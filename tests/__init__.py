"""Tests, arranged like the packages that they test."""

from __future__ import annotations

import common  # noqa: F401 - telemetry is off before a library is loaded
