"""A fake clock, a fake voice and fake engines around the state machine.

A script says what the user does and when; the simulator plays the segmenter, the speech
to text, the language model and the client, and keeps what the machine wanted.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chat_app.core import actions as do, events as on
from chat_app.core.events import Key
from chat_app.core.states import Output
from chat_app.core.timing import TurnSettings
from chat_app.core.turns import TurnMachine
from chat_app.core.words import turn_words, words_of
from stt_app.core.turns.hanging import hangs

FRAME_SECONDS = 0.032
SPECULATIVE_PAUSE_SECONDS = 0.12
"""As the session's segmenter has them."""


@dataclass(frozen=True)
class Said:
    """A stretch of sound from `at` on; what Whisper would write, empty for a cough."""

    at: float
    seconds: float
    text: str = ""
    confidence: float = 1.0


@dataclass
class Engines:
    """How long each takes, and what the turn model says."""

    transcribe: float = 0.1
    interim: float = 0.2
    reply: float = 0.2
    reply_seconds: float = 4.0
    reply_text: str = "the reply is this and it is long enough to be interrupted"
    probability: float | None = None
    fails: bool = False


@dataclass
class Reply:
    """What became of a reply."""

    key: Key
    text: str
    speculative: bool
    state: str = "held"
    """`held`, `released`, `dropped`, `cancelled` or `played`."""
    played: float = 0.0


@dataclass
class Simulator:
    """Runs a script to its end."""

    engines: Engines = field(default_factory=Engines)
    settings: TurnSettings = field(default_factory=TurnSettings)
    asks_model: bool = False
    hears_itself: Callable[[], bool] = lambda: False
    now: float = 0.0
    log: list[tuple[float, do.TurnAction]] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    committed: list[str] = field(default_factory=list)
    ended_at: list[float] = field(default_factory=list)
    """When a reply was played."""

    def __post_init__(self) -> None:
        self.machine = TurnMachine(
            self.settings,
            turn_words("en", hangs=hangs),
            self,
            asks_model=self.asks_model,
            hears_itself=self.hears_itself,
        )
        self._queue: list[tuple[float, int, on.TurnEvent]] = []
        self._count = itertools.count()
        self._silence = 0.5
        self._texts: list[str] = []
        self._confidence = 1.0
        self._utterance = 0
        self._is_open = False
        self._voiced = 0.0
        self._quiet_since = 0.0
        self._pausing = False
        self._prepared_for = -1.0

    # OutputView

    def played_seconds(self) -> float:
        return self.current.played if self.current else 0.0

    def spoken_words(self, since: float) -> Sequence[str]:
        return words_of(self.engines.reply_text) if self.current else ()

    @property
    def current(self) -> Reply | None:
        """The newest reply that was ever released."""
        released = [each for each in self.replies if each.state != "held"]
        heard = [each for each in released if each.state != "dropped"]
        return heard[-1] if heard else None

    # The script

    def play(self, *script: Said, until: float = 20.0) -> Simulator:
        """Frame by frame, until then."""
        while self.now < until:
            self.now = round(self.now + FRAME_SECONDS, 6)
            self._deliver()
            sound = next(
                (
                    each
                    for each in script
                    if each.at <= self.now < each.at + each.seconds
                ),
                None,
            )
            self._hear(sound)
            self._play_out()
            deadline = self.machine.deadline
            if deadline is not None and deadline <= self.now:
                self.tell(on.Tick())
        return self

    def tell(self, event: on.TurnEvent) -> list[do.TurnAction]:
        found = self.machine.handle(event, self.now)
        for action in found:
            self.log.append((self.now, action))
            self._perform(action)
        return found

    def later(self, seconds: float, event: on.TurnEvent) -> None:
        heapq.heappush(self._queue, (self.now + seconds, next(self._count), event))

    def of(self, kind: type[do.TurnAction]) -> list[do.TurnAction]:
        return [action for _, action in self.log if isinstance(action, kind)]

    def at(self, kind: type[do.TurnAction]) -> list[float]:
        return [when for when, action in self.log if isinstance(action, kind)]

    def _deliver(self) -> None:
        while self._queue and self._queue[0][0] <= self.now:
            self.tell(heapq.heappop(self._queue)[2])

    def _hear(self, sound: Said | None) -> None:
        """The segmenter."""
        if sound is not None:
            if not self._is_open:
                self._is_open, self._voiced, self._texts = True, 0.0, []
                self._utterance += 1
                self.tell(on.CandidateBegan(self.now))
            if self._pausing:
                self._pausing = False
                self.tell(on.SpeechResumed())
            if sound.text and sound.text not in self._texts:
                self._texts.append(sound.text)
                self._confidence = sound.confidence
                so_far = " ".join(self._texts)
                interim = on.InterimHeard(self._utterance, so_far, sound.confidence)
                self.later(0.35 + self.engines.interim, interim)
            self._voiced += FRAME_SECONDS
            self._quiet_since = self.now
            self.tell(on.VoiceHeard(self._voiced))
            return
        if not self._is_open:
            return
        silent = self.now - self._quiet_since
        text = " ".join(self._texts)
        if not self._pausing and self._voiced >= 0.1:
            self._pausing, self._prepared_for = True, -1.0
            self.tell(on.PauseBegan())
        if self._pausing and silent >= SPECULATIVE_PAUSE_SECONDS > self._prepared_for:
            self._prepared_for = silent
            prepared = on.TextPrepared(self._utterance, text, self._confidence)
            self.later(self.engines.transcribe, prepared)
        self.tell(on.VoiceHeard(self._voiced))
        if silent < self._silence:
            return
        self._is_open = self._pausing = False
        if self._voiced < 0.1:
            self.tell(on.CandidateDropped())
            return
        self.tell(on.UtteranceEnded(self._utterance, self.now))
        left = max(0.0, self.engines.transcribe - (silent - SPECULATIVE_PAUSE_SECONDS))
        heard = on.UtteranceHeard(self._utterance, text, self._confidence)
        self.later(left, heard)

    def _play_out(self) -> None:
        """The client."""
        reply = self.current
        if reply is None or reply.state != "released":
            return
        if self.machine.output is Output.PLAYING:
            reply.played += FRAME_SECONDS
        if reply.played >= self.engines.reply_seconds:
            reply.state = "played"
            self.ended_at.append(self.now)
            self.tell(on.ReplyPlayed(reply.key))

    def _perform(self, action: do.TurnAction) -> None:
        match action:
            case do.RestartUtterance():
                self._is_open = self._pausing = False
                self.later(0.0, on.CandidateDropped())
            case do.WaitForSilence():
                self._silence = action.seconds
            case do.AskCompleteness():
                rated = on.CompletenessRated(action.key, self.engines.probability)
                self.later(0.08, rated)
            case do.StartReply():
                self.replies.append(Reply(action.key, action.text, action.speculative))
                answer = on.ReplyFailed if self.engines.fails else on.ReplyReady
                self.later(self.engines.reply, answer(action.key))
            case do.DropReply():
                self._reply(action.key).state = "dropped"
            case do.ReleaseReply():
                self._reply(action.key).state = "released"
            case do.CancelReply():
                self._reply(action.key).state = "cancelled"
            case do.CommitTurn():
                self.committed.append(action.text)
            case do.ReopenTurn():
                self.committed.pop()

    def _reply(self, key: Key) -> Reply:
        return [each for each in self.replies if each.key == key][-1]
