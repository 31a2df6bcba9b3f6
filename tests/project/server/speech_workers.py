"""Finds the worker processes of a running server."""

from __future__ import annotations

import psutil

from tests.server_process import RunningServer


def all_workers(server: RunningServer) -> list[int]:
    """Ids of all processes that the server has started."""
    children = psutil.Process(server.pid).children()
    names = {child.pid: " ".join(child.cmdline()) for child in children}
    return [pid for pid, name in names.items() if "resource_tracker" not in name]


def speech_worker(server: RunningServer, part: str) -> int:
    """The worker process of `whisper` or `piper`.

    Their command lines are the same, but only Whisper's maps its native library.
    """
    for child in psutil.Process(server.pid).children():
        if "spawn_main" not in " ".join(child.cmdline()):
            continue
        is_whisper = any("ctranslate2" in each.path for each in child.memory_maps())
        if is_whisper == (part == "whisper"):
            return child.pid
    raise AssertionError(f"no worker process of {part}")
