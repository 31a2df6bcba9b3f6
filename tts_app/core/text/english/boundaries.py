"""Where English text may be cut, and where a full stop ends no sentence."""

from __future__ import annotations

import re

from tts_app.core.text.english.basics.abbreviation_names import (
    ANYWHERE,
    BEFORE_NUMBER,
    TITLES,
)
from tts_app.core.text.english.basics.unit_names import UNITS
from tts_app.core.text.english.basics.vocabulary import word_set
from tts_app.core.text.english.grammars.dates import DATE_WORDS, MONTHS

_JOINT = re.compile(
    r" (?=(?:and|but|or|because|although|though|while|when|where|which|who|that|if|unless"
    r"|until|before|after|since|so|with|without|for|from|into|about|to|in|on|at|by|as)\b)"
)
_BETWEEN_NUMBERS = re.compile(r"\d\S? (?:and|or|to|by|in) [$€£]?\d|\d and an? ")
_DATE_GOES_ON = re.compile(
    rf"\b(?:{'|'.join(MONTHS)}|[A-Z][a-z]{{2}}\.?) \d{{1,2}}(?:st|nd|rd|th)?,$"
)
_INITIAL = re.compile(r"[A-Z]\.")
_ACRONYM = re.compile(r"(?:[A-Z]\.){2,}")
_HALF_OF_DAY = re.compile(r"(?:^|[\s\d])[ap]\.?m\.$", re.IGNORECASE)
_STARTERS = word_set(
    "The Then It We He She They I This That These Those But And So If In On At As A An You"
    " What Why How When Where Who Which There Here My Our Your His Her Its No Yes Not Now"
    " For From To After Before While Since Because However Also Still Later Please Let Do"
    " Does Did Is Are Was Were Can Could Will Would Should Has Have Had Next First Today"
    " Meanwhile Nobody Everyone Someone Some Many Most All Both Each Every Once Or By With"
    " Of Maybe Perhaps Thanks Only"
)
"""With one of them a new sentence begins, even behind an initial."""
_LABELS = word_set(
    "plan vitamin vitamins option grade type hepatitis class group section part point figure"
    " model block room gate team exhibit appendix answer letter choice column row item step"
    " version company hall building route line pier note key flat level phase stage and or"
    " letters grades b c was is"
)
"""A letter behind one of them is a name of its own: "plan B."."""
_ARTICLES = word_set("a the my your our his her this")
_ALWAYS = word_set("vs e.g i.e cf approx incl excl esp viz")
_SHORT = frozenset(
    {*ANYWHERE, *BEFORE_NUMBER, *_ALWAYS, "ed"} | {day.lower() for day in DATE_WORDS}
)
_BEFORE_NUMBERS = frozenset(
    {*BEFORE_NUMBER, *ANYWHERE} | {day.lower() for day in DATE_WORDS}
)


def never_ends(text: str, following: str) -> bool:
    """Whether the full stop at the end of the text belongs to an abbreviation or an
    initial, and this word continues the sentence."""
    if not text.endswith("."):
        return False
    before, _, last = text.rpartition(" ")
    last = last.lstrip("(\"'“‘[")
    short = last[:-1].lower()
    if short in _ALWAYS:
        return True
    if _is_unit(before, last):
        return following[:1].islower() or following[:1].isdigit()
    first = following.lstrip("(\"'“‘[#~$€£")[:1]
    if first.isdigit():
        return short in _BEFORE_NUMBERS
    if first.islower():
        return short in _SHORT or bool(_ACRONYM.fullmatch(last))
    if not first.isupper():
        return False
    return _names_on(before, last, following)


def ends_here(text: str, following: str) -> bool:
    """Whether a sentence ends at an abbreviation that seldom ends one: "at 9 a.m. It"."""
    starts = following.partition("'")[0].partition("’")[0].rstrip(",") in _STARTERS
    return starts and bool(_HALF_OF_DAY.search(text))


def joins_on(text: str) -> list[int]:
    """Where the text could be cut, before words such as "and", "that" or "with"."""
    bound = [match.span() for match in _BETWEEN_NUMBERS.finditer(text)]
    return [
        match.start()
        for match in _JOINT.finditer(text)
        if not any(begin < match.start() < end for begin, end in bound)
    ]


def goes_on(text: str) -> bool:
    """Whether the comma at the end stands within a date: "on July 4, 1776"."""
    return bool(_DATE_GOES_ON.search(text))


def _is_unit(before: str, last: str) -> bool:
    """Whether it is a unit behind its number, as in "2 tbsp."."""
    number = before.rpartition(" ")[2][-1:]
    return last[:-1] in UNITS and (number.isdigit() or number in "½¼¾")


def _names_on(before: str, last: str, following: str) -> bool:
    """Whether a word with a capital belongs to the initials or the title before it."""
    bare = following.rstrip(",.;:!?)\"'”’")
    if _HALF_OF_DAY.search(last):
        return (bare.isupper() and len(bare) > 1) or bare in DATE_WORDS
    is_initial = bool(_INITIAL.match(following))
    if _ACRONYM.fullmatch(last) or last == "Ph.D.":
        return is_initial or bare not in _STARTERS
    if _INITIAL.fullmatch(last):
        label = before.rpartition(" ")[2].lower()
        if is_initial:
            return True
        return last != "I." and bare not in _STARTERS and label not in _LABELS
    if last[:-1] in DATE_WORDS:
        return bare in MONTHS or bare in DATE_WORDS
    if last[:-1] not in TITLES:
        return False
    if bare in _STARTERS and before.rpartition(" ")[2].lower() in _ARTICLES:
        return False
    return last != "St." or not before.rpartition(" ")[2][:1].isupper()
