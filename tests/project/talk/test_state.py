"""A conversation as its client sees it, message by message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chat_app.protocol.wire import HEADER
from common.audio import float_to_pcm16
from voiceproject.talk.events import (
    Audible,
    Dropped,
    FloorChanged,
    Problem,
    Reopened,
    ReplyEnded,
    Spoken,
    TalkEvent,
)
from voiceproject.talk.playback import Playback
from voiceproject.talk.state import QUIET, TalkState

RATE_HZ = 1_000
SPEECH_ENDED_AT = 5.0


class Talk:
    """The state with its loudspeaker, on a clock of the test's own."""

    def __init__(self) -> None:
        self.playback = Playback(RATE_HZ)
        self.state = TalkState(self.playback, lambda _: SPEECH_ENDED_AT)
        self.now = SPEECH_ENDED_AT

    def take(self, kind: str, **fields: Any) -> list[TalkEvent]:
        return list(self.state.take({"type": kind, **fields}))

    def hear(self, ms: int) -> list[TalkEvent]:
        """Let the loudspeaker play."""
        self.playback.take(ms, self.now)
        self.now += ms / 1000
        return list(self.state.progress())

    def turn(self) -> list[TalkEvent]:
        told = self.take("input_audio_buffer.speech_started")
        told += self.take("input_audio_buffer.speech_stopped", audio_end_ms=500)
        kind = "conversation.item.input_audio_transcription.completed"
        return told + self.take(kind, transcript="Hi.")

    def reply(self, *clauses: str, number: int = 1) -> list[TalkEvent]:
        """A reply begins, whose clauses last 100 ms each."""
        response = {"id": f"resp_{number}", "x.number": number}
        told = self.take("response.created", response=response)
        for index, text in enumerate(clauses):
            told += self.take(
                "x.output.clause",
                response_id=response["id"],
                clause=index,
                text=text,
                start_ms=100 * index,
                rate=RATE_HZ,
            )
            self.sound(100, number)
        return told

    def sound(self, ms: int, number: int = 1) -> None:
        samples = np.full(ms, 0.5, np.float32)
        header = HEADER.pack(1, 1, 0, number, 0)
        self.state.sound(header + float_to_pcm16(samples))

    def end(self, status: str = "completed", reason: str = "") -> list[TalkEvent]:
        response = {
            "id": "resp_1",
            "status": status,
            "status_details": {"reason": reason} if reason else None,
            "output": [{"content": [{"transcript": "One,"}]}],
        }
        told = self.take("response.done", response=response)
        stages = {"committed": 330.0}
        return told + self.take("x.metrics", response_id="resp_1", stages_ms=stages)


@pytest.fixture
def talk() -> Talk:
    return Talk()


def floors(told: list[TalkEvent]) -> list[str]:
    return [each.floor for each in told if isinstance(each, FloorChanged)]


def only(kind: type[Any], told: list[TalkEvent]) -> Any:
    (found,) = [each for each in told if isinstance(each, kind)]
    return found


def test_the_floor_passes_from_the_user_to_the_reply_and_back(talk: Talk) -> None:
    assert floors(talk.turn()) == ["hearing", "thinking"]
    assert floors(talk.reply("One,")) == []
    assert floors(talk.hear(70)) == ["speaking"]
    assert floors(talk.end()) == []
    assert floors(talk.hear(90)) == ["listening"]


def test_it_tells_a_clause_when_it_begins_to_sound(talk: Talk) -> None:
    talk.turn()
    talk.reply("One,", "two.")
    assert talk.hear(60) == []
    assert only(Spoken, talk.hear(10)).text == "One,"
    assert talk.hear(80) == []
    assert only(Spoken, talk.hear(20)).text == "two."


def test_it_measures_up_to_the_first_audible_sample(talk: Talk) -> None:
    talk.turn()
    talk.now += 0.4
    talk.reply("One,")
    assert only(Audible, talk.hear(100)) == Audible(1, 460.0)
    talk.end()
    ended = only(ReplyEnded, talk.hear(60))
    assert (ended.waited_ms, ended.stages_ms) == (460.0, {"committed": 330.0})


