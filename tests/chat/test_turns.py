"""Conversations played against the state machine on a fake clock."""

from __future__ import annotations

import pytest

from chat_app.core import actions as do, events as on
from chat_app.core.states import Input, Output
from chat_app.core.timing import CommitDelays, TurnSettings
from tests.chat.simulator import FRAME_SECONDS, Engines, Said, Simulator

QUESTION = Said(1.0, 1.5, "what time is it")
END = 2.5
"""The end of the question."""
REPLY_ALREADY_PLAYS = 5.0


def test_it_answers_a_question_in_the_pause_and_releases_the_reply_at_the_commit() -> (
    None
):
    played = Simulator(Engines(probability=0.9), asks_model=True).play(QUESTION)
    assert played.committed == ["what time is it"]
    (reply,) = played.replies
    assert (reply.speculative, reply.state) == (True, "played")
    (released,) = played.at(do.ReleaseReply)
    assert released - END == pytest.approx(0.288, abs=2 * FRAME_SECONDS)


@pytest.mark.parametrize(
    ("probability", "text", "delay"),
    [
        (0.9, "what time is it", 0.288),
        (0.8, "what time is it", 0.448),
        (0.3, "what time is it", 0.64),
        (0.05, "what time is it", 0.88),
        (0.02, "what time is it", 1.25),
        (0.0, "what time is it", 1.6),
        (0.9, "what time is it and", 1.6),
        (0.9, "what time...", 1.6),
        (0.9, "um", 1.6),
        (None, "what time is it", 0.5),
        (None, "what time is the", 1.6),
    ],
)
def test_it_waits_as_long_as_the_turn_seems_unfinished(
    probability: float | None, text: str, delay: float
) -> None:
    played = Simulator(Engines(probability=probability), asks_model=True)
    played.play(Said(1.0, 1.5, text))
    (committed,) = played.at(do.CommitTurn)
    assert committed - END == pytest.approx(delay, abs=2 * FRAME_SECONDS)


def test_it_waits_as_long_as_the_client_says() -> None:
    settings = TurnSettings(CommitDelays(fixed=0.8))
    played = Simulator(Engines(probability=0.9), settings, asks_model=True)
    played.play(Said(1.0, 1.5, "what time is it and"))
    (committed,) = played.at(do.CommitTurn)
    assert committed - END == pytest.approx(0.8, abs=2 * FRAME_SECONDS)


def test_it_drops_what_it_prepared_in_a_pause_that_was_not_the_end() -> None:
    played = Simulator().play(
        Said(1.0, 1.0, "what time"), Said(2.35, 1.0, "is it in Paris")
    )
    assert played.committed == ["what time is it in Paris"]
    first, second = played.replies
    assert (first.text, first.state) == ("what time", "dropped")
    assert (second.text, second.state) == ("what time is it in Paris", "played")


@pytest.mark.parametrize(
    ("probability", "text", "delay"),
    [(0.05, "what time is it", 0.88), (0.9, "what time is it and", 1.6)],
)
def test_an_unlikely_end_is_answered_at_the_commit_but_prepared_late_in_the_pause(
    probability: float, text: str, delay: float
) -> None:
    played = Simulator(Engines(probability=probability), asks_model=True)
    played.play(Said(1.0, 1.5, text))
    (reply,) = played.replies
    assert (reply.speculative, reply.state) == (True, "played")
    (started,) = played.at(do.StartReply)
    assert started - END == pytest.approx(delay / 2, abs=2 * FRAME_SECONDS)
    (released,) = played.at(do.ReleaseReply)
    assert released - END == pytest.approx(delay, abs=2 * FRAME_SECONDS)


def test_nothing_is_prepared_in_an_unlikely_pause_that_is_short() -> None:
    played = Simulator(Engines(probability=0.0), asks_model=True)
    played.play(Said(1.0, 1.0, "what time"), Said(2.6, 1.0, "is it"))
    assert [reply.text for reply in played.replies] == ["what time is it"]


def test_it_prepares_at_most_three_replies_in_a_turn() -> None:
    words = [Said(1.0 + 0.7 * n, 0.35, f"word{n}") for n in range(7)]
    played = Simulator().play(*words)
    assert len(played.committed) == 1
    assert sum(each.speculative for each in played.replies) == 3
    assert [each.state for each in played.replies][-1] == "played"


def test_it_answers_nothing_without_words() -> None:
    cough = Said(1.0, 0.3)
    played = Simulator().play(cough)
    assert played.committed == []
    assert played.replies == []
    assert [each.why for each in played.of(do.DropTurn)] == ["no_words"]


