"""Words that matter to turn-taking: backchannels, stop-words, hanging words, and echo."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_ELLIPSIS = re.compile(r"(?:\.\.\.|…)\s*$")
ECHO_SHARE = 0.7
"""The share of the words that must be among those being spoken."""
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
    """Said while listening: they do not ask for the turn."""
    stops: frozenset[str] = frozenset()
    """They interrupt at once."""
    hanging: frozenset[str] = frozenset()
    """Nobody ends a turn with them."""
    fillers: frozenset[str] = frozenset()
    """Sounds of thinking; as last word they hang, alone they say nothing."""

    def only_backchannels(self, text: str) -> bool:
        """Whether it only shows that somebody listens."""
        words = words_of(text)
        allowed = self.backchannels | self.fillers
        phrase = " ".join(words)
        if phrase in self.backchannels:
            return True
        return 0 < len(words) <= _LONGEST_BACKCHANNEL and allowed.issuperset(words)

    def is_stop(self, text: str) -> bool:
        """Whether it is nothing but a wish to interrupt, such as "wait, stop"."""
        words = words_of(text)
        return bool(words) and (
            words[0] in self.stops or " ".join(words[:2]) in self.stops
        )

    def hangs(self, text: str) -> bool:
        """Whether the speaker is certain to go on: "and", "the", "um", "..."."""
        words = words_of(text)
        if not words:
            return False
        if _ELLIPSIS.search(text):
            return True
        return words[-1] in self.hanging or words[-1] in self.fillers


def _set(text: str) -> frozenset[str]:
    return frozenset(each.strip() for each in text.split(","))


_ENGLISH = TurnWords(
    _set(
        "uh-huh, uh huh, mhm, mm-hmm, mm hmm, mmhmm, hm, hmm, mm, yeah, yes, yep, yup, ok, okay, right, sure, i see, got it, aha, ah, oh, oh i see, wow, great, nice, good, cool, exactly, indeed, interesting, go on"
    ),
    _set(
        "stop, wait, no, hold on, hang on, pause, quiet, enough, cancel, silence, be quiet, shut up"
    ),
    _set(
        "and, or, but, because, so, with, the, a, an, of, to, for, from, in, on, at, by, if, that, which, who, when, while, my, your, our, their, his, is, are, was, were, very, about, than, as, like"
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
    _set(
        "und, oder, aber, weil, mit, der, die, das, den, dem, des, ein, eine, einen, einem, einer, von, zu, zum, zur, für, aus, in, im, auf, an, am, bei, wenn, dass, ob, mein, meine, dein, deine, sehr, über, als, wie, denn, sondern"
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
    _set(
        "et, ou, mais, parce, que, qui, avec, le, la, les, un, une, des, du, de, à, au, aux, pour, dans, sur, par, si, quand, mon, ma, mes, ton, ta, très, car, donc, comme"
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
    _set(
        "y, e, o, u, pero, porque, que, con, el, la, los, las, un, una, de, del, a, al, para, por, en, sobre, si, cuando, mi, tu, su, muy, como"
    ),
    _set("eh, em, este, pues, bueno"),
)
_ITALIAN = TurnWords(
    _set(
        "mhm, hm, sì, si, ok, okay, va bene, certo, capisco, ho capito, esatto, bene, giusto, ah, perfetto, d'accordo"
    ),
    _set("stop, basta, ferma, fermati, aspetta, aspetti, no, silenzio, zitto, zitta"),
    _set(
        "e, ed, o, ma, perché, che, con, il, lo, la, i, gli, le, un, uno, una, di, del, della, a, al, alla, per, da, in, su, se, quando, mio, mia, tuo, tua, molto, come"
    ),
    _set("ehm, eh, beh, allora, cioè"),
)
_PORTUGUESE = TurnWords(
    _set(
        "aham, mhm, hm, sim, tá, ok, okay, certo, claro, entendo, entendi, bem, muito bem, exato, isso"
    ),
    _set("para, pare, espera, espere, não, chega, silêncio, cancela, um momento"),
    _set(
        "e, ou, mas, porque, que, com, o, a, os, as, um, uma, de, do, da, ao, à, para, por, em, no, na, sobre, se, quando, meu, minha, muito, como"
    ),
    _set("é, hum, hã, então, bom"),
)
_DUTCH = TurnWords(
    _set(
        "mhm, hm, ja, jaja, oké, ok, goed, precies, klopt, snap ik, ik snap het, aha, natuurlijk, mooi"
    ),
    _set("stop, wacht, nee, genoeg, stil, pauze, hou op, even wachten"),
    _set(
        "en, of, maar, want, omdat, met, de, het, een, van, naar, voor, uit, in, op, aan, bij, als, dat, die, mijn, jouw, heel, over, dan"
    ),
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
    language: str, backchannels: Iterable[str] = (), stops: Iterable[str] = ()
) -> TurnWords:
    """The words of that language, with further ones of the configuration.

    `language` is a code such as `de` or `de-AT`; without a list of its own, it has only
    the further ones.
    """
    known = LANGUAGES.get(language.casefold().split("-")[0], TurnWords())
    return TurnWords(
        known.backchannels | {" ".join(words_of(each)) for each in backchannels},
        known.stops | {" ".join(words_of(each)) for each in stops},
        known.hanging,
        known.fillers,
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
