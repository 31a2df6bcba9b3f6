"""Whether the disk of the data folder has room."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from common.engine import PartHealth, PartState
from gateway_app.probes.probe import Probe

FREE_BYTES = "free_bytes"
"""The name of the figure among the details."""


def disk_probe(folder: Path, min_free_mb: int) -> Probe:
    """Down below that much free space. 0 only measures it."""
    return Probe("disk", lambda: asyncio.to_thread(_look, folder, min_free_mb))


def _look(folder: Path, min_free_mb: int) -> PartHealth:
    try:
        # A server with a database elsewhere makes the folder when it needs it.
        there = next(each for each in (folder, *folder.parents) if each.exists())
        free_bytes = shutil.disk_usage(there).free
    except OSError as error:
        problem = f"The data folder cannot be read: {error.strerror}"
        return PartHealth(PartState.DOWN, problem)
    free_mb, details = free_bytes // 1_000_000, {FREE_BYTES: free_bytes}
    if free_mb < min_free_mb:
        return PartHealth(
            PartState.DOWN,
            f"Only {free_mb} MB free for the data; {min_free_mb} MB are needed "
            "(`disk_min_free_mb`)",
            details,
        )
    return PartHealth(PartState.READY, f"{free_mb / 1000:.1f} GB free", details)
