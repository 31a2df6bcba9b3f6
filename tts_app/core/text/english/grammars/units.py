"""Quantities with units: `5 km/h`, `20-25°C`, `a 40cm gap`, `9.81 m/s²`, `6'2"`."""

from __future__ import annotations

import re

from tts_app.core.text.english.basics.sentence import (
    DASH,
    NUMBER,
    Reading,
    Sentence,
    tail,
)
from tts_app.core.text.english.basics.spelling import plain, plural
from tts_app.core.text.english.basics.unit_names import (
    CLEAR_UNITS,
    ONLY_BELOW,
    QUANTIFIERS,
    UNCOUNTED,
    UNITS,
)
from tts_app.core.text.english.basics.vocabulary import word_set


def _any_of(words: object) -> str:
    found = sorted(map(str, words), key=len, reverse=True)  # type: ignore[call-overload]
    return "|".join(map(re.escape, found))


_SYMBOL = rf"(?:{_any_of(UNITS)})"
_POWER = r"(?:²|³|\^2|\^3|(?<=[a-z])[23](?![\d.,]))"
_DENOMINATOR = rf"\s?/\s?(?P<below>{_SYMBOL}|{_any_of(ONLY_BELOW)}|[a-z]{{3,}})(?P<below_power>{_POWER})?"
_END = r"(?![\w²³'’^°]|/(?!\d))"
_UNIT = re.compile(
    rf"(?P<above>{_SYMBOL})(?P<power>{_POWER})?(?:{_DENOMINATOR})?{_END}"
)
PER = re.compile(rf"(?:{_DENOMINATOR}|-(?P<each>an?-[a-z]+)){_END}")
"""`/month` or `-a-month` behind a price."""
_RANGE = re.compile(
    rf"(?P<one>{NUMBER})(?P<unit1>\s?{_SYMBOL}{_POWER}?(?:/(?:{_SYMBOL}|s){_POWER}?)?)?\s?(?:{DASH}|–)\s?(?P<minus>[-−])?"
    rf"(?P<two>{NUMBER})\s?(?={_SYMBOL})"
)
_NUMBER = re.compile(
    rf"(?:(?P<comma>\d+,\d{{1,2}}(?!\d))|(?P<number>{NUMBER}))(?P<gap>[\s-]?)"
)
_SECONDS = re.compile(r"s(?![\w/'’])")
_DECADE_CUES = word_set("the early late mid his her their my our your")
_SIZES = re.compile(
    rf"(?P<one>{NUMBER})\s?[x×]\s?(?P<two>{NUMBER})(?:\s?[x×]\s?(?P<three>{NUMBER}))?\s?"
    rf"(?={_SYMBOL}{_END})"
)
_PROPER_FRACTION = re.compile(r"(?:^|[^\d\s]\s*)(?:\d+/\d+|[¼-¾⅐-⅞])\s?\Z")
_HEIGHT = re.compile(
    r"(?P<feet>\d{1,2})['′’]\s?(?P<inches>\d{1,2})(?:[\"″”]|'')(?!\w)"
    r"|(?P<feet2>\d{1,3})\s?ft\.?\s(?P<inches2>\d{1,2})\s?in\b(?:\.(?=\s[a-z]))?"
)
_FEET_OR_INCHES = re.compile(
    rf"(?P<number>{NUMBER})(?:(?P<foot>′)|in(?!\w)|\s?in\.(?=\s[a-z])|″|(?P<quote>\"))"
    r"(?!\w)"
)


def read_quantity(sentence: Sentence, start: int) -> Reading | None:
    """A number or a range with its unit."""
    text = sentence.text
    if sizes := _SIZES.match(text, start):
        said = " by ".join(plain(each) for each in sizes.groups() if each)
        return _with_unit(sentence, start, sizes.end(), said, is_one=False)
    found = _RANGE.match(text, start)
    if found and _same_unit(found):
        minus = "minus " if found["minus"] else ""
        said = f"{plain(found['one'])} to {minus}{plain(found['two'])}"
        reading = _with_unit(sentence, start, found.end(), said, is_one=False)
        if reading:
            return reading
    return _single(sentence, start)


