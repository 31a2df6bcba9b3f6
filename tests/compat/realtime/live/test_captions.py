"""The words of the user as text that is only appended to."""

from __future__ import annotations

import pytest

from compat_app.realtime.live.captions import LiveCaptions


def joined(*texts: str) -> str:
    """All that is told of one turn whose captions are these; the last is its text."""
    captions = LiveCaptions()
    heard = [captions.hear("item_1", text) for text in texts[:-1]]
    return "".join([*heard, captions.end("item_1", texts[-1])])


def test_a_word_is_told_when_two_texts_agree_on_it() -> None:
    captions = LiveCaptions()
    assert captions.hear("item_1", "what") == ""
    assert captions.hear("item_1", "what time") == "what"
    assert captions.hear("item_1", "what time is") == " time"
    assert captions.end("item_1", "What time is it?") == " is it?"


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["what time is it"], "what time is it"),
        (["", ""], ""),
        (["in the", "in the", "In the morning."], "in the morning."),
        # A word of the final text is another one: the rest follows all the same.
        (
            ["the capital of", "the capital of", "The capitol of France."],
            "the capital of France.",
        ),
        (["I want to", "I want to", "I want two of them."], "I want to of them."),
        (["so what is", "so what is", "What is it?"], "so what is it?"),
        (["a b c", "a b c", "x y"], "a b c"),
    ],
)
def test_the_pieces_join_to_the_text(texts: list[str], told: str) -> None:
    assert joined(*texts) == told


def test_a_turn_that_is_reopened_goes_on() -> None:
    captions = LiveCaptions()
    assert captions.end("item_1", "I would like a coffee.") == "I would like a coffee."
    assert captions.hear("item_1", "I would like a coffee. And") == ""
    final = "I would like a coffee and a cake."
    assert captions.end("item_1", final) == " and a cake."


def test_turns_follow_each_other_with_a_space() -> None:
    captions = LiveCaptions()
    captions.end("item_1", "Hello.")
    captions.hear("item_2", "hello")
    assert captions.hear("item_2", "hello hello") == " hello"
    assert captions.end("item_2", "hello hello again") == " hello again"
