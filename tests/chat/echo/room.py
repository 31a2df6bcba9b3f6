"""A reply that is played in a room with a microphone, on a clock of its own.

The voice activity detector, the state machine, the clock of what was played and the
comparison of waveforms are the real ones; the network takes no time, and nothing is
transcribed unless the test says what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from chat_app.core import actions as do, events as on
from chat_app.core.echo import PlayedAudio
from chat_app.core.events import Key
from chat_app.core.heard import PlayedClock
from chat_app.core.timing import TurnSettings
from chat_app.core.turns import TurnMachine
from chat_app.core.words import turn_words
from chat_app.session.hearing import turn_events
from common.audio import SPEECH_RATE_HZ, Audio, Samples, float_to_pcm16
from common.config import load_config
from stt_app.core.endpointing.events import EndpointEvent, PauseBegun, UtteranceEnded
from stt_app.core.endpointing.frontend import AudioFrontend
from stt_app.core.endpointing.vad import VadModel
from stt_app.core.turns.hanging import hangs
from tests.chat.loudspeaker import Loudspeaker
from tests.chat.talker import FRAME, FRAME_SECONDS, REPORT_FRAMES, Echo

CHUNK_SECONDS = 0.1
AHEAD_SECONDS = 1.0
PREPARES_AFTER_SECONDS = 0.096
TRANSCRIBING_SECONDS = 0.25
ASKED = 1
"""The number of the reply."""


@dataclass(frozen=True, eq=False)
class Heard:
    """Somebody speaks, coughs or plays something, from `at` on."""

    at: float
    audio: Audio


def nothing(_heard: Samples) -> str:
    """What is heard has no words."""
    return ""


@dataclass
class Room:
    """Plays one reply to its end, or until somebody interrupts it."""

    vad: VadModel
    reply: Audio
    echo: Echo | None = None
    text_of: Callable[[Samples], str] = nothing
    now: float = 0.0
    log: list[tuple[float, do.TurnAction]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.loudspeaker = Loudspeaker()
        self.clock = PlayedClock()
        self._played = PlayedAudio()
        self._sent = 0
        self._is_paused = self.is_cancelled = False
        config = load_config({}).config
        self._frontend = AudioFrontend(
            config.model_copy(
                update={"speculative_pause_seconds": PREPARES_AFTER_SECONDS}
            ),
            self.vad,
        )
        self.machine = TurnMachine(
            TurnSettings(),
            turn_words("en", hangs=hangs),
            self,
            hears_itself=self._hears_itself,
        )
        self._later: list[tuple[float, on.TurnEvent]] = []
        self.machine.handle(on.ReplyAsked(), 0.0)
        self.machine.handle(on.ReplyReady(self.key), 0.0)
        self.machine._replies_played = 1  # not the first reply of a session
        self.checks = 0
        """How often the waveforms were compared."""

    @property
    def key(self) -> Key:
        return Key(ASKED, 0)

    # OutputView

    def played_seconds(self) -> float:
        return self.clock.position(self.now)

    def spoken_words(self, since: float) -> Sequence[str]:
        return ()

    def play(self, *sounds: Heard, until: float) -> Room:
        """Run until then, with these sounds in the room."""
        frames = 0
        while self.now < until and not self.is_cancelled:
            start, self.now = self.now, round(self.now + FRAME_SECONDS, 6)
            self._send()
            self._end()
            self._hear(self._in_microphone(sounds, start))
            frames += 1
            if frames % REPORT_FRAMES == 0:
                played = self.loudspeaker.played_seconds(ASKED, self.now)
                self.clock.report(played, self.now)
        return self

    def at(self, kind: type[do.TurnAction]) -> list[float]:
        return [when for when, action in self.log if isinstance(action, kind)]

    def _in_microphone(self, sounds: Sequence[Heard], start: float) -> Samples:
        heard = np.zeros(FRAME, np.float32)
        for sound in sounds:
            first = round((start - sound.at) * SPEECH_RATE_HZ)
            samples = sound.audio.samples[max(0, first) : max(0, first + FRAME)]
            begin = max(0, -first)
            heard[begin : begin + len(samples)] += samples
        if self.echo is not None:
            start -= self.echo.delay_seconds
            played = self.loudspeaker.sound(start, FRAME, SPEECH_RATE_HZ)
            heard += self.echo.gain * played
        return np.clip(heard, -1, 1)

    def _send(self) -> None:
        rate = self.reply.rate_hz
        step = round(CHUNK_SECONDS * rate)
        while not self._is_paused and self._sent < len(self.reply.samples):
            begins = self._sent / rate
            if begins - self.clock.position(self.now) > AHEAD_SECONDS:
                return
            samples = self.reply.samples[self._sent : self._sent + step]
            self._sent += len(samples)
            self._played.add(begins, samples, rate)
            self.clock.send(self._sent / rate, self.now)
            self.loudspeaker.put(ASKED, samples, rate, self.now)

    def _end(self) -> None:
        """Once all of it was played, as far as the server knows."""
        is_sent = self._sent >= len(self.reply.samples)
        if is_sent and self.played_seconds() >= self.clock.sent_seconds:
            self._tell(on.ReplyPlayed(self.key))

    def _hear(self, samples: Samples) -> None:
        for event in self._frontend.hear(float_to_pcm16(samples)):
            for told in self._told(event):
                self._tell(told)
        for due, told in list(self._later):
            if due <= self.now:
                self._later.remove((due, told))
                self._tell(told)
        if voiced := self._frontend.voiced_seconds:
            self._tell(on.VoiceHeard(voiced))
        deadline = self.machine.deadline
        if deadline is not None and deadline <= self.now:
            self._tell(on.Tick())

    def _told(self, event: EndpointEvent) -> Iterator[on.TurnEvent]:
        if isinstance(event, UtteranceEnded):
            number, text = event.utterance_id, self.text_of(event.samples)
            yield on.UtteranceEnded(number, event.speech_end_sample / SPEECH_RATE_HZ)
            self._later.append((self.now + 0.02, on.UtteranceHeard(number, text)))
            return
        if isinstance(event, PauseBegun):
            found = self._frontend.open_utterance()
            text = self.text_of(found.samples) if found is not None else ""
            due = self.now + PREPARES_AFTER_SECONDS + TRANSCRIBING_SECONDS
            prepared = on.TextPrepared(event.utterance_id, text)
            self._later.append((due, prepared))
        yield from turn_events(event)  # type: ignore[arg-type]

    def _tell(self, event: on.TurnEvent) -> None:
        for action in self.machine.handle(event, self.now):
            self.log.append((self.now, action))
            self._perform(action)

    def _perform(self, action: do.TurnAction) -> None:
        match action:
            case do.PauseOutput():
                self._is_paused = True
                self.clock.pause(self.now)
                self.loudspeaker.pause(self.now)
            case do.ResumeOutput():
                self._is_paused = False
                self.clock.resume(self.now)
                self.loudspeaker.resume(self.now)
            case do.CancelReply():
                self.is_cancelled = True
                self.loudspeaker.stop(self.now)
            case do.RestartUtterance():
                for event in self._frontend.discard(restarts=True):
                    for told in turn_events(event):  # type: ignore[arg-type]
                        self._tell(told)
            case do.WaitForSilence():
                self._frontend.wait_for_silence(action.seconds)

    def _hears_itself(self) -> bool:
        heard = self._frontend.open_utterance()
        if heard is None:
            return False
        self.checks += 1
        return self._played.is_heard_in(heard.samples, self.played_seconds())
