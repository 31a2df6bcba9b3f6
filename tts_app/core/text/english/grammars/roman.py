"""Roman numerals: "Henry VIII" as "the eighth", "Chapter IV" as "four"; "IV drip" not."""

from __future__ import annotations

import re

from tts_app.core.text.english.basics.sentence import Reading, Sentence, tail
from tts_app.core.text.english.basics.spelling import (
    cardinal_word,
    ordinal,
    ordinal_word,
    said_year,
)
from tts_app.core.text.english.basics.vocabulary import word_set

_ROMAN = re.compile(
    r"(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
    r"(?!\w|[-’'/&][A-Z]|\.[A-Z])"
)
_SMALL = re.compile(r"(?:x{0,2})(?:ix|iv|v?i{0,3})(?=\))")
_ITEM_BEFORE = re.compile(r"(?:\s|^)\(\Z")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_HEADS = word_set(
    "chapter part section volume vol book act scene stage phase type class mark mk war"
    " title article level grade group appendix schedule table figure fig bowl apollo"
    " factor tier category division unit module lesson round episode season canto verse"
    " movement symphony sonata opus version corps legion region zone item question exhibit"
    " rule step track pentium saturn soyuz gemini rocky psalm corinthians samuel kings"
    " chronicles timothy peter thessalonians nerve lead"
)
_HEADS_OF_X = word_set("chapter part act book volume title article mark section")
_REGNAL = word_set(
    "charles henry louis elizabeth george edward william james richard philip napoleon pius"
    " benedict francis alexander catherine peter nicholas ivan gustav gustaf frederick"
    " friedrich leopold umberto emmanuel ramses ramesses ptolemy xerxes darius thutmose"
    " amenhotep cleopatra mary margaret ferdinand alfonso christian harald haakon olav carl"
    " karl wilhelm otto leo gregory clement innocent urban boniface paul sixtus julius"
    " martin stephen robert malcolm kenneth david rudolf maximilian franz joseph francois"
    " philippe jean john juan carlos felipe pedro manuel joao afonso sancho bela mehmed"
    " mehmet suleiman selim murad mustafa abdul baldwin amadeus victor albert ludwig michael"
    " constantine justinian theodosius basil leon adrian hadrian callixtus eugene theodore"
    " thomas walter daniel samuel harry andrew donald earl frank arthur patrick wenceslas"
    " sigismund matthias vladimir boris simeon casimir rama chulalongkorn naresuan seti"
    " psamtik artaxerxes cyrus mithridates antiochus seleucus herod margrethe beatrix"
    " jordan davis elvis anthony oscar bernard hugh raymond roger geoffrey pepin lothair"
    " conrad honorius celestine marcellus linus nectanebo"
)
_TITLES = word_set(
    "king queen pope emperor empress tsar czar prince princess duke duchess kaiser sultan"
    " pharaoh saint patriarch archduke earl count shah caliph lord"
)
_NAMES_OF_X = word_set("charles louis leo pius alfonso christian benedict")
_LETTERS = word_set(
    "XL XXL CL CC CI CV CX CD MD DC MC MM CM DI CLI MIX DIV CIV DIM LIV MI"
)
"""Abbreviations, sizes and words even behind a word that could have a number."""
_WORDS = word_set("VI XI XV XX XXX")
"""Numerals only behind a word with a capital."""
_LEAST_OF_YEAR = 4
_MEDICAL = word_set(
    "drip drips therapy fluid fluids line lines bag bags infusion antibiotics access drug"
    " drugs pole push injection medication medications treatment site catheter"
)
_BEFORE_LETTERS = word_set("a an the by via his her through with on no")
_ORDINAL_NOUNS = word_set("century centuries olympiad dynasty millennium congress")
_SINGLE = frozenset("IVX")
_FIRST_YEAR = 1_000
_AFTER_FIRST = word_set("of was is had became died reigned ruled and in who")
_CLOSES = ("", *",.;:!?)'’")
_NAME = re.compile(r"([A-Z][\w’'-]*)\s\Z")