def test_it_ignores_a_click() -> None:
    played = Simulator().play(Said(1.0, 0.06))
    assert played.log == []


def test_it_pauses_at_once_when_the_user_speaks_and_cancels_at_the_first_words() -> (
    None
):
    interruption = Said(REPLY_ALREADY_PLAYS, 2.0, "tell me about Rome instead")
    played = Simulator().play(QUESTION, interruption)
    assert played.committed == ["what time is it", "tell me about Rome instead"]
    assert [each.state for each in played.replies] == ["cancelled", "played"]
    (paused,) = played.at(do.PauseOutput)
    assert paused - REPLY_ALREADY_PLAYS <= 0.16 + 2 * FRAME_SECONDS
    (cancelled,) = played.of(do.CancelReply)
    assert isinstance(cancelled, do.CancelReply)
    assert cancelled.reason is do.CancelReason.TURN_DETECTED
    assert not cancelled.reopens
    assert played.at(do.CancelReply)[0] < REPLY_ALREADY_PLAYS + 2.0


@pytest.mark.parametrize(
    ("sound", "why"),
    [
        (Said(REPLY_ALREADY_PLAYS, 0.3, ""), "no_words"),
        (Said(REPLY_ALREADY_PLAYS, 0.6, ""), "no_words"),
        (Said(REPLY_ALREADY_PLAYS, 0.4, "uh-huh"), "backchannel"),
        (Said(REPLY_ALREADY_PLAYS, 0.8, "yeah, okay"), "backchannel"),
        (Said(REPLY_ALREADY_PLAYS, 0.2, "out", confidence=0.3), "backchannel"),
        (Said(REPLY_ALREADY_PLAYS, 1.5, "and it is long enough to be"), "echo"),
    ],
)
def test_it_goes_on_after_a_cough_a_backchannel_or_its_own_voice(
    sound: Said, why: str
) -> None:
    played = Simulator(Engines(reply_seconds=8.0)).play(QUESTION, sound)
    assert played.committed == ["what time is it"]
    assert [each.state for each in played.replies] == ["played"]
    assert len(played.of(do.PauseOutput)) == len(played.of(do.ResumeOutput)) == 1
    assert [each.why for each in played.of(do.DropTurn)] == [why]
    assert played.of(do.TellSpeechStarted) == [do.TellSpeechStarted(1, 1.024)]


@pytest.mark.parametrize("word", ["stop", "Wait!", "no", "hold on"])
def test_it_stops_at_a_stop_word(word: str) -> None:
    played = Simulator().play(QUESTION, Said(REPLY_ALREADY_PLAYS, 0.3, word))
    assert next(each.state for each in played.replies) == "cancelled"
    assert played.committed[-1] == word


@pytest.mark.parametrize(
    "said",
    [
        Said(REPLY_ALREADY_PLAYS, 0.2, "out"),
        Said(REPLY_ALREADY_PLAYS, 0.6, "out", confidence=0.3),
        Said(REPLY_ALREADY_PLAYS, 0.2, "go out", confidence=0.3),
        Said(REPLY_ALREADY_PLAYS, 0.2, "why?", confidence=0.3),
        Said(REPLY_ALREADY_PLAYS, 0.2, "no", confidence=0.3),
    ],
)
def test_it_is_interrupted_by_a_word_unless_that_is_brief_and_doubtful(
    said: Said,
) -> None:
    played = Simulator().play(QUESTION, said)
    assert next(each.state for each in played.replies) == "cancelled"
    assert played.committed[-1] == said.text


def test_a_brief_and_doubtful_word_after_the_reply_is_a_turn() -> None:
    said = Said(30.0, 0.2, "out", confidence=0.3)
    assert Simulator().play(QUESTION, said, until=40.0).committed[-1] == "out"


def test_long_speech_interrupts_it_when_no_words_come_in_time() -> None:
    slow = Engines(interim=10.0, transcribe=1.5, reply_seconds=3.0)
    first = QUESTION
    second = Said(8.0, 1.5, "and what day is it")
    third = Said(14.0, 3.0, "something else altogether please")
    played = Simulator(slow).play(first, second, third, until=30.0)
    cancelled = played.at(do.CancelReply)
    assert len(cancelled) == 1
    assert cancelled[0] == pytest.approx(15.16, abs=0.1)
    assert len(played.committed) == 3


LONG_REPLY = 12.0


