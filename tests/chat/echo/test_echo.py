"""The server's own voice in the microphone is no speech of the user."""

from __future__ import annotations

import numpy as np
import pytest

from chat_app.core import actions as do, events as on
from chat_app.core.echo import PlayedAudio, likeness
from chat_app.core.states import Input, Output
from chat_app.core.timing import TurnSettings
from chat_app.core.turns import TurnMachine
from common.audio import SPEECH_RATE_HZ, Samples
from tests.chat.test_turn_table import AGAIN, ENGLISH, KEY, PLAYING, Spoken

QUARTER = SPEECH_RATE_HZ // 4


def voice(seed: int, seconds: float) -> Samples:
    """Noise whose loudness changes as that of speech does; another seed is another one."""
    random = np.random.default_rng(seed)
    count = round(seconds * SPEECH_RATE_HZ)
    loudness = 0.1 + np.abs(np.sin(np.arange(count) / 1_500 + seed))
    return (0.2 * loudness * random.standard_normal(count)).astype(np.float32)


def noise(count: int, level: float) -> Samples:
    random = np.random.default_rng(99)
    return (level * random.standard_normal(count)).astype(np.float32)


def test_an_echo_is_like_what_was_played_however_late_and_quiet_it_is() -> None:
    played = voice(1, 1.3)
    for start in (0, 3_000, len(played) - QUARTER):
        echo = 0.05 * played[start : start + QUARTER] + noise(QUARTER, 1e-3)
        assert likeness(echo, played) > 0.9


