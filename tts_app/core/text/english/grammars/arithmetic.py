"""Operators, comparisons and ranges between quantities: each is read by its neighbours.

The quantities themselves are read by their own grammars, so that "$5 + $3", "10%-20%"
and "5 km - 3 km" need no rules of their own.
"""

from __future__ import annotations

import re

from tts_app.core.text.english.basics.sentence import Reading, Sentence, tail
from tts_app.core.text.english.basics.unit_names import CLEAR_UNITS
from tts_app.core.text.english.grammars.money import CODES

_OPERAND_AFTER = re.compile(
    r"\s?(?P<sign>[-−–])?\s?(?:[(√|]|[A-Z]{0,3}[$€£¥₹]|\.?\d|[A-Za-zπθαβγλ](?![\w'’])|(?:sqrt|sin|cos|tan|log|ln)\b)"
)
_OPERAND_BEFORE = re.compile(r"(?:[\d)%²³°!|]|(?<![A-Za-z_'’.])[A-Za-zπθαβγλ])\s?\Z")
_NUMBER_AFTER = re.compile(
    rf"\s?[-−]?\s?(?:[A-Z]{{0,3}}[$€£¥₹]|(?:{'|'.join(CODES)})\s|~)?\s?\.?\d"
    r"|\s?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.? \d"
)
_LAST_NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?)[^\d\s]{0,3}\s*\Z")
_NEXT_NUMBER = re.compile(r"\s*[$€£¥₹]?(\d[\d,]*(?:\.\d+)?)")
_EQUAL_AFTER = re.compile(r"\s*[\d.,()$€£ +*/×÷^xX-]{1,40}=")
_COMPARISONS = {
    "<=": ("less than or equal to", "at most"),
    ">=": ("greater than or equal to", "at least"),
    "=<": ("less than or equal to", "at most"),
    "≤": ("less than or equal to", "at most"),
    "≥": ("greater than or equal to", "at least"),
    "<<": ("much less than", "much less than"),
    ">>": ("much greater than", "much more than"),
    "≪": ("much less than", "much less than"),
    "≫": ("much greater than", "much more than"),
    "<": ("less than", "less than"),
    ">": ("greater than", "more than"),
}
_EQUALITIES = {
    "===": "equals",
    "!==": "is not equal to",
    "==": "equals",
    "!=": "is not equal to",
    "<>": "is not equal to",
    "≠": "is not equal to",
    "≈": "is approximately",
    "≅": "is approximately",
    "≃": "is approximately",
    "≡": "is identical to",
    "~=": "is approximately",
    "+=": "plus equals",
    ":=": "is set to",
    "=": "equals",
}
_SIGNS = re.compile(r"===|!==|==|!=|<>|~=|\+=|:=|<=|>=|=<|<<|>>|[≤≥≪≫<>≠≈≅≃≡=]")
_TIMES = re.compile(r"[×⋅·∙]|(?:(?<=[\s\d)])[xX](?=[\s\d(]))|\*(?!\*)")
_POWER = re.compile(r"\*\*|\^")
_EXPONENT = re.compile(r"\s?\(?([-−]?(?:\d+(?:\.\d+)?|[A-Za-z]))(?!\w)\)?")
_SUPERSCRIPTS = re.compile(r"[⁺⁻]?[⁰¹²³⁴-⁹ⁿ]+")
_FROM_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ⁺⁻", "0123456789n+-")
_VERBLESS = re.compile(r"(?<![\w'’])[pP]\s?\Z|\b(?:[Ii]s|[Aa]re) \S+\s\Z")
"""A p-value, and a question such as "Is 10 > 9?"."""
_FACTORS = re.compile(r"[b-df-hj-np-tv-z]{2,3}(?=[²³⁴-⁹^])")
_LETTER_BEFORE = re.compile(r"(?<![\w'’])[A-Za-z]\Z|[A-Za-z]\d+\Z")
DASHES = "-‐‑‒–−"
COMPARISONS = "<>=≤≥≪≫≠≈≅≃≡~+:!"
OPERATORS = "*^+÷∕/×⋅·∙"
SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ⁺⁻"
"""What the readings of each kind begin with."""