@pytest.mark.parametrize(
    ("interim", "speech"),
    [
        (1.6, [Said(8.0, 1.1, "and what"), Said(9.25, 1.2, "day is it")]),
        (1.2, [Said(8.0, 1.05, "and what day is it")]),
        (0.3, [Said(8.0, 0.6, "yeah"), Said(8.65, 1.5, "but what day is it")]),
    ],
    ids=["a gap after a second", "an end after a second", "yeah, but"],
)
def test_a_reply_stays_paused_while_the_words_of_lasting_speech_are_awaited(
    interim: float, speech: list[Said]
) -> None:
    slow = Engines(interim=interim, transcribe=1.0, reply_seconds=LONG_REPLY)
    played = Simulator(slow).play(QUESTION, *speech, until=30.0)
    assert played.at(do.ResumeOutput) == []
    assert len(played.at(do.PauseOutput)) == len(played.at(do.CancelReply)) == 1
    assert len(played.committed) == 2


@pytest.mark.parametrize(
    ("text", "states"), [("", ["played"]), ("stop", ["cancelled"])]
)
def test_a_reply_stays_paused_while_a_brief_sound_is_transcribed(
    text: str, states: list[str]
) -> None:
    slow = Engines(interim=60.0, transcribe=2.0, reply_seconds=LONG_REPLY)
    played = Simulator(slow)
    played.tell(on.ReplyAsked())
    played.play(Said(6.0, 0.3, text), until=20.0)
    assert [each.state for each in played.replies][:1] == states
    (paused,) = played.at(do.PauseOutput)
    (ended,) = played.at(do.ResumeOutput) + played.at(do.CancelReply)
    assert ended - paused == pytest.approx(2.26, abs=2 * FRAME_SECONDS)


def test_words_that_never_come_let_the_reply_go_on() -> None:
    stuck = Engines(interim=60.0, transcribe=60.0, reply_seconds=LONG_REPLY)
    played = Simulator(stuck)
    played.tell(on.ReplyAsked())
    played.play(Said(6.0, 0.8, "something"), until=20.0)
    (paused,), (resumed,) = played.at(do.PauseOutput), played.at(do.ResumeOutput)
    assert resumed - paused == pytest.approx(3.0, abs=2 * FRAME_SECONDS)


def test_speech_soon_after_a_cough_pauses_the_reply_again() -> None:
    speech = Said(REPLY_ALREADY_PLAYS + 0.65, 2.0, "tell me about Rome instead")
    engines = Engines(interim=1.0, reply_seconds=LONG_REPLY)
    cough = Said(REPLY_ALREADY_PLAYS, 0.2)
    played = Simulator(engines).play(QUESTION, cough, speech)
    first, second = played.at(do.PauseOutput)
    assert first < played.at(do.ResumeOutput)[0] < speech.at
    assert second - speech.at <= 0.16 + 2 * FRAME_SECONDS
    assert len(played.at(do.ResumeOutput)) == 1
    assert played.committed == ["what time is it", "tell me about Rome instead"]


def test_it_reopens_a_turn_that_was_cut_too_early_and_becomes_more_patient() -> None:
    played = Simulator().play(
        Said(1.0, 1.0, "what is the weather"), Said(2.7, 1.0, "in Paris tomorrow")
    )
    assert played.committed == ["what is the weather in Paris tomorrow"]
    assert [each.state for each in played.replies] == ["cancelled", "played"]
    assert played.of(do.ReopenTurn) == [do.ReopenTurn(1)]
    (cancelled,) = played.of(do.CancelReply)
    assert isinstance(cancelled, do.CancelReply)
    assert cancelled.reopens
    assert played.machine.patience == pytest.approx(1.15)
    waits = played.of(do.WaitForSilence)
    assert isinstance(waits[-1], do.WaitForSilence)
    assert waits[-1].seconds == pytest.approx(0.575)


def test_it_takes_yes_for_an_answer_after_the_reply() -> None:
    played = Simulator(Engines(reply_seconds=1.0)).play(QUESTION, Said(6.0, 0.5, "yes"))
    assert played.committed == ["what time is it", "yes"]


def test_it_does_not_answer_the_end_of_its_own_reply() -> None:
    tail = Said(4.3, 0.8, "enough to be interrupted")
    played = Simulator(Engines(reply_seconds=1.0)).play(QUESTION, tail)
    assert played.committed == ["what time is it"]


