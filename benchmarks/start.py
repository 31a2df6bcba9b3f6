"""Time from the start of the process to ready, with the default models."""

from __future__ import annotations

import time

from benchmarks.report import milliseconds, table
from tests.server_process import running_server

REPEATS = 3


def run() -> str:
    """Starts the server three times with the shipped defaults."""
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        with running_server():
            seconds.append(time.perf_counter() - began)
    row = ["`manage.py serve`, base + joe + SmolLM2", milliseconds(seconds)]
    return table(
        f"Start to ready, median and p95 of {REPEATS}", ["what", "time"], [row]
    )
