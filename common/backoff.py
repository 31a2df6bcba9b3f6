"""Pauses between tries."""

from __future__ import annotations

from collections.abc import Iterator


def backoff(
    first_seconds: float, longest_seconds: float, *, at_once: bool = False
) -> Iterator[float]:
    """How long to wait before each try, twice as long each time. Never ends.

    `at_once` begins with a try that waits for nothing.
    """
    if at_once:
        yield 0.0
    pause_seconds = first_seconds
    while True:
        yield pause_seconds
        pause_seconds = min(pause_seconds * 2, longest_seconds)
