"""English text normalisation: writes out what the synthesizer reads badly."""

from __future__ import annotations

import re

from tts_app.core.text.numbers import numbers_as_said

_BEFORE_NAME = {
    "Dr": "Doctor",
    "Mr": "Mister",
    "Mrs": "Missus",
    "Ms": "Miss",
    "Prof": "Professor",
    "Capt": "Captain",
    "Gen": "General",
    "Col": "Colonel",
    "Sgt": "Sergeant",
    "Lt": "Lieutenant",
    "Sen": "Senator",
    "Rep": "Representative",
    "Gov": "Governor",
    "Rev": "Reverend",
    "Hon": "Honourable",
    "St": "Saint",
    "Mt": "Mount",
    "Ft": "Fort",
}
_AFTER_NAME = {
    "St": "Street",
    "Ave": "Avenue",
    "Blvd": "Boulevard",
    "Rd": "Road",
    "Sq": "Square",
    "Jr": "Junior",
    "Sr": "Senior",
    "Inc": "Incorporated",
    "Ltd": "Limited",
    "Corp": "Corporation",
    "Co": "Company",
    "Dept": "Department",
    "Bros": "Brothers",
}
_BEFORE_NUMBER = {
    "No": "number",
    "Nos": "numbers",
    "Fig": "figure",
    "Figs": "figures",
    "Vol": "volume",
    "Ch": "chapter",
    "Sec": "section",
    "Art": "article",
    "Eq": "equation",
    "p": "page",
    "pp": "pages",
    "Apt": "apartment",
}
_ANYWHERE = {
    "vs.": "versus",
    "approx.": "approximately",
    "est.": "established",
    "incl.": "including",
    "esp.": "especially",
    "misc.": "miscellaneous",
    "w/o": "without",
    "w/": "with",
    "Ph.D.": "P H D",
    "24/7": "24 7",
}


