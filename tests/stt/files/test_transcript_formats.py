"""Subtitles that read well, and files that other programs read."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st

from common.audio import SPEECH_RATE_HZ
from stt_app.core.events import SpokenWord, UtteranceTranscribed
from stt_app.core.files.subtitle_cues import (
    LINE_CHARACTERS,
    LINES,
    MOST_SECONDS,
    cues,
    wrapped,
)
from stt_app.core.files.transcript_formats import (
    FORMATS,
    as_json,
    as_srt,
    as_text,
    as_vtt,
)

LONG = (
    "The meeting starts at nine on Monday, so please bring the blue folder, the two "
    "letters and the old map. Nobody knows yet who will speak first."
)


def said(text: str, start: float, end: float, **more: Any) -> UtteranceTranscribed:
    samples = round(start * SPEECH_RATE_HZ), round(end * SPEECH_RATE_HZ)
    return UtteranceTranscribed(1, *samples, text, **more)


def spoken_words(text: str, start: float, step: float) -> tuple[SpokenWord, ...]:
    return tuple(
        SpokenWord(word, start + number * step, start + (number + 1) * step, 0.9)
        for number, word in enumerate(text.split())
    )


def test_it_splits_long_speech_where_a_sentence_or_a_phrase_ends() -> None:
    found = [" / ".join(cue.lines) for cue in cues([said(LONG, 0, 9)])]
    assert found == [
        "The meeting starts at nine on Monday, / so please bring the blue folder,",
        "the two letters and the old map. / Nobody knows yet who will speak first.",
    ]


def test_it_takes_times_from_the_words_when_there_are_any() -> None:
    words = spoken_words(LONG, 10, 0.5)
    words = words[:-7] + spoken_words("Nobody knows yet who will speak first.", 30, 0.3)
    *_, last = cues([said(LONG, 10, 33, words=words)])
    assert [last.start, last.end] == pytest.approx([30, 32.1])


def test_it_parts_words_that_a_pause_parts() -> None:
    words = spoken_words("one two three", 0, 0.4)
    words = (*words[:2], SpokenWord("three", 3.0, 3.4, 0.9))
    first, second = cues([said("one two three", 0, 4, words=words)])
    assert (first.lines, second.lines) == (("one two",), ("three",))
    assert second.start == 3.0


def test_it_shows_a_short_word_long_enough_to_be_read() -> None:
    first, second = cues([said("Yes.", 1, 1.2), said("No.", 1.5, 1.7)])
    assert [first.start, first.end] == pytest.approx([1, 1.42])
    assert (second.start, second.end) == (1.5, 2.5)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Short.", ("Short.",)),
        ("x" * 42, ("x" * 42,)),
        (
            "One line too long to stand alone on the screen here",
            ("One line too long to stand", "alone on the screen here"),
        ),
        ("", ()),
    ],
)
def test_it_breaks_lines_evenly(text: str, lines: tuple[str, ...]) -> None:
    assert wrapped(text) == lines


@pytest.mark.parametrize(
    "text",
    [
        "会议星期一九点开始,请带上蓝色的文件夹、两封信和那张旧地图。" * 4,
        "အစည်းအဝေးကိုတနင်္လာနေ့ကိုးနာရီမှာစမယ်" * 4,
    ],
)
def test_it_breaks_languages_without_spaces(text: str) -> None:
    found = cues([said(text, 0, 20)])
    assert "".join("".join(cue.lines) for cue in found) == text
    for cue in found:
        assert len(cue.lines) <= LINES
        assert all(len(line) <= LINE_CHARACTERS for line in cue.lines)


TEXTS = st.lists(st.text(st.sampled_from("abcdefgh ,.会é"), max_size=200), max_size=6)


@given(TEXTS, st.floats(0.1, 3))
def test_its_subtitles_follow_each_other_and_lose_no_letter(
    texts: list[str], pace: float
) -> None:
    utterances, at = [], 0.0
    for text in texts:
        length = max(0.2, len(text) * 0.06 * pace)
        utterances.append(said(text.strip(), at, at + length))
        at += length
    found = cues(utterances)
    shown = re.sub(r"\s", "", "".join("".join(cue.lines) for cue in found))
    assert shown == re.sub(r"\s", "", "".join(texts))
    for cue, after in pairwise(found):
        assert cue.start <= cue.end <= after.start + 1e-9
    for cue in found:
        assert len(cue.lines) <= LINES
        words = " ".join(cue.lines).split()
        if len(words) > 1:
            assert cue.end - cue.start <= MOST_SECONDS
        if all(len(word) <= LINE_CHARACTERS for word in words):
            assert all(len(line) <= LINE_CHARACTERS for line in cue.lines)


UTTERANCES = [
    said("Hello there.", 0.5, 1.75, language="en", model="base", confidence=0.9),
    said("5 < 6 & 7 --> 8", 3_661.5, 3_663),
]


def test_it_writes_text() -> None:
    assert as_text(UTTERANCES) == "Hello there.\n5 < 6 & 7 --> 8\n"


def test_it_writes_json() -> None:
    plain = json.loads(as_json(UTTERANCES))
    assert plain["text"] == "Hello there. 5 < 6 & 7 --> 8"
    assert plain["model"] == "base"
    assert plain["utterances"][0] == {
        "start": 0.5,
        "end": 1.75,
        "text": "Hello there.",
        "language": "en",
        "language_probability": 0.0,
        "confidence": 0.9,
    }


def test_it_writes_srt() -> None:
    assert as_srt(UTTERANCES) == (
        "1\n00:00:00,500 --> 00:00:01,750\nHello there.\n\n"
        "2\n01:01:01,500 --> 01:01:03,000\n5 < 6 & 7 -> 8\n"
    )


def test_it_writes_vtt() -> None:
    assert as_vtt(UTTERANCES) == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:01.750\nHello there.\n\n"
        "01:01:01.500 --> 01:01:03.000\n5 &lt; 6 &amp; 7 -&gt; 8\n"
    )


@pytest.mark.parametrize("name", list(FORMATS))
def test_it_writes_nothing_that_was_said(name: str) -> None:
    assert isinstance(FORMATS[name]([]), str)
