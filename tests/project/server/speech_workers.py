"""Which of a running server's processes is which."""

from __future__ import annotations

import psutil

from tests.server_process import RunningServer


def all_workers(server: RunningServer) -> list[int]:
    """Process ids of every process that the server has started."""
    children = psutil.Process(server.pid).children()
    names = {child.pid: " ".join(child.cmdline()) for child in children}
    return [pid for pid, name in names.items() if "resource_tracker" not in name]


def speech_worker(server: RunningServer, part: str) -> int:
    """The process of `whisper` or `piper`.

    Both are spawned alike; only Whisper's has its native library in its memory.
    """
    for child in psutil.Process(server.pid).children():
        if "spawn_main" not in " ".join(child.cmdline()):
            continue
        is_whisper = any("ctranslate2" in each.path for each in child.memory_maps())
        if is_whisper == (part == "whisper"):
            return child.pid
    raise AssertionError(f"no worker process of {part}")
