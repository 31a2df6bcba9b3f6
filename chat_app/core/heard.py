"""What the user has heard of a reply: its position, and the text up to there."""

from __future__ import annotations

from dataclasses import dataclass, field

from chat_app.core.words import words_of

CLIENT_BUFFER_SECONDS = 0.12
"""How far a client's loudspeaker is assumed to be behind what was sent to it."""


@dataclass
class SpokenClause:
    """A clause with its place in the reply's audio, in seconds."""

    text: str
    start_seconds: float
    end_seconds: float
    """That of the audio so far, while it is being made."""

    def up_to(self, seconds: float) -> str:
        """The words that were heard by then, each counted as long as its letters."""
        if seconds >= self.end_seconds:
            return self.text
        words = self.text.split()
        total = sum(len(word) + 1 for word in words)
        share = (seconds - self.start_seconds) / (self.end_seconds - self.start_seconds)
        heard, letters = [], 0
        for word in words:
            letters += len(word) + 1
            if letters > share * total:
                break
            heard.append(word)
        return " ".join(heard)


@dataclass
class PlayedClock:
    """How much of the sent audio was played.

    The client's reports decide, if it sends any; otherwise the time since the first
    audio was sent. Neither is ever further than what was sent.
    """

    sent_seconds: float = 0.0
    _base_seconds: float = 0.0
    """The position at `_since`."""
    _since: float | None = None
    """None while nothing is played."""
    _reports: bool = False

    def send(self, end_seconds: float, now: float) -> None:
        """Audio up to there was sent."""
        if self._since is None and not self._base_seconds and not self.sent_seconds:
            self._base_seconds, self._since = -CLIENT_BUFFER_SECONDS, now
        elif self._since is not None and self._ran_dry(now):
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
        self._base_seconds, self._since = self.position(now), None

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
        return not self._reports and self._unbounded(now) > self.sent_seconds


@dataclass
class Spoken:
    """A reply as it is sent: its clauses, and how far it was heard."""

    clock: PlayedClock = field(default_factory=PlayedClock)
    clauses: list[SpokenClause] = field(default_factory=list)
    first_sent_at: float | None = None
    _begun_at: list[float] = field(default_factory=list)
    """When each clause was sent."""

    def begin_clause(self, text: str, start_seconds: float, now: float) -> None:
        """The audio that follows is that of this clause."""
        self.clauses.append(SpokenClause(text, start_seconds, start_seconds))
        self._begun_at.append(now)

    def send(self, end_seconds: float, now: float) -> None:
        """Audio up to there was sent."""
        if self.first_sent_at is None:
            self.first_sent_at = now
        self.clock.send(end_seconds, now)

    def end_clause(self, end_seconds: float) -> None:
        """The last clause is complete."""
        if self.clauses:
            self.clauses[-1].end_seconds = end_seconds

    def heard_text(self, seconds: float) -> str:
        """Whole clauses, and the words of the one that is cut at `seconds`."""
        begun = [each for each in self.clauses if each.start_seconds < seconds]
        return " ".join(each.up_to(seconds) for each in begun).strip()

    def words_since(self, since: float) -> list[str]:
        """The words that may have been heard since then, in lower case."""
        found: list[str] = []
        for number, clause in enumerate(self.clauses):
            over_at = self._begun_at[number] + clause.end_seconds - clause.start_seconds
            if over_at >= since:
                found += words_of(clause.text)
        return found