def read_lone_unit(sentence: Sentence, start: int) -> Reading | None:
    """A unit behind a number in words or a fraction: "a few km", "½ kg"."""
    quantified = sentence.word_before(start) in QUANTIFIERS
    if not (sentence.after_quantity or quantified):
        return None
    found = _UNIT.match(sentence.text, start)
    if found is None or (
        found["above"] not in CLEAR_UNITS and not sentence.after_quantity
    ):
        return None
    is_part = _PROPER_FRACTION.search(tail(sentence.text, start)) is not None
    one = is_part or sentence.word_before(start) in ("one", "per", "half", "quarter")
    end = _after_stop(sentence, found.end())
    return Reading(end, _said_unit(found, one=one), quantity=True)


def read_height(sentence: Sentence, start: int) -> Reading | None:
    """`6'2"` as feet and inches, `15"` before a word of size as inches."""
    if found := _HEIGHT.match(sentence.text, start):
        feet = found["feet"] or found["feet2"]
        inches = found["inches"] or f"{found['inches2']} inches"
        unit = "foot" if feet == "1" else "feet"
        return Reading(found.end(), f"{feet} {unit} {inches}", quantity=True)
    found = _FEET_OR_INCHES.match(sentence.text, start)
    if found is None or (found["quote"] and sentence.text[:start].count('"') % 2):
        return None
    unit = "foot" if found["foot"] else "inch"
    one = found["number"] == "1" or sentence.is_attributive(start, found.end())
    said = f"{plain(found['number'])} {unit if one else plural(unit)}"
    return Reading(found.end(), said, quantity=True)


def said_per(denominator: re.Match[str]) -> str:
    """The words of `/month`, `/m²`, `/kg` or `-a-month`."""
    below = denominator["below"]
    if below is None:
        return str(denominator["each"]).replace("-", " ")
    return f"per {_powered({**UNITS, **ONLY_BELOW}.get(below, below), denominator['below_power'])}"


def _single(sentence: Sentence, start: int) -> Reading | None:
    found = _NUMBER.match(sentence.text, start)
    if found is None:
        return None
    hyphenated = found["gap"] == "-"
    end = _unit_end(sentence, found.end())
    if hyphenated and not sentence.is_attributive(start, end):
        return None
    number = found["comma"].replace(",", ".") if found["comma"] else found["number"]
    is_one = number == "1"
    return _with_unit(
        sentence, start, found.end(), plain(number), is_one=is_one, gap=found["gap"]
    )


def _unit_end(sentence: Sentence, at: int) -> int:
    found = _UNIT.match(sentence.text, at)
    return found.end() if found else at


def _with_unit(
    sentence: Sentence, start: int, at: int, said: str, *, is_one: bool, gap: str = ""
) -> Reading | None:
    found = _UNIT.match(sentence.text, at)
    if found is None:
        found = _SECONDS.match(sentence.text, at)
        if found is None or (not gap and sentence.word_before(start) in _DECADE_CUES):
            return None
        one = is_one or sentence.is_attributive(start, found.end())
        words = f"{said} {'second' if one else 'seconds'}"
        return Reading(found.end(), words, quantity=True)
    if found["above"] == "t" and not gap:
        return None
    end = found.end()
    one = is_one or sentence.is_attributive(start, end)
    words = f"{said} {_said_unit(found, one=one)}"
    return Reading(_after_stop(sentence, end), words, quantity=True)


def _after_stop(sentence: Sentence, end: int) -> int:
    """Behind the full stop of an abbreviation that does not end the sentence."""
    following = sentence.text[end + 1 : end + 3]
    goes_on = following[:1] == " " and (
        following[1:].islower() or following[1:].isdigit()
    )
    is_stop = sentence.text[end : end + 1] == "." and (
        goes_on or following[:1] in ",;:)"
    )
    return end + 1 if is_stop and following else end


def _said_unit(found: re.Match[str], *, one: bool) -> str:
    above, below = UNITS[found["above"]], found["below"]
    name = _powered(above, found["power"])
    name = name if one or name in UNCOUNTED else plural(name)
    return f"{name} {said_per(found)}" if below else name


def _powered(name: str, power: str | None) -> str:
    if not power:
        return name
    if name.endswith("second"):
        return f"{name} {'squared' if power[-1] in '²2' else 'cubed'}"
    return f"{'square' if power[-1] in '²2' else 'cubic'} {name}"


def _same_unit(found: re.Match[str]) -> bool:
    """`5 km-10 km` has it twice, `5 m-10 km` has two."""
    first = found["unit1"]
    if first is None:
        return True
    return found.string[found.end() :].startswith(first.strip())
