"""Words that matter for turn-taking: backchannels, stop words, fillers, and echo."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
ECHO_SHARE = 0.7
"""The share of the heard words that the server must have spoken."""
_LONGEST_BACKCHANNEL = 4
"""More words than this are an answer, even if each of them is a backchannel."""


def words_of(text: str) -> list[str]:
    """The words in lower case, without punctuation."""
    return [word.replace("’", "'") for word in _WORD.findall(text.casefold())]


def same_words(one: str, other: str) -> bool:
    """Whether both texts differ at most in case and punctuation."""
    return words_of(one) == words_of(other)


@dataclass(frozen=True)
class TurnWords:
    """The words of one language, in lower case."""

    backchannels: frozenset[str] = frozenset()
    """Words that a listener says without asking for the turn."""
    stops: frozenset[str] = frozenset()
    """Words that interrupt at once."""
    fillers: frozenset[str] = frozenset()
    """Hesitation sounds: at the end of a text they show that the speaker goes on, and alone
    they mean nothing."""
    leaves_open: Callable[[str], bool] = lambda _text: False
    """Whether a text ends in the middle of a sentence."""

    def only_backchannels(self, text: str) -> bool:
        """Whether the text only shows that the user is listening."""
        words = words_of(text)
        allowed = self.backchannels | self.fillers
        phrase = " ".join(words)
        if phrase in self.backchannels:
            return True
        return 0 < len(words) <= _LONGEST_BACKCHANNEL and allowed.issuperset(words)

    def is_stop(self, text: str) -> bool:
        """Whether the text begins with a stop word, such as "wait, stop"."""
        words = words_of(text)
        return bool(words) and (
            words[0] in self.stops or " ".join(words[:2]) in self.stops
        )

    def hangs(self, text: str) -> bool:
        """Whether the text ends as if the speaker goes on: "and", "the", "um", "..."."""
        words = words_of(text)
        return bool(words) and (words[-1] in self.fillers or self.leaves_open(text))


def _set(text: str) -> frozenset[str]:
    return frozenset(each.strip() for each in text.split(","))


_ENGLISH = TurnWords(
    _set(
        "uh-huh, uh huh, mhm, mm-hmm, mm hmm, mmhmm, hm, hmm, hmmm, mm, mmm, yeah, yes, yep, yup, ok, okay, right, all right, alright, sure, i see, got it, aha, ah, oh, oh i see, wow, great, nice, good, cool, exactly, indeed, interesting, go on"
    ),
    _set(
        "stop, wait, no, hold on, hang on, pause, quiet, enough, cancel, silence, be quiet, shut up"
    ),
    _set("um, uh, erm, er, eh, well"),
)
_GERMAN = TurnWords(
    _set(
        "mhm, hm, hmm, aha, ja, jaja, ja ja, genau, okay, ok, gut, stimmt, klar, richtig, ach so, achso, verstehe, ich verstehe, super, schön, interessant"
    ),
    _set(
        "stopp, stop, halt, warte, warten, moment, nein, nee, ruhe, genug, abbrechen, sei still, hör auf"
    ),
    _set("äh, ähm, öhm, hm, also, tja"),
)
_FRENCH = TurnWords(
    _set(
        "hm, hmm, mhm, oui, ouais, ok, okay, d'accord, je vois, ah, ah bon, bien, très bien, exactement, voilà, super, bien sûr"
    ),
    _set(
        "stop, arrête, arrêtez, attends, attendez, non, pause, assez, silence, tais-toi, taisez-vous"
    ),
    _set("euh, heu, ben, bah, hum"),
)
_SPANISH = TurnWords(
    _set(
        "ajá, aja, mhm, hm, sí, si, vale, ok, okay, claro, ya, entiendo, ya veo, bien, muy bien, exacto, perfecto, de acuerdo"
    ),
    _set(
        "para, alto, espera, espere, no, basta, silencio, cancela, cállate, un momento, detente"
    ),
    _set("eh, em, este, pues, bueno"),
)
_ITALIAN = TurnWords(
    _set(
        "mhm, hm, sì, si, ok, okay, va bene, certo, capisco, ho capito, esatto, bene, giusto, ah, perfetto, d'accordo"
    ),
    _set("stop, basta, ferma, fermati, aspetta, aspetti, no, silenzio, zitto, zitta"),
    _set("ehm, eh, beh, allora, cioè"),
)
_PORTUGUESE = TurnWords(
    _set(
        "aham, mhm, hm, sim, tá, ok, okay, certo, claro, entendo, entendi, bem, muito bem, exato, isso"
    ),
    _set("para, pare, espera, espere, não, chega, silêncio, cancela, um momento"),
    _set("é, hum, hã, então, bom"),
)
_DUTCH = TurnWords(
    _set(
        "mhm, hm, ja, jaja, oké, ok, goed, precies, klopt, snap ik, ik snap het, aha, natuurlijk, mooi"
    ),
    _set("stop, wacht, nee, genoeg, stil, pauze, hou op, even wachten"),
    _set("eh, uh, ehm, nou"),
)

LANGUAGES: Mapping[str, TurnWords] = MappingProxyType(
    {
        "en": _ENGLISH,
        "de": _GERMAN,
        "fr": _FRENCH,
        "es": _SPANISH,
        "it": _ITALIAN,
        "pt": _PORTUGUESE,
        "nl": _DUTCH,
    }
)


def turn_words(
    language: str,
    backchannels: Iterable[str] = (),
    stops: Iterable[str] = (),
    *,
    hangs: Callable[[str, str], bool],
) -> TurnWords:
    """The words of a language, with those of the configuration.

    `language` is a code such as `de` or `de-AT`; a language without a built-in list has
    only those of the configuration. `hangs(text, language)` returns whether a text ends in
    the middle of a sentence.
    """
    language = language.casefold()
    known = LANGUAGES.get(language.split("-")[0], TurnWords())
    return TurnWords(
        known.backchannels | {" ".join(words_of(each)) for each in backchannels},
        known.stops | {" ".join(words_of(each)) for each in stops},
        known.fillers,
        lambda text: hangs(text, language),
    )


def is_echo(heard: str, spoken: Sequence[str]) -> bool:
    """Whether the microphone has picked up the server's own voice.

    `spoken` are the words of the last seconds of output, in lower case.
    """
    words = words_of(heard)
    if not words or not spoken:
        return False
    left = list(spoken)
    found = 0
    for word in words:
        if word in left:
            left.remove(word)
            found += 1
    return found >= ECHO_SHARE * len(words)
