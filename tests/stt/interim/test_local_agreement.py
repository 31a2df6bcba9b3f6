"""What has been settled in a partial text is never taken back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from stt_app.core.interim.local_agreement import StableText


def pushed(*hypotheses: str) -> list[tuple[str, str]]:
    stable = StableText()
    return [(stable.push(each), stable.settled) for each in hypotheses]


def test_one_hypothesis_settles_nothing() -> None:
    assert pushed("the quick brown") == [("the quick brown", "")]


def test_it_settles_what_two_agree_on_but_not_a_last_word() -> None:
    *_, last = pushed(
        "the quick brow", "the quick brown fox", "the quick brown fox jumps"
    )
    assert last == ("the quick brown fox jumps", "the quick brown")


def test_it_does_not_mind_case_and_punctuation() -> None:
    *_, last = pushed("Hello world how", "hello, World. How are")
    assert last == ("hello, World. How are", "hello, World.")


def test_a_settled_word_stays_when_the_model_changes_its_mind() -> None:
    *_, last = pushed(
        "I scream for it", "I scream for it now", "ice cream for it now is"
    )
    assert last == ("I scream for it now is", "I scream for it")


def test_it_finds_its_place_when_words_were_joined_or_parted() -> None:
    stable = StableText()
    for text in (
        "it is some thing we know well",
        "it is some thing we know well indeed",
    ):
        stable.push(text)
    assert stable.settled == "it is some thing we know"
    assert stable.push("it is something we know well indeed sir") == (
        "it is some thing we know well indeed sir"
    )


@pytest.mark.parametrize(
    ("first", "second", "settled"),
    [
        ("广州市房地", "广州市房地产中", "广州市房"),
        ("これはペン", "これはペンです", "これはペ"),
        ("𠮷野家の", "𠮷野家の牛", "𠮷野家"),
        ("Ｔシャツ", "Ｔシャツを", "Ｔシャ"),
    ],
)
def test_languages_without_spaces_settle_letter_by_letter(
    first: str, second: str, settled: str
) -> None:
    assert pushed(first, second)[-1] == (second, settled)


def test_an_empty_hypothesis_takes_only_unsettled_words_back() -> None:
    *_, last = pushed("one two three", "one two three four", "")
    assert last == ("one two", "one two")


WORDS = st.lists(st.sampled_from(["a", "b,", "C", "dd", "界", "e."]), max_size=9)


@given(hypotheses=st.lists(WORDS, min_size=1, max_size=12))
def test_settled_text_only_grows_and_leads_every_text(hypotheses: Any) -> None:
    stable = StableText()
    before = ""
    for words in hypotheses:
        text = stable.push(" ".join(words))
        assert stable.settled.startswith(before)
        assert text.startswith(stable.settled)
        before = stable.settled