def test_a_short_reply_is_over_when_it_was_heard_not_when_it_has_arrived(
    talk: Talk,
) -> None:
    talk.turn()
    talk.now += 0.4
    talk.reply("One,")
    assert (talk.end(), talk.state.over) == ([], 0)
    told = talk.hear(160)
    assert [type(each) for each in told][-2:] == [ReplyEnded, FloorChanged]
    ended = only(ReplyEnded, told)
    assert (ended.waited_ms, ended.heard_ms) == (460.0, 100)
    assert talk.state.over == 1


def test_the_next_turn_ends_a_reply_that_has_arrived(talk: Talk) -> None:
    talk.turn()
    talk.reply("One,", "two.")
    talk.hear(100)
    talk.end()
    ended = only(ReplyEnded, talk.reply("Three.", number=2))
    assert (ended.number, ended.heard_ms) == (1, 40)


def test_a_typed_text_is_measured_from_its_sending(talk: Talk) -> None:
    talk.state.typed(now=4.5)
    talk.reply("One,")
    assert only(Audible, talk.hear(100)).waited_ms == 560.0


def test_an_interrupted_reply_is_cut_and_told_with_what_was_heard(talk: Talk) -> None:
    talk.turn()
    talk.reply("One,", "two.")
    talk.hear(100)
    assert floors(talk.take("x.output.pause", response_id="resp_1")) == ["paused"]
    assert talk.hear(50) == []
    ended = only(ReplyEnded, talk.end("cancelled", "turn_detected"))
    assert ended.interrupted
    assert (ended.heard, ended.heard_ms) == ("One,", 40)
    talk.sound(100)  # What was under way is not played.
    assert talk.playback.is_silent()


def test_a_false_alarm_lets_the_reply_go_on(talk: Talk) -> None:
    talk.turn()
    talk.reply("One,", "two.")
    talk.hear(100)
    talk.take("x.output.pause", response_id="resp_1")
    assert floors(talk.take("x.output.resume", response_id="resp_1")) == ["speaking"]
    assert only(Spoken, talk.hear(100)).text == "two."


def test_speech_cuts_a_reply_that_has_arrived_but_is_not_heard(talk: Talk) -> None:
    talk.turn()
    talk.reply("One,", "two.")
    talk.hear(100)
    talk.end()
    assert floors(talk.take("input_audio_buffer.speech_started")) == ["hearing"]
    assert talk.playback.is_silent()


def test_a_turn_that_goes_on_takes_its_reply_back(talk: Talk) -> None:
    talk.turn()
    talk.reply("One,")
    told = talk.take("x.turn.reopened", item_id="a", response_item_id="b")
    assert only(Reopened, told) == Reopened()
    assert floors(told) == ["hearing"]
    assert talk.playback.is_silent()
    assert talk.end() == []


def test_a_dropped_turn_returns_the_floor(talk: Talk) -> None:
    talk.turn()
    told = talk.take("x.turn.dropped", reason="echo")
    assert only(Dropped, told).reason == "echo"
    assert floors(told) == ["listening"]
    assert (talk.state.audible, talk.state.over) == (0, 1)


def test_a_problem_is_told_unless_its_event_may_fail(talk: Talk) -> None:
    error = {"code": "bad_value", "message": "No."}
    assert talk.take("error", error=error) == [Problem("bad_value", "No.")]
    assert talk.take("error", error={**error, "event_id": QUIET}) == []


def test_stopping_says_whether_the_server_still_sends(talk: Talk) -> None:
    assert talk.state.stop() is None
    talk.reply("One,")
    assert talk.state.stop() is not None
    talk.reply("One,")
    talk.end()
    assert talk.state.stop() is None


def test_audio_of_another_rate_is_resampled(talk: Talk) -> None:
    talk.take("response.created", response={"id": "resp_1", "x.number": 1})
    ids = {"response_id": "resp_1", "clause": 0, "text": "One."}
    talk.take("x.output.clause", **ids, start_ms=0, rate=2 * RATE_HZ)
    talk.sound(400)
    talk.end()
    talk.hear(300)
    assert talk.playback.played_seconds(1) == pytest.approx(0.2, abs=0.002)


def test_messages_that_it_does_not_know_are_no_harm(talk: Talk) -> None:
    assert talk.take("x.something.new", anything=1) == []
