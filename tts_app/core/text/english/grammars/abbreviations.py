"""Abbreviations, titles and initials: `Dr. Lee`, `Main St.`, `J. R. R.`, `N.Y.`, `e.g.`."""

from __future__ import annotations

import re

from tts_app.core.text.english.basics.abbreviation_names import (
    AFTER_NAME,
    ANYWHERE,
    BEFORE_NUMBER,
    DOTTED,
    TITLES,
    WITHOUT_STOP,
)
from tts_app.core.text.english.basics.sentence import Reading, Sentence, tail
from tts_app.core.text.english.basics.spelling import LETTER_A, said_letters
from tts_app.core.text.english.basics.vocabulary import word_set

_DOTTED_WORD = re.compile(
    r"(?:[A-Za-z]{1,2}\.\s?){2,4}(?<=\.)|[A-Za-z]{1,2}(?:\.[A-Za-z]{1,2}){1,4}(?![\w.])"
)
_INITIALS = re.compile(r"[A-Z](?:\.\s?[A-Z])*\.(?=\s?[A-Z]|\s[a-z])")
_ACRONYM = re.compile(r"(?:[A-Za-z]\.){2,}|(?:[A-Z]\.)+[A-Z](?![\w.])")
_STOPPED = re.compile(r"([A-Za-z]{1,6})\.(?![A-Za-z_])")
_PLAIN = re.compile(
    r"(?:pp(?=\s\d)|w/o|b/c|and/or|[nN]/[aA]|c/o|vs|aka|approx|etc)(?![\w./])"
)
_WITH = re.compile(r"w/(?=\s?\w)(?!o\b)")
_WORLD_WAR = re.compile(r"WW(?:I{1,2}|[12])(?!\w)")
_PLAIN_TITLE = re.compile(r"(?:Dr|Mr|Mrs|Ms|Prof|St|Mt|Sgt|Capt)(?=\s[A-Z])")
_NUMBER_AFTER = re.compile(r"\s?(?=#?[\dIVXLC])")
_DIGIT_AFTER = re.compile(r"\s?(?=\d)")
_CIRCA = re.compile(r"\s?(?=(?:1?\d{3}|20\d\d)\b)")
_NAME_AFTER = re.compile(r"\s+(?=[A-Z]|and\b)")
_NAME_BEFORE = re.compile(r"[A-Za-z\d&] \Z")
_CAPITAL_BEFORE = re.compile(r"(?:[A-Z][\w'’]*|\d+(?:st|nd|rd|th)) \Z")
_LABELS = word_set(
    "an vitamin vitamins hepatitis plan grade group type class option section part team point"
    " exhibit appendix level block gate letter schedule influenza model size answer"
)
_ORDINAL_BEFORE = re.compile(r"\d(?:st|nd|rd|th) \Z")
_YEARS_ONLY = word_set("c ca b d r est")


def read_abbreviation(sentence: Sentence, start: int) -> Reading | None:
    """A word with a full stop that does not end the sentence, or with a slash."""
    text = sentence.text
    if found := _WITH.match(text, start):
        return Reading(found.end(), "with")
    if found := _WORLD_WAR.match(text, start):
        return Reading(found.end(), WITHOUT_STOP[found.group()])
    if found := _PLAIN.match(text, start):
        return Reading(found.end(), WITHOUT_STOP[found.group()])
    found = _DOTTED_WORD.match(text, start)
    if found and not found.group().isupper():
        words = DOTTED.get(found.group().replace(" ", "").rstrip(".").lower())
        if words:
            return _stopped(sentence, found.end(), words)
    if (found := _PLAIN_TITLE.match(text, start)) and not _CAPITAL_BEFORE.search(
        tail(text, start)
    ):
        return Reading(found.end(), TITLES[found.group()])
    found = _STOPPED.match(text, start)
    if found is None:
        return None
    return _with_stop(sentence, start, found)


def read_initials(sentence: Sentence, start: int) -> Reading | None:
    """`J. R. R.` before a name and `N.Y.` as letters."""
    text = sentence.text
    if text[start - 1 : start] in ("'", "’", "-", ".") and start:
        return None
    initials, acronym = _INITIALS.match(text, start), _ACRONYM.match(text, start)
    found = max(
        filter(None, (initials, acronym)), key=lambda each: each.end(), default=None
    )
    if found is None:
        return None
    said = said_letters(found.group())
    if found is acronym and found.group()[0].islower() and found.group()[-1] != ".":
        return None
    return _stopped(sentence, found.end(), said)


def read_letter(sentence: Sentence, start: int) -> Reading | None:
    """The A of "Vitamin A helps" is no article."""
    end = start + 1
    is_lone = (
        sentence.text[end : end + 1] == " " and sentence.text[start - 1 : start] == " "
    )
    if is_lone and sentence.word_before(start) in _LABELS:
        return Reading(end, LETTER_A)
    return None


def _with_stop(sentence: Sentence, start: int, found: re.Match[str]) -> Reading | None:
    text, word, end = sentence.text, found[1], found.end()
    low = word.lower()
    if low in BEFORE_NUMBER and (space := _space_before_number(text, end, low)):
        return Reading(space.end(), f"{BEFORE_NUMBER[low]} ")
    is_title = word in TITLES and _NAME_AFTER.match(text, end)
    if is_title and not (word in ("St", "Dr") and _is_address(text, start, end)):
        return Reading(end, TITLES[word])
    before = _CAPITAL_BEFORE if word == "Dr" else _NAME_BEFORE
    if word in AFTER_NAME and before.search(tail(text, start)):
        return _stopped(sentence, end, AFTER_NAME[word])
    if word in ("Jr", "Sr"):
        return _stopped(sentence, end, AFTER_NAME[word])
    if word == "Dr":
        return _stopped(sentence, end, "Doctor")
    if low == "ed" and text.startswith(" by ", end):
        return Reading(end, "edited")
    if low == "ed" and _ORDINAL_BEFORE.search(tail(text, start)):
        return _stopped(sentence, end, "edition")
    if low in ANYWHERE and not (
        low in _SENTENCE_ENDS and _ends_sentence(sentence, end)
    ):
        return _stopped(sentence, end, ANYWHERE[low])
    return None


_SENTENCE_ENDS = word_set("min max al temp trans est")
"""Words, or names, of their own at the end of a sentence."""


def _ends_sentence(sentence: Sentence, end: int) -> bool:
    return sentence.ends_at(end) and not sentence.text[:end].rstrip(".").endswith(" al")


def _is_address(text: str, start: int, end: int) -> bool:
    """ "on Main St. Louis agreed" is rare; "12 Main St. NW" and "Main St. and" are not."""
    before = _CAPITAL_BEFORE.search(tail(text, start))
    return before is not None and text[end : end + 4] in (
        " and",
        " NW",
        " NE",
        " SW",
        " SE",
        " N",
        " S",
    )


def _space_before_number(text: str, end: int, word: str) -> re.Match[str] | None:
    if word in _YEARS_ONLY:
        return _CIRCA.match(text, end)
    digits_only = word in ("no", "art", "p", "pp", "v", "ver", "sec", "eq")
    return (_DIGIT_AFTER if digits_only else _NUMBER_AFTER).match(text, end)


def _stopped(sentence: Sentence, end: int, words: str) -> Reading:
    """Keep the full stop of an abbreviation that also ends the sentence."""
    is_stop = sentence.text[end - 1 : end] == "." and sentence.ends_at(end)
    return Reading(end, f"{words}." if is_stop else words)