def read_roman(sentence: Sentence, start: int) -> Reading | None:
    """A Roman numeral in capitals, or in small letters within brackets."""
    text = sentence.text
    small = (
        _SMALL.match(text, start) if _ITEM_BEFORE.search(tail(text, start)) else None
    )
    if small and small.group() not in ("", "x"):
        return Reading(small.end(), cardinal_word(_value(small.group().upper())))
    found = _ROMAN.match(text, start)
    if found is None or text[start - 1 : start] in ("-", "'", "’", ".", "&", "/"):
        return None
    return _capitals(sentence, start, found)


def _capitals(sentence: Sentence, start: int, found: re.Match[str]) -> Reading | None:
    numeral, end = found.group(), found.end()
    value = _value(numeral)
    following = sentence.word_after(end)
    if following in _ORDINAL_NOUNS and len(numeral) > 1:
        return Reading(end, ordinal(value))
    if _is_regnal(sentence, start, numeral, end):
        return Reading(end, f"the {ordinal_word(value)}")
    before = sentence.word_before(start)
    if before in _HEADS and _is_number_of(sentence, start, numeral):
        return Reading(end, cardinal_word(value), quantity=True)
    if len(numeral) == 1:
        return None
    if not _is_plain(sentence, start, numeral):
        return None
    if numeral == "IV" and _means_letters(sentence, start, following):
        return Reading(end, "I V")
    said = said_year(str(value)) if value >= _FIRST_YEAR else cardinal_word(value)
    return Reading(end, said)


def _is_regnal(sentence: Sentence, start: int, numeral: str, end: int) -> bool:
    """Whether a person's name stands before it."""
    names = _names_before(sentence.text, start)
    if not names or (names[0] in _HEADS and names[0] not in _REGNAL):
        return False
    titled = any(name in _TITLES for name in names[1:])
    known = any(name in _REGNAL for name in names[:2])
    if not (known or titled):
        return False
    if numeral == "X":
        return titled or names[0] in _NAMES_OF_X
    if len(numeral) > 1 or numeral == "V":
        return True
    if numeral != "I":
        return False
    following = sentence.word_after(end)
    closed = following == "" and sentence.text[end : end + 1] in _CLOSES
    return closed or following == "of" or (titled and following in _AFTER_FIRST)


def _names_before(text: str, start: int) -> list[str]:
    """The words with a capital before it, in small letters, the nearest first."""
    names: list[str] = []
    while len(names) < 4 and (found := _NAME.search(text, max(0, start - 24), start)):
        names.append(found[1].lower())
        start = found.start()
    return names


def _is_number_of(sentence: Sentence, start: int, numeral: str) -> bool:
    """A single letter is a numeral only behind a head with a capital: "Type I", unless
    it is the pronoun, as in "The Book I read"."""
    if len(numeral) > 1:
        return numeral not in _LETTERS
    if numeral not in _SINGLE or not _names_before(sentence.text, start):
        return False
    if numeral == "X":
        return sentence.word_before(start) in _HEADS_OF_X
    return numeral == "V" or sentence.word_after(start + 1) not in _VERBS_OF_I


_VERBS_OF_I = word_set(
    "read like liked love loved wrote bought saw want wanted have had am was think thought"
    " know knew need needed found got use used mean meant said told remember hate"
)


def _is_plain(sentence: Sentence, start: int, numeral: str) -> bool:
    """Whether it is a numeral where nothing tells: "III" is, "CLI" and "XL" are not."""
    if set(numeral) <= set("IVX"):
        return numeral not in _WORDS or bool(_names_before(sentence.text, start))
    return len(numeral) >= _LEAST_OF_YEAR and numeral[0] == "M"


def _means_letters(sentence: Sentence, start: int, following: str) -> bool:
    """Whether "IV" is short for intravenous."""
    return following in _MEDICAL or sentence.word_before(start) in _BEFORE_LETTERS


def _value(numeral: str) -> int:
    values = [_VALUES[letter] for letter in numeral]
    return sum(
        -value if value < max(values[at:]) else value for at, value in enumerate(values)
    )