def test_the_beginning_of_a_reply_is_heard_after_silence() -> None:
    played = voice(1, 0.6)
    silence = np.zeros(QUARTER // 3, np.float32)
    echo = np.concatenate([silence, 0.05 * played[: QUARTER - len(silence)]])
    assert likeness(echo, played) > 0.9


def test_another_voice_is_not_like_it_even_over_an_echo() -> None:
    played, user = voice(1, 1.3), voice(2, 0.25)
    assert likeness(user, played) < 0.2
    assert likeness(user + 0.1 * played[3_000 : 3_000 + QUARTER], played) < 0.5


def test_silence_is_like_nothing() -> None:
    played = voice(1, 1.3)
    assert likeness(np.zeros(QUARTER, np.float32), played) == 0
    assert likeness(played[:QUARTER], np.zeros(len(played), np.float32)) == 0
    assert likeness(np.zeros(0, np.float32), played) == 0


@pytest.mark.parametrize(
    ("position_seconds", "is_heard"), [(3.0, True), (3.4, True), (8.0, False)]
)
def test_only_what_was_just_played_can_be_an_echo(
    position_seconds: float, is_heard: bool
) -> None:
    reply, played = voice(1, 9.0), PlayedAudio()
    for start in range(0, len(reply), 1_600):
        part = reply[start : start + 1_600]
        played.add(start / SPEECH_RATE_HZ, part, SPEECH_RATE_HZ)
    end = round(2.9 * SPEECH_RATE_HZ)
    echo = 0.1 * reply[end - 2 * QUARTER : end]
    assert played.is_heard_in(echo, position_seconds) is is_heard


def test_the_quiet_moments_of_an_echo_belong_to_it() -> None:
    reply, played = voice(1, 1.0), PlayedAudio()
    played.add(0.0, reply, SPEECH_RATE_HZ)
    quiet = noise(QUARTER, 1e-4)
    assert not played.is_heard_in(quiet, 0.5)
    assert played.is_heard_in(0.05 * reply[:QUARTER], 0.5)
    assert played.is_heard_in(quiet, 0.5)
    assert not played.is_heard_in(0.05 * voice(2, 0.25), 0.5)


def test_what_was_played_long_ago_is_forgotten() -> None:
    reply, played = voice(1, 1.0), PlayedAudio()
    played.add(0.0, reply, SPEECH_RATE_HZ)
    played.forget(1.9)
    assert played.is_heard_in(0.05 * reply[-QUARTER:], 1.9)
    played.forget(2.1)
    assert not played.is_heard_in(0.05 * reply[-QUARTER:], 1.9)


def test_nothing_is_an_echo_before_anything_was_played() -> None:
    assert not PlayedAudio().is_heard_in(voice(1, 0.5), 0.0)


class Room:
    """Whether the loudspeaker is heard in it."""

    echoes = True
    asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.echoes


def playing(room: Room) -> TurnMachine:
    """At the start of a sound during a reply."""
    machine = TurnMachine(TurnSettings(), ENGLISH, Spoken(), hears_itself=room)
    for event in AGAIN:
        machine.handle(event, 10.0)
    assert room.asked == 0
    return machine


def test_an_echo_does_not_pause_the_output_and_is_no_turn() -> None:
    machine = playing(Room())
    for event in (
        on.VoiceHeard(0.2),
        on.PauseBegan(),
        on.InterimHeard(2, "these words"),
        on.SpeechResumed(),
        on.VoiceHeard(0.5),
        on.UtteranceEnded(2, 12.0),
        on.UtteranceHeard(2, "these words"),
    ):
        assert machine.handle(event, 10.2) == []
    assert (machine.input, machine.output) == (Input.QUIET, Output.PLAYING)


def test_an_utterance_that_ends_early_may_be_an_echo() -> None:
    machine = playing(Room())
    assert machine.handle(on.VoiceHeard(0.1), 10.1) == []
    assert machine.handle(on.UtteranceEnded(2, 10.2), 10.2) == []
    assert (machine.input, machine.turn) == (Input.QUIET, None)


def test_the_user_is_heard_over_the_echo() -> None:
    room = Room()
    machine = playing(room)
    assert machine.handle(on.VoiceHeard(0.2), 10.2) == []
    room.echoes = False
    assert machine.handle(on.VoiceHeard(0.3), 10.3) == []
    assert machine.handle(on.VoiceHeard(0.4), 10.5) == [do.PauseOutput()]
    assert machine.input is Input.SPEAKING


def test_a_sound_that_paused_the_reply_and_goes_on_as_an_echo_does_not_end_it() -> None:
    room = Room()
    room.echoes = False
    machine = playing(room)
    assert machine.handle(on.VoiceHeard(0.2), 10.2) == [do.PauseOutput()]
    assert machine.handle(on.Tick(), 11.3) == [do.ResumeOutput()]
    room.echoes = True
    assert machine.handle(on.VoiceHeard(0.6), 12.0) == [do.RestartUtterance()]
    machine.handle(on.UtteranceEnded(2, 13.0), 13.0)
    dropped = do.DropTurn(2, "echo")
    assert machine.handle(on.UtteranceHeard(2, "once the pun"), 13.2) == [dropped]
    assert machine.output is Output.PLAYING


def test_the_quiet_after_an_echo_is_no_speech() -> None:
    room = Room()
    machine = playing(room)
    assert machine.handle(on.VoiceHeard(0.2), 10.2) == []
    room.echoes = False
    for now in (10.4, 10.6, 10.8):
        assert machine.handle(on.VoiceHeard(0.2), now) == []
    assert machine.handle(on.UtteranceEnded(2, 12.0), 10.8) == []
    assert machine.handle(on.UtteranceHeard(2, "other words"), 11.0) == []
    assert (machine.input, machine.output) == (Input.QUIET, Output.PLAYING)


def test_it_listens_for_an_echo_ten_times_a_second_at_most() -> None:
    room = Room()
    machine = playing(room)
    for frame in range(11):
        machine.handle(on.VoiceHeard(0.2 + 0.02 * frame), 10.0 + 0.02 * frame)
    assert room.asked == 3


def test_speech_without_a_reply_is_never_an_echo() -> None:
    room = Room()
    machine = TurnMachine(TurnSettings(), ENGLISH, Spoken(), hears_itself=room)
    for event in PLAYING:
        machine.handle(event, 10.0)
    assert room.asked == 0


def echoing(room: Room, began_at: float = 10.5) -> TurnMachine:
    """At the start of a sound, soon after an echo."""
    machine = playing(room)
    restarts = [do.RestartUtterance()]
    assert machine.handle(on.VoiceHeard(0.32), 10.3) == restarts
    assert machine.handle(on.CandidateDropped(), 10.3) == []
    assert machine.handle(on.CandidateBegan(9.5), began_at) == []
    return machine


def test_an_echo_is_dropped_before_it_is_transcribed_and_told_as_no_candidate() -> None:
    machine = echoing(Room())
    assert machine.handle(on.VoiceHeard(0.2), 10.7) == []
    assert machine.handle(on.VoiceHeard(0.3), 10.8) == [do.RestartUtterance()]
    machine.handle(on.CandidateDropped(), 10.8)
    assert machine.handle(on.CandidateBegan(12.0), 12.0) == [do.TellCandidate()]


@pytest.mark.parametrize("text", ["once the pun", "", "uh-huh"])
def test_a_sound_that_ends_with_the_pause_of_the_reply_was_an_echo(text: str) -> None:
    room = Room()
    machine = echoing(room)
    room.echoes = False
    assert machine.handle(on.VoiceHeard(0.2), 10.7) == [do.PauseOutput()]
    assert machine.handle(on.VoiceHeard(0.35), 10.9) == []
    assert machine.handle(on.InterimHeard(2, text), 11.0) == []
    machine.handle(on.PauseBegan(), 11.0)
    assert do.ResumeOutput() in machine.handle(on.TextPrepared(2, text), 11.2)
    machine.handle(on.UtteranceEnded(2, 11.4), 11.4)
    (dropped,) = machine.handle(on.UtteranceHeard(2, text), 11.5)
    assert isinstance(dropped, do.DropTurn)
    assert machine.output is Output.PLAYING


@pytest.mark.parametrize(
    ("voiced", "text"), [(0.5, "tell me more"), (0.3, "stop"), (0.3, "wait a moment")]
)
def test_who_goes_on_in_that_pause_interrupts_and_so_does_a_stop_word(
    voiced: float, text: str
) -> None:
    room = Room()
    machine = echoing(room)
    room.echoes = False
    assert machine.handle(on.VoiceHeard(0.2), 10.7) == [do.PauseOutput()]
    assert machine.handle(on.VoiceHeard(voiced), 11.0) == []
    found = machine.handle(on.InterimHeard(2, text), 11.1)
    assert isinstance(found[0], do.CancelReply)


def test_the_end_of_a_reply_in_the_room_is_no_turn_but_an_answer_is() -> None:
    room = Room()
    machine = playing(room)
    assert machine.handle(on.VoiceHeard(0.2), 10.2) == []
    machine.handle(on.ReplyPlayed(KEY), 10.25)
    assert machine.output is Output.IDLE
    assert machine.handle(on.VoiceHeard(0.24), 10.3) == []
    assert machine.handle(on.VoiceHeard(0.28), 10.4) == []
    room.echoes = False
    assert machine.handle(on.VoiceHeard(0.5), 10.6) == []
    (started, _) = machine.handle(on.VoiceHeard(0.6), 10.7)
    assert started == do.TellSpeechStarted(2, 9.0)
