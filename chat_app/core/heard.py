"""How much of a reply the user has heard: its position, and the text up to there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chat_app.core.words import words_of

CLIENT_BUFFER_SECONDS = 0.12
"""Assumed delay from sending audio to the client's loudspeaker."""
LETTERS_PER_SECOND = 15
"""Assumed speaking rate of a clause whose audio is still being made."""
ECHO_MARGIN_SECONDS = 0.5
"""A clause that begins within this time may already have begun at the client."""


class TimedWord(NamedTuple):
    """A word with the timing of the voice, in seconds from the start of the reply."""

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
    """The words for which the voice has reported timings."""
    is_complete: bool = False

    def up_to(self, seconds: float) -> str:
        """The words heard by then; a word counts once its middle was played."""
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
        """Positions in the text, in letters, and when they are spoken.

        Between two positions the time is distributed by the number of letters.
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

    It follows the reports of the client, if there are any, and otherwise the time since the
    first audio was sent. It never exceeds what was sent.
    """

    sent_seconds: float = 0.0
    queued_seconds: float = 0.0
    """The rest of an earlier reply, which the client plays first."""
    _base_seconds: float = 0.0
    """The position at `_since`."""
    _since: float | None = None
    """None while nothing is played."""

    def send(self, end_seconds: float, now: float) -> None:
        """Audio up to `end_seconds` was sent."""
        if not self.sent_seconds:
            waits = CLIENT_BUFFER_SECONDS + self.queued_seconds
            self._base_seconds, self._since = -waits, now
        elif self._ran_dry(now):
            # The client ran out of audio in the meantime.
            self._base_seconds, self._since = self.sent_seconds, now
        self.sent_seconds = max(self.sent_seconds, end_seconds)

    def report(self, seconds: float, now: float) -> None:
        """The client says how much it has played."""
        self._base_seconds = min(max(0.0, seconds), self.sent_seconds)
        if self._since is not None:
            self._since = now

    def pause(self, now: float) -> None:
        """The client stops playing."""
        self._base_seconds, self._since = self._unbounded(now), None
        self._base_seconds = min(self._base_seconds, self.sent_seconds)

    def resume(self, now: float) -> None:
        """The client continues playing."""
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
    """A spoken reply: its clauses, and how much of them was heard."""

    clock: PlayedClock = field(default_factory=PlayedClock)
    clauses: list[SpokenClause] = field(default_factory=list)
    _over_at: float | None = None

    def begin_clause(self, text: str, start_seconds: float) -> None:
        """The audio from `start_seconds` on belongs to this clause."""
        end_seconds = start_seconds + max(1, len(text)) / LETTERS_PER_SECOND
        self.clauses.append(SpokenClause(text, start_seconds, end_seconds))

    def time_words(self, words: Iterable[TimedWord]) -> None:
        """The timings of the next words of the last clause."""
        if self.clauses:
            self.clauses[-1].timed += words

    def end_clause(self, end_seconds: float) -> None:
        """The last clause is complete."""
        if self.clauses:
            self.clauses[-1].end_seconds = end_seconds
            self.clauses[-1].is_complete = True

    def end(self, now: float) -> None:
        """The reply is no longer played."""
        self._over_at = now

    def heard_text(self, seconds: float) -> str:
        """The text heard up to `seconds`: whole clauses, and the words of one that is cut."""
        begun = [each for each in self.clauses if each.start_seconds < seconds]
        return " ".join(each.up_to(seconds) for each in begun).strip()

    def words_since(self, since: float, now: float) -> list[str]:
        """The words that may have been audible since then, in lower case."""
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
