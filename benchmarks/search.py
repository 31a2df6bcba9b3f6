"""How much load a system bears, found in few steps."""

from __future__ import annotations

from collections.abc import Callable

_FINENESS = 8
"""The answer is exact to an eighth, and to one below that."""


def most_that_passes(passes: Callable[[int], bool], start: int, limit: int) -> int:
    """The largest number up to `limit` for which `passes` holds, 0 if none.

    Doubles or halves from `start`, then halves what lies between.
    """
    good, bad = _bracket(passes, min(max(1, start), limit), limit)
    while bad - good > max(1, good // _FINENESS):
        number = (good + bad) // 2
        if passes(number):
            good = number
        else:
            bad = number
    return good


def _bracket(passes: Callable[[int], bool], number: int, limit: int) -> tuple[int, int]:
    """A number that passes and a larger one that does not."""
    if passes(number):
        while number < limit:
            larger = min(2 * number, limit)
            if not passes(larger):
                return number, larger
            number = larger
        return limit, limit + 1
    while number > 1:
        smaller = number // 2
        if passes(smaller):
            return smaller, number
        number = smaller
    return 0, 1
