"""Telephone numbers, codes and addresses, digit by digit: `PIN 4567`, `call 911`."""

from __future__ import annotations

import re

from tts_app.core.text.english.basics.sentence import Reading, Sentence
from tts_app.core.text.english.basics.spelling import said_digits
from tts_app.core.text.english.basics.vocabulary import word_set

_PHONE = re.compile(
    r"(?:"
    r"\+\d{1,3}(?:[ .-]?(?:\(\d{1,4}\)|\d{1,4})){2,5}"
    r"|(?:1[ .-])?\(\d{3}\) ?\d{3}[ .-]\d{4}"
    r"|(?:1[.-])?\d{3}(?P<mark>[.-])\d{3}(?P=mark)\d{4}"
    r"|0\d{2,4}(?:[ -]\d{3,4}){2}"
    r"|0\d{2,4}[ -]\d{5,7}"
    r"|\d{4}(?P<gap>[ -])\d{4}(?P=gap)\d{4}(?P=gap)\d{4}"
    r"|\d{3} \d{3} \d{4}"
    r"|\d{3}-\d{2}-\d{4}"
    r")(?![\w/-]|[.,]\d)"
)
_SHORT_PHONE = re.compile(r"(\d{3})([ -])(\d{4})(?![\w/-]|[.,]\d)")
_LEAST_PHONE_DIGITS, _MOST_PHONE_DIGITS = 7, 16
_RUN = re.compile(r"\d+(?![\w%]|[.,:]\d|/\d)")
_MAY_BE_CODE = re.compile(r"\d{3}|0\d|\d{2}[- ]\d{2}")
_GROUPS = re.compile(r"\d{2,5}(?:[- ]\d{2,6})+(?![\w/]|[-.,]\d)")
_VERSION = re.compile(r"\d+(?:\.\d+){2,}(?![\w/]|[.,]\d)")
_ALWAYS_DIGITS = 9
"""Longer rows of digits without a separator are no quantities, unless they end in
zeros."""
_ROUND = "000"
_CALLS = word_set("call dial ring phone telephone tel text fax mobile hotline")
_CODES = word_set(
    "zip code postcode pin passcode password otp extension ext account id serial sku isbn"
    " reference ref booking invoice tracking card ending cvv cvc iban vat licence license"
    " plate passport ssn token combination"
)
_CLEAR_CODES = word_set("zip postcode pin passcode password otp isbn cvv cvc sku code")
_NUMBERED = word_set("number no order ticket case claim policy")
_FILLERS = word_set("is was the my your our at on in number no # : us me it to")
_LEAST_CODE, _LEAST_NUMBERED = 3, 4
_ZIP_CODE = re.compile(r"(\d{5})(?:-(\d{4}))?(?![\w-]|[.,]\d)")
_STATES = word_set(
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV"
    " NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC"
)


def read_phone(sentence: Sentence, start: int) -> Reading | None:
    """A telephone or card number in groups."""
    text = sentence.text
    found = _PHONE.match(text, start)
    if found is None:
        short = _SHORT_PHONE.match(text, start)
        found = short if short and _is_short_phone(sentence, short) else None
    if found is None or not _stands_alone(text, start):
        return None
    digits = sum(character.isdigit() for character in found.group())
    if not _LEAST_PHONE_DIGITS <= digits <= _MOST_PHONE_DIGITS:
        return None
    return Reading(found.end(), said_digits(found.group()))


def read_code(sentence: Sentence, start: int) -> Reading | None:
    """A code: digits behind a word such as "PIN", with leading zeros, or too many."""
    text = sentence.text
    if not _stands_alone(text, start):
        return None
    zip_code = _ZIP_CODE.match(text, start)
    if (
        zip_code
        and text[max(0, start - 3) : start - 1] in _STATES
        and text[start - 1] == " "
    ):
        return Reading(zip_code.end(), said_digits(zip_code.group()))
    if found := _VERSION.match(text, start):
        return Reading(found.end(), " point ".join(found.group().split(".")))
    if not _MAY_BE_CODE.match(text, start):
        return None
    cue = _cue(sentence, start)
    groups = _GROUPS.match(text, start)
    if groups and cue in _CODES | _CALLS:
        return Reading(groups.end(), said_digits(groups.group()))
    found = _RUN.match(text, start)
    if found is None or not _is_code(sentence, found, cue):
        return None
    return Reading(found.end(), _grouped(found.group(), called=cue in _CALLS))


def _is_code(sentence: Sentence, found: re.Match[str], cue: str) -> bool:
    digits = found.group()
    if len(digits) > 1 and digits[0] == "0":
        return True
    if cue in _CLEAR_CODES:
        return len(digits) >= _LEAST_CODE
    if sentence.has_plural_after(found.end()):
        return False
    if len(digits) >= _ALWAYS_DIGITS and not digits.endswith(_ROUND):
        return True
    if cue in _CODES or cue in _CALLS:
        return len(digits) >= _LEAST_CODE
    is_long = len(digits) >= _LEAST_NUMBERED and not digits.endswith(_ROUND)
    return cue in _NUMBERED and is_long


def _cue(sentence: Sentence, start: int) -> str:
    """The nearest word before the number that tells what it is."""
    for word in sentence.words_before(start, 4):
        bare = word.strip("#")
        if bare in _CODES or bare in _CALLS or bare in _NUMBERED:
            return _more_telling(bare, sentence, start)
        if bare and bare not in _FILLERS:
            return ""
    return ""


def _more_telling(word: str, sentence: Sentence, start: int) -> str:
    """ "phone number" and "account number" are more than "number"."""
    if word not in _NUMBERED:
        return word
    before = sentence.words_before(start, 5)
    telling = [each for each in before if each in _CODES or each in _CALLS]
    return telling[0] if telling else word


def _is_short_phone(sentence: Sentence, found: re.Match[str]) -> bool:
    """ "555-0123", but no range such as "150-1200" unless a word tells."""
    cue = _cue(sentence, found.start())
    if cue in _CALLS or cue == "number":
        return True
    return found[2] == "-" and not (found[1][-1] == found[3][-1] == "0")


def _stands_alone(text: str, start: int) -> bool:
    """Whether no letter, digit or separator is joined to its left."""
    before = text[start - 1 : start] if start else ""
    if before in (".", ",", "/", "-", ":") and start > 1 and text[start - 2].isalnum():
        return False
    return not before.isalnum()


def _grouped(digits: str, *, called: bool) -> str:
    """Ten digits in the groups of a telephone number, others in one."""
    groups = [digits]
    if len(digits) == 10:
        groups = [digits[:3], digits[3:6], digits[6:]]
    elif len(digits) == 7 and called:
        groups = [digits[:3], digits[3:]]
    elif len(digits) == 11 and digits[0] == "0":
        groups = [digits[:5], digits[5:8], digits[8:]]
    elif len(digits) > 10:
        groups = [digits[at : at + 4] for at in range(0, len(digits), 4)]
    return ", ".join(" ".join(group) for group in groups)