def _any_of(words: dict[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_TITLE = re.compile(rf"\b({_any_of(_BEFORE_NAME)})\.(?=\s+(?:[A-Z]|and\b))")
_STREET = re.compile(rf"(?<=[A-Za-z] )({_any_of(_AFTER_NAME)})\.(?=(.?))")
_COUNTED = re.compile(rf"\b({_any_of(_BEFORE_NUMBER)})\.\s?(?=\d)", re.IGNORECASE)
_COUNTS = {short.lower(): word for short, word in _BEFORE_NUMBER.items()}
_SHORT = re.compile(rf"(?<![\w/])({_any_of(_ANYWHERE)})(?![\w/])(?=(.?))")

_CURRENCIES = {
    "$": ("dollar", "cent"),
    "€": ("euro", "cent"),
    "£": ("pound", "penny"),
    "¥": ("yen", "sen"),
    "₹": ("rupee", "paisa"),
    "USD": ("US dollar", "cent"),
    "EUR": ("euro", "cent"),
    "GBP": ("British pound", "penny"),
    "CHF": ("Swiss franc", "centime"),
    "CAD": ("Canadian dollar", "cent"),
    "AUD": ("Australian dollar", "cent"),
    "JPY": ("yen", "sen"),
    "INR": ("rupee", "paisa"),
}
_UNCHANGED = ("yen", "sen", "paisa")
_AMOUNT = r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?(?![\d.,]*\d)"
_SCALE = r"(?:\s?(hundred|thousand|million|billion|trillion|[KMB]|bn|mn)\b)?"
_MONEY = re.compile(
    rf"([$€£¥₹]|\b(?:USD|EUR|GBP|CHF|CAD|AUD|JPY|INR)\s){_AMOUNT}{_SCALE}"
)
_MONEY_AFTER = re.compile(
    rf"(?<![\w.,]){_AMOUNT}{_SCALE}\s?([€£₹]|(?:USD|EUR|GBP|CHF|CAD|AUD|JPY|INR)\b)"
)
_MONEY_RANGE = re.compile(r"([$€£¥₹])(\d+)\s?[-–]\s?\1?(\d+)(?![\w.,-]*\d)")
_SCALES = {
    "K": "thousand",
    "M": "million",
    "B": "billion",
    "bn": "billion",
    "mn": "million",
}

_UNITS = {
    "km/h": "kilometres per hour",
    "m/s": "metres per second",
    "km²": "square kilometres",
    "m²": "square metres",
    "m³": "cubic metres",
    "km": "kilometres",
    "m": "metres",
    "cm": "centimetres",
    "mm": "millimetres",
    "ft": "feet",
    "mi": "miles",
    "mph": "miles per hour",
    "kg": "kilograms",
    "g": "grams",
    "mg": "milligrams",
    "lb": "pounds",
    "lbs": "pounds",
    "oz": "ounces",
    "l": "litres",
    "L": "litres",
    "ml": "millilitres",
    "TB": "terabytes",
    "GB": "gigabytes",
    "MB": "megabytes",
    "kB": "kilobytes",
    "KB": "kilobytes",
    "Mbps": "megabits per second",
    "Gbps": "gigabits per second",
    "Hz": "hertz",
    "kHz": "kilohertz",
    "MHz": "megahertz",
    "GHz": "gigahertz",
    "W": "watts",
    "kW": "kilowatts",
    "MW": "megawatts",
    "kWh": "kilowatt hours",
    "V": "volts",
    "mAh": "milliamp hours",
    "h": "hours",
    "hr": "hours",
    "hrs": "hours",
    "min": "minutes",
    "mins": "minutes",
    "sec": "seconds",
    "secs": "seconds",
    "ms": "milliseconds",
    "°C": "degrees Celsius",
    "°F": "degrees Fahrenheit",
}
_UNIT = re.compile(rf"(?<![\w.,])(\d+(?:[.,]\d+)*)\s?({_any_of(_UNITS)})(?![\w/²³'’])")
_SECONDS = re.compile(r"(?<![\w.,])(\d+(?:\.\d+)?) s(?![\w/'’])")
_ONE = {"feet": "foot"}

_POWER = re.compile(r"(?<=\w)([²³])")
_POWERS = {"²": " squared", "³": " cubed"}
_RANGE = re.compile(r"(?<![\w.,-])(\d{1,4})\s?[-–]\s?(\d{1,4})(?![\w-]|[.,]\d)")
_HASH = re.compile(r"(?<![\w#&])#(?=\d)")
_ABOUT = re.compile(r"(?<!\w)~\s?(?=\d)")
_ARROW = re.compile(r"\s*(?:→|⇒|->|=>)\s*")


_JOINT = re.compile(
    r" (?=(?:and|but|or|because|although|though|while|when|where|which|who|that|if|unless"
    r"|until|before|after|since|so|with|without|for|from|into|about|to|in|on|at|by|as)\b)"
)
_SHORT_OF_NUMBER = frozenset(f"{word.lower()}." for word in _BEFORE_NUMBER)
_SHORT_OF_WORD = frozenset({"approx.", "vs.", "incl.", "esp."})


def never_ends(text: str, following: str) -> bool:
    """Whether the text's last word is an abbreviation that belongs to this word."""
    if not text.endswith("."):
        return False
    last = text.rpartition(" ")[2].lower()
    if following[:1].isdigit():
        return last in _SHORT_OF_NUMBER or last in _SHORT_OF_WORD
    return following[:1].islower() and last in _SHORT_OF_WORD


def joins_on(text: str) -> list[int]:
    """Where the text could be cut, before words such as "and", "that" or "with"."""
    return [match.start() for match in _JOINT.finditer(text)]


def expand_english(clause: str) -> str:
    """The clause with titles, money, units, dates, times and telephones as words."""
    clause = _ARROW.sub(", ", clause)
    clause = _TITLE.sub(lambda match: _BEFORE_NAME[match[1]], clause)
    clause = _STREET.sub(lambda match: _AFTER_NAME[match[1]] + _stop(match), clause)
    clause = _SHORT.sub(_short, clause)
    if not any(character.isdigit() for character in clause):
        return clause
    clause = _COUNTED.sub(lambda match: f"{_COUNTS[match[1].lower()]} ", clause)
    clause = _ABOUT.sub("about ", _HASH.sub("number ", clause))
    clause = _MONEY_RANGE.sub(_money_range, clause)
    clause = _MONEY_AFTER.sub(lambda m: _money(m[4], m[1], m[2], m[3]), clause)
    clause = _MONEY.sub(lambda m: _money(m[1], m[2], m[3], m[4]), clause)
    clause = numbers_as_said(clause)
    clause = _UNIT.sub(lambda match: _measure(match[1], _UNITS[match[2]]), clause)
    clause = _SECONDS.sub(lambda match: _measure(match[1], "seconds"), clause)
    clause = _POWER.sub(lambda match: _POWERS[match[1]], clause)
    return _RANGE.sub(r"\1 to \2", clause)


def _stop(match: re.Match[str]) -> str:
    """Keep the full stop of an abbreviation that also ends the sentence."""
    return "." if match[match.lastindex or 0] == "" else ""


def _short(match: re.Match[str]) -> str:
    stop = _stop(match) if match[1].endswith(".") else ""
    return _ANYWHERE[match[1]] + stop


def _measure(number: str, unit: str) -> str:
    if number != "1":
        return f"{number} {unit}"
    first, _, rest = unit.partition(" ")
    one = _ONE.get(first, first.removesuffix("s") if first != "hertz" else first)
    return f"1 {one} {rest}".rstrip()


def _money_range(match: re.Match[str]) -> str:
    unit = _CURRENCIES[match[1]][0]
    return f"{match[2]} to {match[3]} {_plural(unit)}"


def _money(symbol: str, whole: str, fraction: str | None, scale: str | None) -> str:
    unit, small = _CURRENCIES[symbol.strip()]
    whole = whole.replace(",", "")
    if scale:
        number = f"{whole}.{fraction}" if fraction else whole
        return f"{number} {_SCALES.get(scale, scale)} {_plural(unit)}"
    said = f"{whole} {unit if whole == '1' else _plural(unit)}"
    parts = int((fraction or "0").ljust(2, "0"))
    if not parts:
        return said
    small = small if parts == 1 else _plural(small)
    return f"{parts} {small}" if whole == "0" else f"{said} and {parts} {small}"


def _plural(unit: str) -> str:
    if unit in _UNCHANGED:
        return unit
    return "pence" if unit == "penny" else f"{unit}s"
