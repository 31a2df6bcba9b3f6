"""Numbers in the words and digits that voices read well."""

from __future__ import annotations

import re

SCALES = {
    "k": "thousand",
    "K": "thousand",
    "m": "million",
    "M": "million",
    "mn": "million",
    "mln": "million",
    "mil": "million",
    "b": "billion",
    "B": "billion",
    "bn": "billion",
    "t": "trillion",
    "T": "trillion",
    "tn": "trillion",
    "trn": "trillion",
}
"""What is written behind an amount."""
SCALE_WORDS = ("hundred", "thousand", "million", "billion", "trillion", "quadrillion")


def _words(text: str) -> list[str]:
    return text.split()


_UP_TO_19 = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    " fifteen sixteen seventeen eighteen nineteen"
)
_TENS = _words("twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_IRREGULAR = {
    "foot": "feet",
    "inch": "inches",
    "penny": "pence",
    "half": "halves",
    "century": "centuries",
    "baht": "baht",
    "yen": "yen",
    "yuan": "yuan",
    "won": "won",
    "rand": "rand",
    "sen": "sen",
    "real": "reais",
    "hertz": "hertz",
    "dong": "dong",
    "ringgit": "ringgit",
    "krone": "kroner",
    "krona": "kronor",
    "koruna": "koruna",
    "bitcoin": "bitcoin",
    "ether": "ether",
    "paisa": "paise",
    "lira": "lira",
    "naira": "naira",
    "siemens": "siemens",
    "lux": "lux",
}


_JOINTS = (" per ", " Celsius", " Fahrenheit", " north", " south", " east", " west")


def plural(name: str) -> str:
    """The plural of a unit or a currency: "mile per hour" as "miles per hour"."""
    for joint in _JOINTS:
        head, found, rest = name.partition(joint)
        if found:
            return f"{plural(head)}{found}{rest}"
    first, space, last = name.rpartition(" ")
    if last in ("squared", "cubed"):
        return f"{plural(first)} {last}"
    if last.endswith("hertz"):
        return name
    return f"{first}{space}{_IRREGULAR.get(last, f'{last}s')}"


def plain(number: str) -> str:
    """The number without its separators of thousands."""
    number = number.replace(",", "")
    return f"0{number}" if number.startswith(".") else number


def ordinal(number: int) -> str:
    """`21` as "21st", which every voice reads well."""
    teens = 10 <= number % 100 <= 20
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def cardinal_word(number: int) -> str:
    """`42` as "forty two", up to a million."""
    if number < len(_UP_TO_19):
        return _UP_TO_19[number]
    for size, name in ((1_000, "thousand"), (100, "hundred")):
        count, rest = divmod(number, size)
        if count:
            return f"{cardinal_word(count)} {name} {cardinal_word(rest)}".removesuffix(
                " zero"
            )
    tens, rest = divmod(number, 10)
    return f"{_TENS[tens - 2]} {cardinal_word(rest)}".removesuffix(" zero")


def ordinal_word(number: int) -> str:
    """`42` as "forty second", `100` as "hundredth"."""
    first, space, last = cardinal_word(number).rpartition(" ")
    ordinal = (
        _ORDINALS.get(last)
        or f"{last.removesuffix('y')}{'ie' if last[-1] == 'y' else ''}th"
    )
    return ordinal if first == "one" else f"{first}{space}{ordinal}"


def said_year(year: str) -> str:
    """`1987` as "19 87", `1905` as "19 oh 5", `2007` as it is."""
    century, rest = year[:2], year[2:]
    if year.startswith("200") or year in ("1000", "2000"):
        return year
    if rest == "00":
        return f"{century} hundred"
    return f"{century} oh {rest[1]}" if rest[0] == "0" else f"{century} {rest}"


def said_digits(text: str) -> str:
    """Every digit separately; separators between groups become short pauses."""
    groups = [" ".join(group) for group in re.findall(r"\d+", text)]
    plus = "plus " if text.lstrip().startswith("+") else ""
    return plus + ", ".join(groups) if groups else text


def said_letters(text: str) -> str:
    """`N.Y.` as "N Y". A voice takes a lone A for the article: "U.S.A.", whose letters
    keep their dots, is read as letters, and so is "A-"."""
    letters = [character.upper() for character in text if character.isalpha()]
    if "A" not in letters:
        return " ".join(letters)
    return ".".join(letters) if len(letters) > 1 else LETTER_A


LETTER_A = "A-"
