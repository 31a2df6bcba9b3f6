"""How long a pause must be to end a turn, and the other times of turn-taking."""

from __future__ import annotations

from dataclasses import dataclass

LIKELY_SHARE = 0.5
"""After this share of its pause an unlikely end is likely enough to prepare the reply."""
_PATIENCE = 1.15
_LONGEST_RAISED_SECONDS = 1.0
_SHARE_OF_LONGEST = 0.8


@dataclass(frozen=True)
class CommitDelays:
    """The pause that ends a turn, by how complete it seems; in seconds.

    In real recordings the turn model gives every second end 0.9 or more, and under a third of the
    pauses within a turn. `python -m benchmarks turn_ends` measures these values, next to
    those that it chooses from other recordings than it counts.
    """

    complete: float = 0.288
    probable: float = 0.448
    undecided: float = 0.64
    complete_from: float = 0.9
    """Probability of a complete turn, as are the next two."""
    probable_from: float = 0.7
    undecided_from: float = 0.1
    """Below, the pause is longer, the less complete the turn seems."""
    unknown: float = 0.5
    """Without a turn model."""
    longest: float = 2.0
    """Four fifths of it are waited for a turn that is certain to go on."""
    fixed: float | None = None
    """Always this, as a client has chosen it."""

    def after(
        self, probability: float | None, *, hangs: bool, patience: float
    ) -> float:
        """The delay for that probability of a complete turn; None if it is unknown.

        `hangs` says that the last word cannot end a turn, and `patience` is a factor.
        """
        if self.fixed is not None:
            return self.fixed
        if hangs:
            return self._incomplete
        usual = self.unknown if probability is None else self._usual(probability)
        raised = min(usual * patience, max(usual, _LONGEST_RAISED_SECONDS))
        return min(raised, self.longest)

    @property
    def _incomplete(self) -> float:
        return _SHARE_OF_LONGEST * self.longest

    def is_unlikely(self, probability: float | None) -> bool:
        """Whether the speaker probably goes on."""
        return probability is not None and probability < self.undecided_from

    def _usual(self, probability: float) -> float:
        if probability >= self.complete_from:
            return self.complete
        if probability >= self.probable_from:
            return self.probable
        if not self.is_unlikely(probability):
            return self.undecided
        unlikely = (1 - probability / self.undecided_from) ** 2
        return self.undecided + unlikely * (self._incomplete - self.undecided)


def more_patient(patience: float) -> float:
    """The factor after a turn that was cut too early."""
    return patience * _PATIENCE


@dataclass(frozen=True)
class TurnSettings:
    """The times of the state machine, in seconds, and what it may do."""

    delays: CommitDelays = CommitDelays()
    speech_seconds: float = 0.096
    """Voiced audio that is speech, while nothing is played."""
    pause_output_seconds: float = 0.16
    """Voiced audio that pauses the output."""
    confirm_seconds: float = 0.4
    """Voiced audio that interrupts without a text, when none came in time."""
    sure_confidence: float = 0.43
    """A single word shorter than that, and less certain than this, may be a misheard
    "uh-huh". Whisper tiny.en gives 0.45 to 0.76 to single words that it hears correctly,
    and 0.34 to 0.41 to what it makes of "uh-huh", "ah" and "oh"."""
    words_due_seconds: float = 1.0
    """How long to wait in a pause of the output for a word."""
    words_late_seconds: float = 3.0
    """The same for words that are being transcribed."""
    reopen_seconds: float = 1.2
    """Speech so soon after a commit continues the turn."""
    reopen_played_seconds: float = 0.7
    """... if no more of the reply was played."""
    first_reply_seconds: float = 1.5
    """So long the first reply of a session is interrupted by words only."""
    reply_seconds: float = 30.0
    """Longest wait for the first audio of a reply."""
    stalled_seconds: float = 2.0
    """An utterance without further audio ends after this."""
    speculations: int = 3
    """Replies that are prepared in the pauses of one turn, at most."""
    interrupts: bool = True
    """Whether speech interrupts a reply."""
    replies: bool = True
    """Whether a turn is answered without being asked."""
    judges: bool = True
    """Whether echo and "uh-huh" are no turns; without it all words are, as when the client
    decides what a turn is."""
    half_duplex: bool = False
    """Whether the input is silent while a reply is played, and a moment longer."""
    half_duplex_tail_seconds: float = 0.3
    idle_seconds: float | None = None
    """Silence of this length after a reply is answered like a turn; None: it is not."""
