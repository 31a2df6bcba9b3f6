"""Words at the cuts of long speech are told from all others."""

from __future__ import annotations

from benchmarks.cuts import Errors, at_cuts

SAID = "one big dog ran over two red hills and never came back to us"


def test_it_finds_nothing_wrong_with_the_same_words() -> None:
    near, far, shown = at_cuts(
        SAID, ["One big dog ran over", "two red hills and never", "came back to us."]
    )
    assert near == Errors(words=8)
    assert near + far == Errors(words=14)
    assert shown == []


def test_it_sees_a_lost_word_at_a_cut() -> None:
    near, far, shown = at_cuts(
        SAID, ["one big dog ran", "two red hills and never came back to us"]
    )
    assert (near.lost, far.lost) == (1, 0)
    assert "over" in shown[0]


def test_it_sees_a_doubled_word_at_a_cut() -> None:
    near, far, _ = at_cuts(
        SAID, ["one big dog ran over", "over two red hills and never came back to us"]
    )
    assert (near.added, far.added) == (1, 0)


def test_it_sees_a_broken_word_at_a_cut() -> None:
    near, far, _ = at_cuts(
        SAID, ["one big dog ran", "clover two red hills and never came back to us"]
    )
    assert (near.wrong, far.wrong) == (1, 0)


def test_it_leaves_errors_elsewhere_to_the_others() -> None:
    near, far, shown = at_cuts(
        SAID, ["one pig dog ran over", "two red hills and never came to us too"]
    )
    assert near == Errors(words=4)
    assert (far.wrong, far.lost, far.added) == (1, 1, 1)
    assert shown == []
    assert round(far.percent) == 30