def read_comparison(sentence: Sentence, start: int) -> Reading | None:
    """`a < b`, `<5 minutes`, `p < 0.05`, `x != 3`."""
    text = sentence.text
    found = _SIGNS.match(text, start)
    if found is None:
        return None
    end, sign = found.end(), found.group()
    left, right = _has_left(sentence, start), _OPERAND_AFTER.match(text, end)
    between = text[start - 1 : start] == " " and text[end : end + 1] == " "
    if sign in _EQUALITIES:
        if sign in "≈≅≃" and not left:
            return Reading(end, "about")
        return Reading(end, _EQUALITIES[sign] if left or right or between else "")
    binary, prefix = _COMPARISONS[sign]
    if left and (right or text[end : end + 1] == " "):
        verb = "" if _VERBLESS.search(tail(text, start)) else "is "
        return Reading(end, f"{verb}{binary}")
    if right:
        return Reading(end, prefix)
    return Reading(end, f"is {binary}" if between else "")


def read_operator(sentence: Sentence, start: int) -> Reading | None:
    """Times, power, plus and divided by; None where the sign is no operator."""
    text = sentence.text
    left = _has_left(sentence, start)
    if found := _POWER.match(text, start):
        return (
            _power(sentence, start, found.end()) if left else Reading(found.end(), "")
        )
    if text[start] == "+":
        return _plus(sentence, start)
    if text[start] in "÷∕" or text[start] == "/":
        return _divided(sentence, start, left=left)
    if found := _TIMES.match(text, start):
        return _times(sentence, start, found.end(), left=left)
    return None


def read_dash(sentence: Sentence, start: int) -> Reading | None:
    """A minus, a range, or a pause; None for a hyphen within a word."""
    text, after = sentence.text, start + 1
    if text[start] not in DASHES:
        return None
    in_sum = sentence.is_in_sum(start, after)
    number = _NUMBER_AFTER.match(text, after)
    spaced_left = text[start - 1 : start] == " "
    spaced_right = text[after : after + 1] == " "
    if _LETTER_BEFORE.search(tail(text, start)) and not (in_sum or spaced_left):
        # "B-52" and "SmolLM2-135M"
        return None
    if _has_left(sentence, start) and (
        number or (spaced_left == spaced_right and in_sum)
    ):
        if not (number or _OPERAND_AFTER.match(text, after)):
            return None
        return Reading(
            after, _minus_or_to(sentence, start, spaced=spaced_left and spaced_right)
        )
    is_sign = number and not spaced_right and not text[start - 1 : start].isalnum()
    is_sign = is_sign or (number and text[:start].endswith(("GMT", "UTC")))
    if is_sign or text[start] == "−":
        return Reading(after, "minus")
    return Reading(after, ",") if spaced_left and spaced_right else None


def read_superscript(sentence: Sentence, start: int) -> Reading | None:
    """`x²` as "x squared", `10⁻³` as "10 to the power of minus 3"."""
    found = _SUPERSCRIPTS.match(sentence.text, start)
    if found is None:
        return None
    digits = found.group().translate(_FROM_SUPERSCRIPT)
    if (
        not sentence.text[start - 1 : start].isalnum()
        and sentence.text[start - 1 : start] != ")"
    ):
        return Reading(found.end(), digits)
    return Reading(found.end(), _exponent(digits), quantity=True)


def read_factors(sentence: Sentence, start: int) -> Reading | None:
    """The letters of `mc²`, which are no word."""
    found = _FACTORS.match(sentence.text, start)
    if found is None or found.group() in CLEAR_UNITS:
        return None
    return Reading(found.end(), " ".join(found.group()), quantity=True)


