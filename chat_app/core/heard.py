"""What the user has heard of a reply: its position, and the text up to there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chat_app.core.words import words_of

CLIENT_BUFFER_SECONDS = 0.12
"""How far a client's loudspeaker is assumed to be behind what was sent to it."""
LETTERS_PER_SECOND = 15
"""About how fast a clause is spoken whose audio is still being made."""
ECHO_MARGIN_SECONDS = 0.5
"""A clause that is about to begin may have begun at the client."""


class TimedWord(NamedTuple):
    """A word as the voice has timed it, in seconds from the start of the reply."""

    word: str
    start_seconds: float
    end_seconds: float


@dataclass
class SpokenClause:
    """A clause with its place in the reply's audio, in seconds."""

    text: str
    start_seconds: float
    end_seconds: float
    """Estimated while its audio is being made."""
    timed: list[TimedWord] = field(default_factory=list)
    """The words of which the voice has told the times."""
    is_complete: bool = False

    def up_to(self, seconds: float) -> str:
        """The words that were heard by then: those whose middle was."""
        words = self.text.split()
        begins = np.cumsum([0, *(len(word) + 1 for word in words)])
        places, times = self._known(words, begins)
        if seconds >= times[-1]:
            return self.text
        middles = np.interp((begins[:-1] + begins[1:] - 1) / 2, places, times)
        return " ".join(words[: int(np.searchsorted(middles, seconds, side="right"))])

    def _known(
        self, words: list[str], begins: npt.NDArray[np.int64]
    ) -> tuple[list[float], list[float]]:
        """Places in the text, in letters, and when they are spoken.

        Between them each word is taken to last as long as its letters.
        """
        places, times = [0.0], [self.start_seconds]
        place = 0
        for each in self.timed:
            letters = _letters(each.word)
            while place < len(words) and _letters(words[place]) != letters:
                place += 1
            if place == len(words):
                break
            places += [float(begins[place]), float(begins[place + 1] - 1)]
            times += [each.start_seconds, each.end_seconds]
            place += 1
        total = float(begins[-1])
        rest = times[-1] + (total - places[-1]) / LETTERS_PER_SECOND
        end = self.end_seconds if self.is_complete else max(self.end_seconds, rest)
        return [*places, total], [*times, max(end, times[-1])]


def _letters(word: str) -> str:
    return "".join(filter(str.isalnum, word.casefold()))


@dataclass
class PlayedClock:
    """How much of the sent audio was played.

    The client's reports decide, if it sends any; otherwise the time since the first
    audio was sent. Neither is ever further than what was sent.
    """

    sent_seconds: float = 0.0
    queued_seconds: float = 0.0
    """What the client plays before it: the rest of an earlier reply."""
    _base_seconds: float = 0.0
    """The position at `_since`."""
    _since: float | None = None
    """None while nothing is played."""
    _reports: bool = False

    def send(self, end_seconds: float, now: float) -> None:
        """Audio up to there was sent."""
        if not self.sent_seconds:
            waits = CLIENT_BUFFER_SECONDS + self.queued_seconds
            self._base_seconds, self._since = -waits, now
        elif self._ran_dry(now):
            # The client had nothing to play meanwhile.
            self._base_seconds, self._since = self.sent_seconds, now
        self.sent_seconds = max(self.sent_seconds, end_seconds)

    def report(self, seconds: float, now: float) -> None:
        """The client says how much it has played."""
        self._reports = True
        self._base_seconds = min(max(0.0, seconds), self.sent_seconds)
        if self._since is not None:
            self._since = now

    def pause(self, now: float) -> None:
        """The client stops playing."""
        self._base_seconds, self._since = self._unbounded(now), None
        self._base_seconds = min(self._base_seconds, self.sent_seconds)

    def resume(self, now: float) -> None:
        """It goes on from there."""
        if self._since is None and self.sent_seconds:
            self._since = now

    def position(self, now: float) -> float:
        """How much was played, in seconds."""
        return min(max(0.0, self._unbounded(now)), self.sent_seconds)

    def _unbounded(self, now: float) -> float:
        passed = now - self._since if self._since is not None else 0.0
        return self._base_seconds + passed

    def _ran_dry(self, now: float) -> bool:
        return self._since is not None and self._unbounded(now) > self.sent_seconds


@dataclass
class Spoken:
    """A reply as it is spoken: its clauses, and how far it was heard."""

    clock: PlayedClock = field(default_factory=PlayedClock)
    clauses: list[SpokenClause] = field(default_factory=list)
    _over_at: float | None = None

    def begin_clause(self, text: str, start_seconds: float) -> None:
        """The audio from there on is that of this clause."""
        end_seconds = start_seconds + max(1, len(text)) / LETTERS_PER_SECOND
        self.clauses.append(SpokenClause(text, start_seconds, end_seconds))

    def time_words(self, words: Iterable[TimedWord]) -> None:
        """When these next words of the last clause are spoken."""
        if self.clauses:
            self.clauses[-1].timed += words

    def end_clause(self, end_seconds: float) -> None:
        """The last clause is complete."""
        if self.clauses:
            self.clauses[-1].end_seconds = end_seconds
            self.clauses[-1].is_complete = True

    def end(self, now: float) -> None:
        """Nothing more of it is heard."""
        self._over_at = now

    def heard_text(self, seconds: float) -> str:
        """Whole clauses, and the words of the one that is cut at `seconds`."""
        begun = [each for each in self.clauses if each.start_seconds < seconds]
        return " ".join(each.up_to(seconds) for each in begun).strip()

    def words_since(self, since: float, now: float) -> list[str]:
        """The words that may have been heard since then, in lower case."""
        if self._over_at is not None:
            now = self._over_at
        position = self.clock.position(now)
        found: list[str] = []
        for clause in self.clauses:
            over_at = now - (position - clause.end_seconds)
            begun = clause.start_seconds <= position + ECHO_MARGIN_SECONDS
            if begun and over_at >= since:
                found += words_of(clause.text)
        return found
