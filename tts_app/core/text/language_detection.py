"""Which of the installed voices speaks the language of a text.

Scripts tell most languages apart; those in Latin and Cyrillic letters are told by
their most frequent short words and by letters that only they have. It chooses only
among the languages that are installed, so it need not know all of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence

from tts_app.core.engine import VoiceInfo

READ_CHARACTERS = 2_000
"""More text does not change the result."""
LETTER_WEIGHT = 0.5
LEAST_SCRIPT_SHARE = 0.3
"""The fraction of a text that decides its script; names in Latin letters are common."""

_SCRIPTS = {
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "HANGUL": ("ko",),
    "CJK": ("zh", "ja"),
    "ARABIC": ("ar", "fa", "ur"),
    "HEBREW": ("he",),
    "GREEK": ("el",),
    "CYRILLIC": ("ru", "uk", "bg", "sr", "kk", "mk"),
    "GEORGIAN": ("ka",),
    "ARMENIAN": ("hy",),
    "DEVANAGARI": ("hi", "ne", "mr"),
    "BENGALI": ("bn",),
    "TAMIL": ("ta",),
    "TELUGU": ("te",),
    "MALAYALAM": ("ml",),
    "KANNADA": ("kn",),
    "GUJARATI": ("gu",),
    "GURMUKHI": ("pa",),
    "THAI": ("th",),
}

_WORDS = {
    "en": "the and of to is that it you in was for with this are have not be on what will",
    "de": "der die das und ist nicht ich ein eine zu mit auf für den von dem sie wir es auch",
    "fr": "le la les et est une des que pas je vous il dans pour qui ce sur avec du nous",
    "es": "el la los las y es que de una por con para no lo un está como pero más del",
    "it": "il la di che è e un una non per sono con mi lo gli della si ma questo anche",
    "pt": "o a os as e é que de não uma um com para por em do da mas você está",
    "nl": "de het een en van is niet ik dat je op te zijn met voor die er maar wij ook",
    "ca": "el la els les i és que de una amb per no un del són aquesta però més molt",
    "ro": "și este nu în la de pe cu o un să că mai sunt din care pentru ce dar acest",
    "pl": "i w nie na się z do to jest że jak co o ale dla po tak mnie jestem są",
    "cs": "a je se v na že to s z do o jsem ale jak by co pro si tak jsou",
    "sk": "a je sa v na že to s z do o som ale ako by čo pre si tak sú",
    "sl": "in je se v na da za ki s z ne so pa bi kaj sem ali tudi kako to",
    "sv": "och är att det i en jag som på inte för med av den till har om vi du ett",
    "da": "og er at det i en jeg som på ikke for med af den til har om vi du et",
    "no": "og er at det i en jeg som på ikke for med av den til har om vi du et",
    "is": "og er að það í ég sem á ekki við af hann til hefur um þú en var eru þetta",
    "fi": "ja on ei se että hän minä joka mutta oli ovat tämä niin kuin myös voi nyt sinä",
    "hu": "a az és nem hogy egy van is ez de meg csak volt már mint én kell itt vagy",
    "tr": "ve bir bu da için de ne ben çok ama var değil mi gibi daha o sen kadar olan",
    "vi": "là và của không có tôi một được cho này các với những người trong đã bạn như",
    "sw": "na ya wa ni kwa katika hii la za hiyo yake si kama lakini huu watu mimi sana",
    "lv": "un ir ar nav es par tas kas no uz bet ka vai viņš tā mēs jau šis arī",
    "cy": "y yn a mae i o ac ar wedi nid ei yr am bod hyn roedd fel ond gyda",
    "lb": "de an ass net ech eng vun mat op et sinn hunn mir och datt fir dat awer",
    "eu": "eta da ez bat hau dira du zen baina ere izan oso dut zer dago",
    "ru": "и в не на я что он с это как но по мы она у за вы из был",
    "uk": "і в не на я що він з це як але по ми вона у за ви та був є",
    "bg": "и в не на аз че той с това как но по ние тя за от е да съм",
    "sr": "и у не на ја да он са ово како али по ми она за од је се сам",
    "kk": "және бұл мен ол үшін бір де емес бар осы сен деп жоқ қалай",
}
_STOP_WORDS = {code: frozenset(words.split()) for code, words in _WORDS.items()}

_LETTERS = {
    "de": "ß",
    "es": "ñ¿¡",
    "pt": "ãõ",
    "fr": "œèêë",
    "ro": "țșă",
    "pl": "łąęśźżń",
    "cs": "ěřů",
    "sk": "ľĺŕô",
    "hu": "őű",
    "tr": "ğış",
    "sv": "äö",
    "da": "æø",
    "no": "æø",
    "is": "þð",
    "fi": "ä",
    "vi": "ạảấầẩậắằẵặẹẻẽếềểễệịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹđơư",
    "lv": "āēīūķļņģ",
    "ca": "·",
    "uk": "іїєґ",
    "ru": "ыэё",
    "sr": "јљњћђџ",
    "kk": "әғқңөұүһі",
}


def voice_for(text: str, voices: Sequence[VoiceInfo], default: str) -> str:
    """The name of the voice to read this text: the default one unless another fits better."""
    ordered = sorted(voices, key=lambda voice: voice.name != default)
    by_language: dict[str, str] = {}
    for voice in ordered:
        by_language.setdefault(language_code(voice.language), voice.name)
    usual = default or ordered[0].name
    own = next((language_code(voice.language) for voice in ordered), "")
    found = language_of(text, list(by_language), own)
    return by_language.get(found, usual)


def language_of(text: str, languages: Collection[str], usual: str) -> str:
    """The code among `languages` that the text is most likely in; `usual` when none stands out."""
    text = unicodedata.normalize("NFC", text[:READ_CHARACTERS]).lower()
    able = [code for code in languages if code in _written_in(text)]
    if len(able) == 1:
        return able[0]
    words = Counter(re.findall(r"[^\W\d_]+", text))
    scores = {code: _score(code, words, text) for code in able or languages}
    best = max(scores.values(), default=0.0)
    if best == 0.0:
        return usual if usual in scores or not able else able[0]
    leading = [code for code, score in scores.items() if score == best]
    return usual if usual in leading else leading[0]


def _written_in(text: str) -> frozenset[str]:
    """The languages of the script that the text is in; those in Latin letters otherwise."""
    scripts = Counter(_script(character) for character in text if character.isalpha())
    kana = scripts["HIRAGANA"] + scripts["KATAKANA"]
    if kana > LEAST_SCRIPT_SHARE / 3 * scripts.total():
        return frozenset(("ja",))
    for script, count in scripts.most_common():
        if script in _SCRIPTS and count >= LEAST_SCRIPT_SHARE * scripts.total():
            return frozenset(_SCRIPTS[script])
    others = {code for codes in _SCRIPTS.values() for code in codes}
    return frozenset(_WORDS.keys() - others)


def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0]


def _score(code: str, words: Counter[str], text: str) -> float:
    stop_words = _STOP_WORDS.get(code, frozenset())
    hits = sum(count for word, count in words.items() if word in stop_words)
    letters = sum(text.count(letter) for letter in _LETTERS.get(code, ""))
    return hits + LETTER_WEIGHT * letters


def language_code(language: str) -> str:
    """The code of a voice's language: `de` of `de_DE`."""
    return language.replace("-", "_").partition("_")[0].lower()
