"""Values written down, each with the words that are said for it."""

from __future__ import annotations

from hypothesis import strategies as st

from tts_app.core.text.english.normalizer import expand_english

FRAMES = (
    "It is {}.",
    "They said {}, then left.",
    "({})",
    "Is it {}?",
    "We saw {} there",
    "“{}”",
)
"""Sentences around a value."""

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    " fifteen sixteen seventeen eighteen nineteen"
)
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"


def check(written: str, spoken: str, frame: str = "It is {}.") -> None:
    """The value in the frame is read with these words and nothing else changes."""
    assert expand_english(frame.format(written)) == frame.format(spoken)


frames = st.sampled_from(FRAMES)


def grouped(number: int) -> str:
    """With commas between the thousands."""
    return f"{number:,}"


def decimals(most: int = 1_000) -> st.SearchStrategy[str]:
    """Numbers with a decimal point."""
    whole, rest = st.integers(0, most), st.integers(1, 9)
    return st.builds("{}.{}".format, whole, rest)


def below_hundred(number: int) -> str:
    """In words, without a hyphen."""
    ones = ONES.split()
    if number < len(ones):
        return ones[number]
    tens, rest = divmod(number, 10)
    return TENS.split()[tens - 2] + (f" {ones[rest]}" if rest else "")


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    if number // 10 % 10 == 1:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }".replace(
        " ", ""
    )


def year_in_words(year: int) -> str:
    """1987 as 19 87."""
    century, rest = divmod(year, 100)
    if year % 1000 < 10:
        return str(year)
    if not rest:
        return f"{century} hundred"
    return f"{century} oh {rest}" if rest < 10 else f"{century} {rest}"