def read_multiple(sentence: Sentence, start: int) -> Reading | None:
    """`3x faster` as "3 times faster"."""
    found = re.compile(r"(\d+(?:\.\d+)?)[xX×](?![\w'’]|\s?\d)").match(
        sentence.text, start
    )
    if found is None or sentence.text[found.end() :].lstrip()[:1] in tuple("=+-*/^²³("):
        return None
    return Reading(found.end(), f"{found[1]} times", quantity=True)


def _has_left(sentence: Sentence, start: int) -> bool:
    return sentence.after_quantity or bool(
        _OPERAND_BEFORE.search(sentence.text[max(0, start - 8) : start])
    )


def _power(sentence: Sentence, start: int, end: int) -> Reading | None:
    found = _EXPONENT.match(sentence.text, end)
    if found is None:
        in_brackets = sentence.text[end : end + 1] == "("
        return Reading(end, "to the power of" if in_brackets else "")
    base = sentence.text[start - 1 : start]
    exponent = found[1].replace("−", "-")
    if exponent in ("2", "3") and (base.isalpha() or base == ")"):
        return Reading(
            found.end(), "squared" if exponent == "2" else "cubed", quantity=True
        )
    said = exponent.replace("-", "minus ")
    return Reading(found.end(), f"to the power of {said}", quantity=True)


def _exponent(digits: str) -> str:
    short = {"2": "squared", "3": "cubed"}.get(digits)
    return short or f"to the power of {digits.replace('-', 'minus ').replace('+', '')}"


def _plus(sentence: Sentence, start: int) -> Reading | None:
    text = sentence.text
    if text[start + 1 : start + 2] == "/" and text[start + 2 : start + 3] == "-":
        return Reading(start + 3, "plus or minus")
    return Reading(start + 1, "plus")


def _divided(sentence: Sentence, start: int, *, left: bool) -> Reading | None:
    text, after = sentence.text, start + 1
    right = _OPERAND_AFTER.match(text, after)
    if not left or right is None:
        return None
    if (
        text[start - 1].isalpha()
        and text[after : after + 1].isdigit()
        and not sentence.is_sum
    ):
        # "70 kg/154 lbs"
        return Reading(after, ",")
    spaced = text[start - 1] == " " and text[after : after + 1] == " "
    is_math = text[start] != "/" or sentence.is_sum or spaced
    if not is_math or (text[start] == "/" and not _is_number_or_sum(sentence, start)):
        return None
    return Reading(after, "divided by")


def _is_number_or_sum(sentence: Sentence, start: int) -> bool:
    """`10 / 2` and `x / y = 2`, but not `a / b` in prose."""
    return sentence.is_sum or bool(_NUMBER_AFTER.match(sentence.text, start + 1))


def _times(sentence: Sentence, start: int, end: int, *, left: bool) -> Reading | None:
    text = sentence.text
    sign, right = text[start], _OPERAND_AFTER.match(text, end)
    if not left or right is None:
        return Reading(end, "") if sign == "*" else None
    if sign in "·⋅∙":
        return Reading(end, "times")
    spaced = text[start - 1] == " "
    behind_unit = tail(text, start).rstrip()[-1:].isalpha() and not sentence.is_sum
    if sign == "*" or (spaced and not behind_unit) or sentence.is_sum:
        return Reading(end, "times")
    return Reading(end, "by") if _NUMBER_AFTER.match(text, end) else None


def _minus_or_to(sentence: Sentence, start: int, *, spaced: bool) -> str:
    """Ranges rise; in a sum, or where the first number is the larger one, it is a minus."""
    text = sentence.text
    if text[start] == "−":
        return "minus"
    if sentence.is_in_sum(start, start + 1) or _EQUAL_AFTER.match(text, start + 1):
        return "minus"
    one, two = (
        _LAST_NUMBER.search(tail(text, start)),
        _NEXT_NUMBER.match(text, start + 1),
    )
    is_bare = tail(text, start).rstrip()[-1:].isdecimal()
    if not (spaced and is_bare and one and two):
        return "to"
    falls = float(one[1].replace(",", "")) > float(two[1].replace(",", ""))
    return "minus" if falls and text[start] == "-" else "to"
