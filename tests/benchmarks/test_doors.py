"""The comparison of doors asks both as often, and neither always first."""

from __future__ import annotations

from benchmarks.doors import WARM_UP_PAIRS, in_turns


async def test_both_are_asked_in_turns_and_the_warm_up_is_left_out() -> None:
    asked: list[str] = []

    async def one() -> float:
        asked.append("one")
        return float(len(asked))

    async def other() -> float:
        asked.append("other")
        return float(-len(asked))

    ones, others = await in_turns(one, other, 4)
    assert asked[:4] == ["one", "other", "other", "one"]
    assert asked.count("one") == asked.count("other") == 4 + WARM_UP_PAIRS
    assert len(ones) == len(others) == 4
    assert min(ones) > 2 * WARM_UP_PAIRS > -2 * WARM_UP_PAIRS > max(others)
