"""Amounts of money: `$1.5m`, `US$5`, `-€3`, `5,50 €`, `£5-10k`, `$10/month`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tts_app.core.text.english.basics.sentence import DASH, Reading, Sentence, tail
from tts_app.core.text.english.basics.spelling import SCALE_WORDS, SCALES, plain, plural
from tts_app.core.text.english.grammars.units import PER, said_per


@dataclass(frozen=True, slots=True)
class _Currency:
    unit: str
    part: str = ""
    """A hundredth of it."""


_DOLLARS = {
    "": "dollar",
    "US": "US dollar",
    "A": "Australian dollar",
    "AU": "Australian dollar",
    "C": "Canadian dollar",
    "CA": "Canadian dollar",
    "CAD": "Canadian dollar",
    "NZ": "New Zealand dollar",
    "HK": "Hong Kong dollar",
    "S": "Singapore dollar",
    "SG": "Singapore dollar",
    "NT": "new Taiwan dollar",
    "TT": "Trinidad dollar",
    "J": "Jamaican dollar",
    "Bds": "Barbados dollar",
}
_CURRENCIES = {
    **{f"{country}$": _Currency(name, "cent") for country, name in _DOLLARS.items()},
    "R$": _Currency("real", "centavo"),
    "MX$": _Currency("Mexican peso", "centavo"),
    "Mex$": _Currency("Mexican peso", "centavo"),
    "€": _Currency("euro", "cent"),
    "£": _Currency("pound", "penny"),
    "¥": _Currency("yen"),
    "₹": _Currency("rupee", "paisa"),
    "₽": _Currency("rouble", "kopek"),
    "₩": _Currency("won"),
    "₺": _Currency("lira"),
    "₴": _Currency("hryvnia", "kopek"),
    "₪": _Currency("shekel"),
    "₫": _Currency("dong"),
    "₱": _Currency("peso", "centavo"),
    "฿": _Currency("baht"),
    "₦": _Currency("naira"),
    "₿": _Currency("bitcoin"),
    "Rs.": _Currency("rupee", "paisa"),
    "Rs": _Currency("rupee", "paisa"),
    "US $": _Currency("US dollar", "cent"),
    "USD": _Currency("US dollar", "cent"),
    "EUR": _Currency("euro", "cent"),
    "GBP": _Currency("British pound", "penny"),
    "CHF": _Currency("Swiss franc", "centime"),
    "CAD": _Currency("Canadian dollar", "cent"),
    "AUD": _Currency("Australian dollar", "cent"),
    "NZD": _Currency("New Zealand dollar", "cent"),
    "HKD": _Currency("Hong Kong dollar", "cent"),
    "SGD": _Currency("Singapore dollar", "cent"),
    "JPY": _Currency("yen"),
    "CNY": _Currency("yuan"),
    "RMB": _Currency("yuan"),
    "INR": _Currency("Indian rupee", "paisa"),
    "KRW": _Currency("won"),
    "BRL": _Currency("real", "centavo"),
    "MXN": _Currency("Mexican peso", "centavo"),
    "ZAR": _Currency("rand", "cent"),
    "SEK": _Currency("Swedish krona"),
    "NOK": _Currency("Norwegian krone"),
    "DKK": _Currency("Danish krone"),
    "PLN": _Currency("zloty"),
    "CZK": _Currency("Czech koruna"),
    "HUF": _Currency("forint"),
    "RUB": _Currency("rouble", "kopek"),
    "UAH": _Currency("hryvnia", "kopek"),
    "ILS": _Currency("shekel"),
    "THB": _Currency("baht"),
    "AED": _Currency("dirham"),
    "SAR": _Currency("riyal"),
    "BTC": _Currency("bitcoin"),
    "ETH": _Currency("ether"),
}
_ONLY_AFTER = {
    "zł": _Currency("zloty"),
    "kr": _Currency("krone"),
    "Kč": _Currency("koruna"),
}
_PARTS = {"¢": "cent", "p": "penny"}
CODES = frozenset({*(code for code in _CURRENCIES if code.isalpha()), "US"})
PREFIXES = frozenset(sign[:-1] for sign in _CURRENCIES if sign[-1] == "$")
SIGNS = frozenset(sign for sign in _CURRENCIES if len(sign) == 1)


def _any_of(words: object) -> str:
    found = sorted(map(str, words), key=len, reverse=True)  # type: ignore[call-overload]
    return "|".join(map(re.escape, found))


_NUMBER = (
    r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?"
    r"|\d{1,3}(?:\.\d{3})+,\d{2}(?!\d)"
    r"|\d{1,3}(?: \d{3})+(?:,\d{2})?(?=\s?€)"
    r"|\d+,\d{1,2}(?!\d)"
    r"|\d+(?:\.\d+)?|\.\d+)"
)
_SCALE = (
    rf"(?:[\s-]?(?:{_any_of(SCALE_WORDS)})\b|\s?(?:K|M|B|bn|mn|mln|tn|trn)(?![\w])"
    r"|(?:[kmbtT]|mil)(?![\w]))"
)
_SIGN = _any_of(_CURRENCIES)
_BEFORE = re.compile(
    rf"(?P<sign>{_SIGN})\s?(?P<minus>{DASH})?(?P<one>{_NUMBER})(?P<scale>{_SCALE})?"
    rf"(?:\s?{DASH}\s?(?:(?P=sign))?(?P<two>{_NUMBER})(?P<scale2>{_SCALE})?)?"
    r"(?![.,]?\d)"
)
_AFTER = re.compile(
    rf"(?P<one>{_NUMBER})(?P<scale>{_SCALE})?"
    rf"(?:\s?{DASH}\s?(?P<two>{_NUMBER})(?P<scale2>{_SCALE})?)?"
    rf"(?:\s?(?P<sign>{_any_of([*_CURRENCIES.keys() - {'$'}, *_ONLY_AFTER])})(?![\w$€£¥])"
    r"|(?P<dollar>\$)(?!\w|\.\d))"
)
_SMALL = re.compile(rf"(?P<number>{_NUMBER})(?P<sign>¢|p)(?!\w)")
_TENFOLD = {"10": "tens", "100": "hundreds", "1,000": "thousands", "1000": "thousands"}
_ROUGHLY = re.compile(rf"(?P<sign>[$€£])(?P<number>{_any_of(_TENFOLD)})s\b")
MATH_BEFORE = re.compile(r"\$[A-Za-zα-ωΑ-Ω(√\\][^$]*\Z")
"""A dollar that opens a formula."""
_EUROPEAN = re.compile(r"\d+(?:\.\d{3})*,\d{1,2}")


def read_money_before(sentence: Sentence, start: int) -> Reading | None:
    """The sign or the code stands before the amount."""
    if found := _ROUGHLY.match(sentence.text, start):
        unit = plural(_CURRENCIES[found["sign"]].unit)
        return Reading(found.end(), f"{_TENFOLD[found['number']]} of {unit}")
    found = _BEFORE.match(sentence.text, start)
    if found is None or (found["two"] and _is_no_range(found)):
        found = _single(sentence.text, start)
    return _reading(sentence, found) if found else None


def read_money_after(sentence: Sentence, start: int) -> Reading | None:
    """The sign, the code or `¢` stands after the amount."""
    small = _SMALL.match(sentence.text, start)
    if small:
        number = plain(small["number"])
        unit = _PARTS[small["sign"]]
        is_one = number == "1" or (
            unit == "cent" and sentence.is_attributive(start, small.end())
        )
        unit = unit if is_one else plural(unit)
        return Reading(small.end(), f"{number} {unit}", quantity=True)
    found = _AFTER.match(sentence.text, start)
    if (
        found
        and found["dollar"]
        and MATH_BEFORE.search(tail(sentence.text, start, 200))
    ):
        return None
    return _reading(sentence, found) if found else None


_SINGLE = re.compile(
    rf"(?P<sign>{_SIGN})\s?(?P<minus>{DASH})?(?P<one>{_NUMBER})(?P<scale>{_SCALE})?"
    r"(?P<two>(?!))?(?P<scale2>(?!))?(?![.,]?\d)"
)


def _single(text: str, start: int) -> re.Match[str] | None:
    return _SINGLE.match(text, start)


def _is_no_range(found: re.Match[str]) -> bool:
    """`$5-3-2` or `$50-2` is none."""
    rest = found.string[found.end() : found.end() + 2]
    return bool(re.match(rf"{DASH}\d", rest))


def _reading(sentence: Sentence, found: re.Match[str]) -> Reading:
    sign = found["sign"] or "$"
    currency = _CURRENCIES.get(sign) or _ONLY_AFTER[sign]
    per = PER.match(sentence.text, found.end())
    end = per.end() if per else found.end()
    attributive = not per and sentence.is_attributive(found.start(), end)
    words = _range(found, currency, attributive=attributive) if found["two"] else ""
    words = words or _amount(
        found["one"], found["scale"], currency, attributive=attributive
    )
    if "minus" in found.re.groupindex and found["minus"]:
        words = f"minus {words}"
    if per:
        words = f"{words} {said_per(per)}"
    return Reading(end, words, quantity=True)


def _range(found: re.Match[str], currency: _Currency, *, attributive: bool) -> str:
    scale, last = found["scale"], found["scale2"]
    one, two = _number(found["one"]), _number(found["two"])
    if not (scale or last) and ("." in one or "." in two):
        return f"{_amount(one, None, currency)} to {_amount(two, None, currency)}"
    first = f"{one} {_scale(scale)}" if scale and scale != last else one
    second = f"{two} {_scale(last)}" if last else two
    unit = currency.unit if attributive else plural(currency.unit)
    return f"{first} to {second} {unit}"


def _amount(
    written: str, scale: str | None, currency: _Currency, *, attributive: bool = False
) -> str:
    number = _number(written)
    whole, _, fraction = number.partition(".")
    one = currency.unit
    many = one if attributive else plural(one)
    if scale:
        return f"{number} {_scale(scale)} {many}"
    if len(fraction) > 2 or (fraction and not currency.part):
        return f"{number} {many}"
    said = f"{whole} {one if whole == '1' else many}"
    parts = int((fraction or "0").ljust(2, "0"))
    if not parts:
        return said
    if attributive and int(whole):
        return f"{said} {parts}"
    small = currency.part if parts == 1 or attributive else plural(currency.part)
    return f"{said} and {parts} {small}" if int(whole) else f"{parts} {small}"


def _scale(written: str) -> str:
    word = written.strip(" -\u00a0\t")
    return SCALES.get(word, word)


def _number(written: str) -> str:
    """With a decimal point, without separators of thousands."""
    written = written.replace(" ", "")
    if _EUROPEAN.fullmatch(written) and not re.fullmatch(
        r"\d{1,3}(?:,\d{3})+", written
    ):
        return written.replace(".", "").replace(",", ".")
    return plain(written)
