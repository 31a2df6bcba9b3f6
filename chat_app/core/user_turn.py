"""One turn of the user: its utterances, its pauses, and the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from chat_app.core import events as on
from chat_app.core.events import Key


class HeardWord(NamedTuple):
    """A word of the user."""

    word: str
    probability: float


@dataclass
class UserTurn:
    """What the user says until the server answers."""

    number: int
    start_seconds: float
    """Position in the received audio."""
    began_at: float
    """Time on the clock of the state machine."""
    claimed: bool = False
    """Whether the user has the floor; speech during a reply may only be an "uh-huh"."""
    dismissed: bool = False
    """Whether it was rejected as a turn so far, and the output went on."""
    is_echo: bool = False
    """Whether the newest speech in it is the server's own voice."""
    ended: bool = False
    end_seconds: float = 0.0
    revision: int = 0
    probability: float | None = None
    """The turn model's rating of the current pause."""
    speculations: int = 0
    pending: set[int] = field(default_factory=set)
    """Utterances that have ended and have no text yet."""
    confidence: float = 1.0
    """Of the newest text, 0 to 1."""
    _texts: dict[int, str] = field(default_factory=dict)
    _interim: dict[int, str] = field(default_factory=dict)
    _prepared: tuple[int, str] | None = None

    @property
    def key(self) -> Key:
        return Key(self.number, self.revision)

    def begin_pause(self) -> None:
        """The turn may end here; what was prepared before is stale."""
        self.revision += 1
        self.probability = self._prepared = None

    def resume(self) -> None:
        """The pause was not the end."""
        self.ended = False
        self.probability = self._prepared = None

    def prepare(self, event: on.TextPrepared) -> None:
        """The text of the open utterance, if this pause is its end."""
        self._prepared = (event.utterance, event.text)
        self.confidence = event.confidence

    def hear_interim(self, event: on.InterimHeard) -> None:
        """The text so far of the open utterance."""
        if event.utterance not in self._texts:
            self._interim[event.utterance] = event.text
            self.confidence = event.confidence

    def hear(self, event: on.UtteranceHeard) -> None:
        """The final text of an utterance."""
        self.pending.discard(event.utterance)
        self._interim.pop(event.utterance, None)
        self._texts[event.utterance] = event.text
        self.confidence = event.confidence

    def absorb(self, other: UserTurn) -> None:
        """Continue with the utterances of another turn, which is then no turn of its own."""
        self.ended, self.end_seconds = other.ended, other.end_seconds
        self.pending |= other.pending
        self._texts |= other._texts
        self._interim |= other._interim
        self._prepared = other._prepared
        self.revision += 1
        self.probability = other.probability

    @property
    def text(self) -> str:
        """The final texts."""
        return _joined(self._texts)

    @property
    def utterances(self) -> tuple[int, ...]:
        """Those that have a final text."""
        return tuple(sorted(self._texts))

    @property
    def text_so_far(self) -> str:
        """The final texts, and what is known of the others."""
        prepared = dict([self._prepared] if self._prepared else [])
        return _joined({**self._interim, **prepared, **self._texts})

    @property
    def text_if_it_ends(self) -> str | None:
        """The text, if this pause is the end; None if it is not known."""
        if self._prepared is None or self.pending:
            return None
        return _joined({**self._texts, self._prepared[0]: self._prepared[1]})


def _joined(texts: dict[int, str]) -> str:
    return " ".join(texts[number] for number in sorted(texts) if texts[number]).strip()
