"""Exponential backoff: the delays between attempts."""

from __future__ import annotations

from collections.abc import Iterator


def backoff(
    first_seconds: float, longest_seconds: float, *, at_once: bool = False
) -> Iterator[float]:
    """The delay before each attempt, doubled each time. Never ends.

    With `at_once` the first delay is 0.
    """
    if at_once:
        yield 0.0
    pause_seconds = first_seconds
    while True:
        yield pause_seconds
        pause_seconds = min(pause_seconds * 2, longest_seconds)