def test_it_lets_the_reply_end_when_it_may_not_be_interrupted() -> None:
    played = Simulator(settings=TurnSettings(interrupts=False)).play(
        QUESTION, Said(REPLY_ALREADY_PLAYS, 1.0, "tell me about Rome")
    )
    assert played.of(do.PauseOutput) == []
    assert [each.state for each in played.replies] == ["played", "played"]
    assert played.committed == ["what time is it", "tell me about Rome"]


def test_it_commits_without_a_reply_when_the_client_asks_for_replies() -> None:
    played = Simulator(settings=TurnSettings(replies=False)).play(QUESTION, until=5.0)
    assert played.committed == ["what time is it"]
    assert played.replies == []
    played.tell(on.ReplyAsked())
    assert [each.state for each in played.play(until=12.0).replies] == ["played"]


def test_it_mutes_the_input_while_it_speaks_in_half_duplex() -> None:
    half = Simulator(Engines(reply_seconds=1.0), TurnSettings(half_duplex=True))
    assert not half.machine.mutes_input(0.0)
    half.play(QUESTION, until=3.5)
    assert half.machine.mutes_input(half.now)
    half.play(until=4.2)
    ended = half.ended_at[0]
    assert half.machine.mutes_input(ended + 0.29)
    assert not half.machine.mutes_input(ended + 0.31)


def test_it_ends_an_utterance_whose_audio_stops_coming() -> None:
    simulator = Simulator()
    simulator.tell(on.CandidateBegan(0.0))
    simulator.tell(on.VoiceHeard(0.5))
    deadline = simulator.machine.deadline
    assert deadline is not None
    simulator.now = deadline
    assert simulator.tell(on.Tick()) == [do.Flush()]


def test_it_gives_up_on_a_reply_that_does_not_begin() -> None:
    slow = Engines(reply=100.0)
    played = Simulator(slow, TurnSettings(reply_seconds=5.0)).play(QUESTION)
    (cancelled,) = played.of(do.CancelReply)
    assert isinstance(cancelled, do.CancelReply)
    assert cancelled.reason is do.CancelReason.TIMED_OUT
    assert played.machine.output is Output.IDLE


def test_it_asks_again_when_a_prepared_reply_failed() -> None:
    played = Simulator(Engines(fails=True)).play(QUESTION)
    assert [each.speculative for each in played.replies] == [True, False]
    assert (played.machine.input, played.machine.output) == (Input.QUIET, Output.IDLE)


def test_it_forgets_an_open_turn_that_the_client_clears() -> None:
    simulator = Simulator().play(QUESTION, until=2.0)
    simulator.tell(on.InputCleared())
    assert simulator.machine.input is Input.QUIET
    assert [each.why for each in simulator.of(do.DropTurn)] == ["cleared"]


def test_it_ends_a_reply_that_the_client_cancels() -> None:
    simulator = Simulator().play(QUESTION, until=4.0)
    simulator.tell(on.ReplyCancelled())
    assert [each.state for each in simulator.replies] == ["cancelled"]
    assert simulator.machine.output is Output.IDLE
    assert simulator.tell(on.ReplyCancelled()) == []


def test_silence_after_each_reply_is_answered() -> None:
    settings = TurnSettings(idle_seconds=3.0)
    played = Simulator(Engines(reply_seconds=2.0), settings).play(QUESTION, until=15)
    silences = played.at(do.CommitSilence)
    assert len(silences) == 2
    for ended, silence in zip(played.ended_at, silences, strict=False):
        assert silence - ended == pytest.approx(3.0, abs=2 * FRAME_SECONDS)
    answers = played.of(do.StartReply)[1:]
    assert all(getattr(each, "answers_silence", False) for each in answers)


def test_silence_is_not_answered_during_speech_or_soon_after_a_cough() -> None:
    settings = TurnSettings(idle_seconds=3.0)
    cough, words = Said(7.0, 0.3), Said(10.0, 4.0, "tell me more")
    played = Simulator(Engines(reply_seconds=2.0), settings)
    played.play(QUESTION, cough, words, until=14)
    assert played.ended_at[0] + 3.0 < 10.0
    assert played.at(do.CommitSilence) == []


def test_silence_after_a_function_call_is_not_answered() -> None:
    played = Simulator(settings=TurnSettings(idle_seconds=1.0))
    (started, _) = played.tell(on.ReplyAsked())
    assert isinstance(started, do.StartReply)
    played.tell(on.ReplyReady(started.key))
    played.tell(on.ReplySent(started.key, called=True))
    played.tell(on.ReplyPlayed(started.key))
    assert played.machine.deadline is None
