"""The text of an item, and how it is told in pieces."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from common.errors import EngineFailed
from compat_app.realtime.shared.joining import joined
from compat_app.realtime.transcription.items import Item
from stt_app.core.events import SpokenWord, UtteranceFailed, UtteranceTranscribed


def said(
    number: int, text: str, language: str = "en", words: object = None
) -> UtteranceTranscribed:
    return UtteranceTranscribed(
        number,
        16_000,
        32_000,
        text,
        language,
        words=words,  # type: ignore[arg-type]
    )


def lost(number: int) -> UtteranceFailed:
    return UtteranceFailed(number, 0, 16_000, EngineFailed("It broke."))


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        ([], ""),
        (["", ""], ""),
        (["Hello."], "Hello."),
        (["Hello.", "", "World."], "Hello. World."),
        (["今日は。", "晴れです。"], "今日は。晴れです。"),
        (["今日は。", "OK."], "今日は。 OK."),
        (["안녕하세요.", "네."], "안녕하세요. 네."),
    ],
)
def test_texts_are_joined_as_their_script_wants_it(texts, whole):
    assert joined(texts) == whole


def test_deltas_grow_into_the_transcript():
    item = Item()
    assert item.delta("And so") == "And so"
    assert item.delta("And so") == ""
    assert item.delta("And so my fellow") == " my fellow"
    item.take(said(1, "And so my fellow Americans."))
    assert item.delta() == " Americans."
    assert item.delta() == ""


def test_a_final_that_changes_a_word_adds_nothing_and_the_next_one_goes_on():
    item = Item()
    assert item.delta("And so my") == "And so my"
    item.take(said(1, "And so, my fellow."))
    assert item.delta() == ""
    assert item.delta("Ask not") == " Ask not"
    item.take(said(2, "Ask not what."))
    assert item.delta() == " what."
    assert item.transcript == "And so, my fellow. Ask not what."


def test_several_results_make_one_delta():
    item = Item()
    for number, text in enumerate(["One.", "", "Two."]):
        item.take(said(number, text))
    assert item.delta("Three") == "One. Two. Three"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "one", "one two", "eins"]),
            st.sampled_from(["", "one two three."]),
        ),
        max_size=5,
    )
)
def test_deltas_only_append_and_say_the_transcript_if_no_final_changes_a_word(parts):
    item, told, steady = Item(), "", True
    for number, (interim, final) in enumerate(parts):
        told += item.delta(interim)
        item.take(said(number, final))
        told += item.delta()
        steady = steady and final.startswith(interim)
    if steady:
        assert told == item.transcript


def test_an_item_has_an_error_only_if_it_has_no_text():
    silent, heard = Item(pending={1, 2}), Item(pending={1, 2})
    for item in (silent, heard):
        item.take(lost(1))
        assert item.pending == {2}
    silent.take(said(2, ""))
    heard.take(said(2, "Still here."))
    assert isinstance(silent.error, EngineFailed)
    assert heard.error is None
    assert heard.transcript == "Still here."


def test_a_failure_ends_what_interim_results_have_told():
    item = Item()
    assert item.delta("Half a") == "Half a"
    item.take(lost(1))
    assert item.delta() == ""
    item.take(said(2, "Whole."))
    assert item.delta() == " Whole."


def test_it_knows_its_languages_and_its_length():
    item = Item()
    for number, language in enumerate(["en", "de", "en"]):
        item.take(said(number, "Text.", language))
    item.take(said(4, "", "fr"))
    assert [each.code for each in item.languages] == ["en", "de"]
    assert item.audio_seconds == 4.0
    item.committed_seconds = 7.00049
    assert item.audio_seconds == 7.0


def test_log_probabilities_have_the_bytes_of_the_transcript():
    item = Item()
    words = (SpokenWord("Grüße", 0, 1, 0.5), SpokenWord("dich.", 1, 2, 0.0))
    item.take(said(1, "Grüße dich.", words=words))
    item.take(said(2, "Ja.", words=(SpokenWord("Ja.", 3, 4, 1.0),)))
    found = item.logprobs
    assert b"".join(bytes(each.bytes) for each in found).decode() == item.transcript
    assert "".join(each.token for each in found) == item.transcript
    assert found[0].logprob == pytest.approx(math.log(0.5), abs=1e-6)
    assert found[1].logprob < -10
    assert found[2].logprob == 0.0
