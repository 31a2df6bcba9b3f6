"""Times of day: `9:05 p.m.`, `7am-9pm`, `19:30`, `12:30:45`."""

from __future__ import annotations

import re

from tts_app.core.text.english.basics.sentence import DASH, Reading, Sentence
from tts_app.core.text.english.basics.vocabulary import word_set

_HALF = r"(?:\s?(?P<half{0}>[ap]\.?\s?m(?![\w])\.?))"
_CLOCK = r"(?P<hour{0}>[01]?\d|2[0-3])(?::(?P<minute{0}>[0-5]\d))"
_FULL = rf"{_CLOCK}(?::(?P<second{{0}}>[0-5]\d))?{_HALF}?"
_HOUR = rf"(?P<hour{{0}}>1[0-2]|0?[1-9]){_HALF}"
_TIME = re.compile(rf"(?:{_FULL.format(1)}|{_HOUR.format(2)})(?![\d:])", re.IGNORECASE)
_RANGE_TO_HOUR = re.compile(
    rf"(?P<hour0>1[0-2]|0?[1-9])(?P<minute0>:[0-5]\d)?\s?{DASH}\s?(?=(?:1[0-2]|0?[1-9])"
    r"(?::[0-5]\d)?\s?[ap]\.?\s?m\b)",
    re.IGNORECASE,
)
_NOON = 12
_DURATION = re.compile(
    r"(?:(\d+)\s?h(?:rs?)?\s?)?(?:(\d+)\s?m(?:ins?)?)?(?:\s?(\d+)\s?s(?:ecs?)?)?(?!\w)"
)
_RATIO = re.compile(r"\d{1,4}(?::\d{1,4}){1,3}(?![\d:])")


def read_time(sentence: Sentence, start: int) -> Reading | None:
    """A time, or the first of two times whose half of the day stands at the second."""
    text = sentence.text
    if first := _RANGE_TO_HOUR.match(text, start):
        said = _clock(first["hour0"], (first["minute0"] or ":")[1:], None, "")
        return Reading(first.end(), f"{said} to", quantity=True)
    found = _TIME.match(text, start)
    if found is None or _is_ratio(sentence, start, found.end()):
        return None
    hour = found["hour1"] or found["hour2"]
    half = found["half1"] or found["half2"] or ""
    words = _clock(hour, found["minute1"], found["second1"], half)
    end = found.end()
    if half.endswith(".") and sentence.ends_at(end):
        words += "."
    return Reading(end, words, quantity=True)


def read_duration(sentence: Sentence, start: int) -> Reading | None:
    """`2h 30m` and `5m 30s`, where `m` is no metre."""
    found = _DURATION.match(sentence.text, start)
    if found is None or sum(each is not None for each in found.groups()) < 2:
        return None
    parts = zip(found.groups(), ("hour", "minute", "second"), strict=True)
    said = " ".join(
        f"{number} {unit}{'' if number == '1' else 's'}"
        for number, unit in parts
        if number
    )
    return Reading(found.end(), said, quantity=True)


def read_ratio(sentence: Sentence, start: int) -> Reading | None:
    """`16:9` as "16 to 9"; chapters and verses without "to"."""
    found = _RATIO.match(sentence.text, start)
    if found is None:
        return None
    is_verse = sentence.word_before(start) in _BOOKS
    said = found.group().replace(":", " " if is_verse else " to ")
    return Reading(found.end(), said, quantity=True)


_BOOKS = word_set(
    "psalm psalms genesis exodus matthew mark luke john romans acts proverbs isaiah"
    " corinthians hebrews revelation ephesians philippians james peter samuel kings"
    " chronicles deuteronomy leviticus ecclesiastes galatians timothy jeremiah daniel"
    " surah sura"
)


def _is_ratio(sentence: Sentence, start: int, end: int) -> bool:
    nearby = {*sentence.words_before(start, 3), sentence.word_after(end)}
    if ":" not in sentence.text[start:end]:
        return False
    is_verse = sentence.word_before(start) in _BOOKS
    return is_verse or bool(nearby & {"ratio", "odds", "aspect", "scale"})


def _clock(hour: str, minute: str | None, second: str | None, half: str) -> str:
    day_half = f" {half[0].upper()}M" if half else ""
    number = str(int(hour))
    if second and second != "00":
        return f"{number} {_sixtieths(minute or '00')} {_sixtieths(second)}{day_half}"
    if minute and minute != "00":
        return f"{number} {_sixtieths(minute)}{day_half}"
    if half or not minute:
        return f"{number}{day_half}"
    if number == "0":
        return "midnight"
    return f"{number} o'clock" if int(hour) <= _NOON else f"{number} hundred"


def _sixtieths(digits: str) -> str:
    return f"oh {digits[1]}" if digits[0] == "0" else digits
