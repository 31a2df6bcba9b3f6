"""The names of units, in the singular."""

from __future__ import annotations

from collections.abc import Iterator

from tts_app.core.text.english.basics.vocabulary import word_set

_PREFIXES = {
    "n": "nano",
    "µ": "micro",
    "μ": "micro",
    "m": "milli",
    "c": "centi",
    "d": "deci",
    "h": "hecto",
    "k": "kilo",
    "K": "kilo",
    "M": "mega",
    "G": "giga",
    "T": "tera",
    "P": "peta",
}
_SCALED = {
    "m": ("metre", "nµμmcdk"),
    "g": ("gram", "nµμmk"),
    "l": ("litre", "µμmcdh"),
    "L": ("litre", "µμmcdh"),
    "W": ("watt", "µμmkMGT"),
    "Wh": ("watt hour", "kMGT"),
    "Hz": ("hertz", "kMGT"),
    "V": ("volt", "µμmkM"),
    "A": ("amp", "µμmk"),
    "Ah": ("amp hour", "mk"),
    "B": ("byte", "kKMGTP"),
    "bit": ("bit", "kKMGT"),
    "bps": ("bit per second", "kKMGT"),
    "b": ("bit", "kKMGT"),
    "Pa": ("pascal", "hkMG"),
    "J": ("joule", "mkMG"),
    "s": ("second", "nµμm"),
    "N": ("newton", "kM"),
    "eV": ("electronvolt", "kMG"),
    "Ω": ("ohm", "mkM"),
    "F": ("farad", "nµμ"),
    "cal": ("calorie", "k"),
    "mol": ("mole", "mµμ"),
    "Sv": ("sievert", "mµμ"),
    "bar": ("bar", "m"),
}
_ALONE = {
    "m": "metre",
    "g": "gram",
    "l": "litre",
    "L": "litre",
    "W": "watt",
    "Wh": "watt hour",
    "Hz": "hertz",
    "V": "volt",
    "Ah": "amp hour",
    "Pa": "pascal",
    "Ω": "ohm",
    "mol": "mole",
    "eV": "electronvolt",
    "cal": "calorie",
    "ft": "foot",
    "yd": "yard",
    "yds": "yard",
    "mi": "mile",
    "mph": "mile per hour",
    "kph": "kilometre per hour",
    "kmh": "kilometre per hour",
    "mpg": "mile per gallon",
    "rpm": "revolution per minute",
    "fps": "frame per second",
    "dpi": "dot per inch",
    "ppm": "part per million",
    "ppb": "part per billion",
    "bpm": "beat per minute",
    "wpm": "word per minute",
    "lb": "pound",
    "lbs": "pound",
    "oz": "ounce",
    "gal": "gallon",
    "qt": "quart",
    "tsp": "teaspoon",
    "tbsp": "tablespoon",
    "Tbsp": "tablespoon",
    "ha": "hectare",
    "t": "tonne",
    "dB": "decibel",
    "dBm": "decibel-milliwatt",
    "px": "pixel",
    "lm": "lumen",
    "lx": "lux",
    "psi": "pound per square inch",
    "hp": "horsepower",
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "min": "minute",
    "mins": "minute",
    "sec": "second",
    "secs": "second",
    "wk": "week",
    "wks": "week",
    "yr": "year",
    "yrs": "year",
    "mos": "month",
    "°C": "degree Celsius",
    "°F": "degree Fahrenheit",
    "°": "degree",
    **{
        f"°{point[0].upper()}": f"degree {point}"
        for point in ("north", "south", "east", "west")
    },
    "℃": "degree Celsius",
    "℉": "degree Fahrenheit",
}
ONLY_BELOW = {"s": "second", "d": "day", "y": "year", "mo": "month", "w": "week"}
"""Units behind a slash only."""
UNCOUNTED = frozenset({"horsepower"})


def _names() -> Iterator[tuple[str, str]]:
    yield from _ALONE.items()
    for symbol, (name, prefixes) in _SCALED.items():
        for prefix in prefixes:
            yield f"{prefix}{symbol}", f"{_PREFIXES[prefix]}{name}"


UNITS = dict(_names())
"""The unit of each symbol, in the singular."""
CLEAR_UNITS = frozenset(
    unit for unit in UNITS if len(unit) > 1 and not unit.isalpha()
) | word_set(
    "km cm mm kg mg ml mL GB MB TB kB KB GHz MHz kHz Hz kWh kW mph kph Mbps Gbps kbps"
    " lbs"
)
"""Symbols that are units without a number before them, as in "a few km"."""
QUANTIFIERS = word_set(
    "one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty"
    " forty fifty sixty seventy eighty ninety hundred thousand million billion few several"
    " many per half quarter dozen hundreds thousands millions in of"
)
