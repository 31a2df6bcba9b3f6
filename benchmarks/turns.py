"""Several ways to the same thing, asked in turns.

Whatever slows the machine down then slows all of them, so the difference within a turn
is what counts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import numpy as np

from benchmarks.report import milliseconds

Ask = Callable[[int], Awaitable[float]]
"""Seconds that an answer took; the number of the turn chooses what is asked."""


async def in_turns(
    ways: Mapping[str, Ask], turns: int, warm_up: int = 2
) -> dict[str, list[float]]:
    """The times of each way; another one goes first in every turn."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for number in range(warm_up + turns):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            seconds = await ways[name](number)
            if number >= warm_up:
                times[name].append(seconds)
    return times


def compared(times: Mapping[str, Sequence[float]]) -> list[list[str]]:
    """A row for each way: its time, and the median of its differences to the first."""
    names = list(times)
    base = np.asarray(times[names[0]])
    rows = [[names[0], milliseconds(times[names[0]]), ""]]
    for name in names[1:]:
        more_ms = 1000 * float(np.median(np.asarray(times[name]) - base))
        rows.append([name, milliseconds(times[name]), f"{more_ms:+.1f} ms"])
    return rows
