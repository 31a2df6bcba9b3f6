"""Spoken conversation: turns, interruptions, and what was heard of each reply."""

from __future__ import annotations

import common  # noqa: F401 - telemetry is off before a library is loaded
