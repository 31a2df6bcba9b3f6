"""Comparisons ask every way as often, and none always first."""

from __future__ import annotations

from benchmarks.turns import compared, in_turns


def way(name: str, asked: list[str]):
    async def ask(turn: int) -> float:
        asked.append(f"{name}{turn}")
        return float(turn)

    return ask


async def test_all_are_asked_in_turns_and_the_warm_up_is_left_out() -> None:
    asked: list[str] = []
    ways = {name: way(name, asked) for name in "abc"}
    times = await in_turns(ways, turns=4, warm_up=2)
    assert asked[:9] == ["a0", "b0", "c0", "b1", "c1", "a1", "c2", "a2", "b2"]
    assert len(asked) == 3 * 6
    assert times == {name: [2.0, 3.0, 4.0, 5.0] for name in "abc"}


def test_a_difference_is_that_within_a_turn() -> None:
    rows = compared({"ours": [1.0, 9.0, 2.0], "theirs": [1.5, 9.25, 2.5]})
    assert rows[0][0] == "ours"
    assert rows[0][2] == ""
    assert rows[1] == ["theirs", "2500 / 8575 ms", "+500.0 ms"]
