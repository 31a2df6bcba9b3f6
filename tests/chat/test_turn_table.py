"""Every row of the state table: from a state, at an event, to a state, with actions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chat_app.core import actions as do, events as on
from chat_app.core.events import Key
from chat_app.core.states import Input, Output
from chat_app.core.timing import TurnSettings
from chat_app.core.turns import TurnMachine
from chat_app.core.words import turn_words, words_of
from stt_app.core.turns.hanging import hangs

ENGLISH = turn_words("en", hangs=hangs)
Events = list[on.TurnEvent]
CANDIDATE: Events = [on.CandidateBegan(1.0)]
SPEAKING: Events = [*CANDIDATE, on.VoiceHeard(0.5)]
SOFT_END: Events = [*SPEAKING, on.PauseBegan()]
PREPARED: Events = [*SOFT_END, on.TextPrepared(1, "hello there")]
ENDED: Events = [*PREPARED, on.UtteranceEnded(1, 2.0)]
THINKING: Events = [*ENDED, on.UtteranceHeard(1, "hello there")]
KEY = Key(1, 1)
PLAYING: Events = [*THINKING, on.ReplyReady(KEY)]
AGAIN: Events = [*PLAYING, on.CandidateBegan(9.0)]
PAUSED: Events = [*AGAIN, on.VoiceHeard(0.16)]

Row = tuple[Events, on.TurnEvent, Input, Output, list[type]]
ROWS: dict[str, Row] = {
    "a voice": ([], CANDIDATE[0], Input.CANDIDATE, Output.IDLE, []),
    "a voice for 64 ms": (
        CANDIDATE,
        on.VoiceHeard(0.064),
        Input.CANDIDATE,
        Output.IDLE,
        [],
    ),
    "a voice for 96 ms": (
        CANDIDATE,
        on.VoiceHeard(0.096),
        Input.SPEAKING,
        Output.IDLE,
        [do.TellSpeechStarted, do.WarmPrefix],
    ),
    "a click": (CANDIDATE, on.CandidateDropped(), Input.QUIET, Output.IDLE, []),
    "a pause": (
        SPEAKING,
        on.PauseBegan(),
        Input.SOFT_END,
        Output.IDLE,
        [do.WaitForSilence, do.AskCompleteness],
    ),
    "a brief word": (
        CANDIDATE,
        on.PauseBegan(),
        Input.SOFT_END,
        Output.IDLE,
        [do.TellSpeechStarted, do.WarmPrefix, do.WaitForSilence, do.AskCompleteness],
    ),
    "a text": (
        SOFT_END,
        on.TextPrepared(1, "hello there"),
        Input.SOFT_END,
        Output.SPECULATING,
        [do.StartReply],
    ),
    "a hanging word": (
        SOFT_END,
        on.TextPrepared(1, "hello and"),
        Input.SOFT_END,
        Output.IDLE,
        [do.WaitForSilence],
    ),
    "a rating": (
        PREPARED,
        on.CompletenessRated(KEY, 0.9),
        Input.SOFT_END,
        Output.SPECULATING,
        [do.WaitForSilence],
    ),
    "a stale rating": (
        PREPARED,
        on.CompletenessRated(Key(1, 0), 0.9),
        Input.SOFT_END,
        Output.SPECULATING,
        [],
    ),
    "speech after the pause": (
        PREPARED,
        on.SpeechResumed(),
        Input.SPEAKING,
        Output.IDLE,
        [do.DropReply],
    ),
    "a text that comes too late": (
        [*SOFT_END, on.SpeechResumed()],
        on.TextPrepared(1, "hello there"),
        Input.SPEAKING,
        Output.IDLE,
        [],
    ),
    "enough silence": (
        PREPARED,
        on.UtteranceEnded(1, 2.0),
        Input.COMMITTED,
        Output.SPECULATING,
        [do.TellSpeechStopped],
    ),
    "the text of the whole": (
        ENDED,
        on.UtteranceHeard(1, "Hello, there."),
        Input.QUIET,
        Output.THINKING,
        [do.CommitTurn, do.ReleaseReply],
    ),
    "another text of the whole": (
        ENDED,
        on.UtteranceHeard(1, "hello where"),
        Input.QUIET,
        Output.THINKING,
        [do.CommitTurn, do.DropReply, do.StartReply, do.ReleaseReply],
    ),
    "no text of the whole": (
        ENDED,
        on.UtteranceHeard(1, ""),
        Input.QUIET,
        Output.IDLE,
        [do.DropReply, do.DropTurn],
    ),
    "a cut in long speech": (
        PREPARED,
        on.UtteranceEnded(1, 2.0, continues=True),
        Input.SPEAKING,
        Output.IDLE,
        [do.DropReply],
    ),
    "audio": (THINKING, on.ReplyReady(KEY), Input.QUIET, Output.PLAYING, []),
    "stale audio": (
        THINKING,
        on.ReplyReady(Key(1, 0)),
        Input.QUIET,
        Output.THINKING,
        [],
    ),
    "a voice during the reply": (
        PLAYING,
        on.CandidateBegan(9.0),
        Input.CANDIDATE,
        Output.PLAYING,
        [do.TellCandidate],
    ),
    "speech during the reply": (
        AGAIN,
        on.VoiceHeard(0.16),
        Input.SPEAKING,
        Output.PAUSED,
        [do.PauseOutput],
    ),
    "words during the reply": (
        PAUSED,
        on.InterimHeard(2, "tell me"),
        Input.SPEAKING,
        Output.IDLE,
        [do.CancelReply, do.TellSpeechStarted, do.WarmPrefix],
    ),
    "its own words": (
        PAUSED,
        on.InterimHeard(2, "Spoken words!"),
        Input.SPEAKING,
        Output.PLAYING,
        [do.ResumeOutput],
    ),
    "perhaps a backchannel": (
        PAUSED,
        on.InterimHeard(2, "yeah"),
        Input.SPEAKING,
        Output.PAUSED,
        [],
    ),
    "a backchannel": (
        [*PAUSED, on.PauseBegan()],
        on.TextPrepared(2, "yeah"),
        Input.SOFT_END,
        Output.PLAYING,
        [do.ResumeOutput],
    ),
    "the end of a cough": (
        [*PAUSED, on.UtteranceEnded(2, 9.5)],
        on.UtteranceHeard(2, ""),
        Input.QUIET,
        Output.PLAYING,
        [do.DropTurn, do.ResumeOutput],
    ),
    "the end of the reply": (
        PLAYING,
        on.ReplyPlayed(KEY),
        Input.QUIET,
        Output.IDLE,
        [],
    ),
    "all of it was sent": (
        PLAYING,
        on.ReplySent(KEY),
        Input.QUIET,
        Output.PLAYING,
        [],
    ),
    "a second question while it is sent": (
        PLAYING,
        on.ReplyAsked(),
        Input.QUIET,
        Output.PLAYING,
        [],
    ),
    "a second question while its end is played": (
        [*PLAYING, on.ReplySent(KEY)],
        on.ReplyAsked(),
        Input.QUIET,
        Output.THINKING,
        [do.StartReply, do.ReleaseReply],
    ),
    "a second question while its end is paused": (
        [*PAUSED, on.ReplySent(KEY)],
        on.ReplyAsked(),
        Input.SPEAKING,
        Output.PAUSED,
        [do.StartReply, do.ReleaseReply],
    ),
    "the end of the reply before": (
        [*PLAYING, on.ReplySent(KEY), on.ReplyAsked()],
        on.ReplyPlayed(KEY),
        Input.QUIET,
        Output.THINKING,
        [],
    ),
    "the client's cancel": (
        PLAYING,
        on.ReplyCancelled(),
        Input.QUIET,
        Output.IDLE,
        [do.CancelReply],
    ),
    "the client's cancel before the commit": (
        PREPARED,
        on.ReplyCancelled(),
        Input.SOFT_END,
        Output.IDLE,
        [do.DropReply],
    ),
    "the client's clear": (
        PREPARED,
        on.InputCleared(),
        Input.QUIET,
        Output.IDLE,
        [do.DropReply, do.DropTurn],
    ),
    "a question that was typed": (
        [],
        on.ReplyAsked(),
        Input.QUIET,
        Output.THINKING,
        [do.StartReply, do.ReleaseReply],
    ),
}


class Spoken:
    """A reply that was played for two seconds."""

    def played_seconds(self) -> float:
        return 2.0

    def spoken_words(self, since: float) -> Sequence[str]:
        return words_of("these are spoken words")


def machine_after(events: Sequence[on.TurnEvent], now: float = 10.0) -> TurnMachine:
    machine = TurnMachine(TurnSettings(), ENGLISH, Spoken(), asks_model=True)
    for event in events:
        machine.handle(event, now)
    return machine


@pytest.mark.parametrize("name", ROWS)
def test_it_follows_the_table(name: str) -> None:
    before, event, input_state, output_state, actions = ROWS[name]
    machine = machine_after(before)
    found = machine.handle(event, 10.2)
    assert [type(action) for action in found] == actions
    assert (machine.input, machine.output) == (input_state, output_state)


def test_it_resumes_after_a_second_without_words() -> None:
    machine = machine_after(PAUSED)
    assert machine.deadline == pytest.approx(11.0)
    assert machine.handle(on.Tick(), 10.99) == []
    assert machine.handle(on.Tick(), 11.0) == [do.ResumeOutput()]


class Begun(Spoken):
    """A reply that was played for a moment."""

    def played_seconds(self) -> float:
        return 0.6


@pytest.mark.parametrize(
    "sent", [[], [on.ReplySent(KEY)]], ids=["being sent", "all of it was sent"]
)
def test_it_reopens_the_turn_within_the_first_part_of_the_reply(sent: Events) -> None:
    machine = TurnMachine(TurnSettings(), ENGLISH, Begun())
    for event in [*PLAYING, *sent, *PAUSED[len(PLAYING) :]]:
        machine.handle(event, 10.0)
    found = machine.handle(on.InterimHeard(2, "tell me"), 10.2)
    assert do.ReopenTurn(1) in found
    assert do.TellSpeechStarted(1, 1.0) in found


def test_it_never_takes_back_a_reply_that_has_called_functions() -> None:
    machine = TurnMachine(TurnSettings(), ENGLISH, Begun())
    called = on.ReplySent(KEY, called=True)
    for event in [*PLAYING, called, *PAUSED[len(PLAYING) :]]:
        machine.handle(event, 10.0)
    found = machine.handle(on.InterimHeard(2, "tell me"), 10.2)
    assert [type(action) for action in found][:2] == [
        do.CancelReply,
        do.TellSpeechStarted,
    ]
    assert do.TellSpeechStarted(2, 9.0) in found
