"""Which events a client gets for what happens in a session, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from common.config.speech import ListeningSettings
from common.errors import EngineFailed
from compat_app.realtime.shared.options import default_vad
from compat_app.realtime.shared.session import SessionConfig, Transcription
from compat_app.realtime.transcription.mapper import (
    Clear,
    Commit,
    TranscriptionMapper,
    Update,
)
from stt_app.core.events import (
    BufferLimitReached,
    CandidateDropped,
    ClosingSoon,
    EndReason,
    FlushDone,
    InterimResult,
    Lag,
    Marked,
    PauseBegun,
    Progress,
    SessionClosed,
    SessionEvent,
    SessionReady,
    SpeechCandidate,
    SpeechConfirmed,
    SpeechContinued,
    SpeechEnded,
    SpeechResumed,
    UtteranceFailed,
    UtteranceTranscribed,
)
from tests.compat.realtime.sdk_types import check_event

VAD = SessionConfig(default_vad(ListeningSettings()), Transcription(model="whisper-1"))
MANUAL = SessionConfig(
    VAD.default_vad, Transcription(model="whisper-1"), chooses_turns=True
)
SECOND = 16_000


def begun(number: int = 1) -> SpeechConfirmed:
    return SpeechConfirmed(number, number * SECOND, number * SECOND + 4_800)


def ended(number: int = 1, reason: EndReason = EndReason.SILENCE) -> SpeechEnded:
    start = number * SECOND
    return SpeechEnded(number, start, start + 8_000, start + 6_000, reason)


def said(text: str, number: int = 1, language: str = "en") -> UtteranceTranscribed:
    start = number * SECOND
    return UtteranceTranscribed(number, start, start + 8_000, text, language)


def lost(number: int = 1) -> UtteranceFailed:
    error = EngineFailed("It broke.")
    return UtteranceFailed(number, number * SECOND, number * SECOND + 8_000, error)


def heard(stable: str, number: int = 1) -> InterimResult:
    return InterimResult(number, number * SECOND, f"{stable} and more", stable)


def commit(seconds: float = 2.0, utterance_id: int | None = None) -> Marked:
    return Marked(Commit(seconds, utterance_id))


class Told:
    """The events of one connection, checked by the types of the openai library."""

    def __init__(self, config: SessionConfig = VAD) -> None:
        self.mapper = TranscriptionMapper(config)
        self.events: list[dict[str, Any]] = []

    def take(self, *events: SessionEvent) -> list[str]:
        """The short names of the events for these."""
        new = []
        for event in events:
            self.mapper.unanswered += isinstance(event, Marked)
            new += [message.wire() for message in self.mapper.events(event)]
        for message in new:
            check_event(message)
        self.events += new
        return [short(message["type"]) for message in new]

    def last(self, kind: str) -> dict[str, Any]:
        return [each for each in self.events if short(each["type"]) == kind][-1]

    def items(self) -> list[str]:
        """The items of all events that have one, in the order of their first event."""
        ids = [each.get("item_id") or each["item"]["id"] for each in self.events]
        return list(dict.fromkeys(ids))


def short(kind: str) -> str:
    return kind.rpartition(".")[2]


COMMITTED = ["committed", "added", "done"]


def test_a_turn_has_one_item_from_its_start_to_its_transcript():
    told = Told()
    assert told.take(begun()) == ["speech_started"]
    assert told.take(ended()) == ["speech_stopped", *COMMITTED]
    assert told.take(said("Hello.")) == ["delta", "completed"]
    (item_id,) = told.items()
    started, stopped = told.last("speech_started"), told.last("speech_stopped")
    assert (started["audio_start_ms"], stopped["audio_end_ms"]) == (1_000, 1_500)
    assert told.last("committed")["previous_item_id"] is None
    assert told.last("done")["item"] == {
        "id": item_id,
        "object": "realtime.item",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_audio", "transcript": None}],
    }
    completed = told.last("completed")
    assert completed["transcript"] == told.last("delta")["delta"] == "Hello."
    assert completed["content_index"] == 0
    assert completed["usage"] == {"type": "duration", "seconds": 0.5}
    assert completed["languages"] == [{"code": "en"}]
    assert "logprobs" not in completed


def test_each_event_and_item_has_an_id_of_its_own():
    told = Told()
    told.take(begun(), ended(), said("One."), begun(2), ended(2), said("Two.", 2))
    ids = [each["event_id"] for each in told.events]
    assert len(set(ids)) == len(ids) == 14
    first, second = told.items()
    assert told.last("committed")["previous_item_id"] == first != second


def test_noise_gets_no_item():
    told = Told()
    assert told.take(SpeechCandidate(1, 0, 100), CandidateDropped(1, 0, 200)) == []


def test_a_start_that_was_told_always_ends_with_a_transcript():
    told = Told()
    told.take(begun())
    assert told.take(CandidateDropped(1, 0, 200)) == [
        "speech_stopped",
        *COMMITTED,
        "completed",
    ]
    assert told.last("completed")["transcript"] == ""


def test_words_that_the_model_does_not_find_are_an_empty_transcript():
    told = Told()
    told.take(begun(), ended())
    assert told.take(said("", language="")) == ["completed"]
    assert "languages" not in told.last("completed")


def test_a_start_that_was_not_confirmed_is_told_before_the_end():
    assert Told().take(ended()) == ["speech_started", "speech_stopped", *COMMITTED]
    assert Told().take(heard("So")) == ["speech_started", "delta"]


def test_interim_results_are_deltas_of_what_is_stable():
    told = Told()
    told.take(begun(), heard(""), heard("And so"), heard("And so"), heard("And so my"))
    deltas = [each["delta"] for each in told.events if "delta" in each]
    assert deltas == ["And so", " my"]
    assert told.take(ended(), said("And so my friend.")) == [
        *("speech_stopped", *COMMITTED, "delta", "completed")
    ]
    assert told.last("delta")["delta"] == " friend."


def test_speech_without_a_pause_is_one_turn():
    told = Told()
    limit = EndReason.LIMIT
    told.take(begun(), heard("One"))
    assert told.take(ended(1, limit), SpeechContinued(2, 0, 0)) == []
    assert told.take(heard("two", 2)) == [], "the text before it is still to come"
    assert told.take(said("One.")) == ["delta"]
    assert told.take(heard("two", 2), ended(2), said("two three.", 2)) == [
        *("delta", "speech_stopped", *COMMITTED, "delta", "completed")
    ]
    assert told.last("completed")["transcript"] == "One. two three."
    assert told.last("completed")["usage"]["seconds"] == 1.0
    deltas = [each["delta"] for each in told.events if "delta" in each]
    assert "".join(deltas) == "One. two three."
    assert len(told.items()) == 1


def test_silence_after_a_cut_still_ends_the_turn():
    told = Told()
    told.take(begun(), ended(1, EndReason.LIMIT), said("One."))
    assert told.take(CandidateDropped(2, 0, 40_000)) == [
        *("speech_stopped", *COMMITTED, "completed")
    ]


def test_deltas_of_an_item_wait_for_the_transcript_of_the_one_before():
    told = Told()
    told.take(begun(), ended(), begun(2))
    assert told.take(heard("Two", 2)) == []
    assert told.take(ended(2)) == ["speech_stopped", *COMMITTED]
    assert told.take(said("One.")) == ["delta", "completed"]
    assert told.take(said("Two.", 2)) == ["delta", "completed"]
    first, second = told.items()
    assert [each["item_id"] for each in told.events if "delta" in each] == [
        first,
        second,
    ]


def test_a_failure_is_told_and_the_session_goes_on():
    told = Told()
    told.take(begun(), ended())
    assert told.take(lost()) == ["failed"]
    assert told.last("failed")["error"] == {
        "type": "server_error",
        "code": "engine_failed",
        "message": "It broke.",
        "param": None,
    }
    assert told.take(begun(2), ended(2), said("Two.", 2))[-1] == "completed"


def test_a_failure_of_one_part_leaves_the_text_of_the_others():
    told = Told()
    told.take(begun(), ended(1, EndReason.LIMIT), ended(2))
    assert told.take(lost(1), said("Two.", 2)) == ["delta", "completed"]
    assert told.last("completed")["transcript"] == "Two."


def test_a_client_that_commits_gets_no_speech_events():
    told = Told(MANUAL)
    assert told.take(begun(), heard("One")) == ["delta"]
    assert told.take(ended(), said("One.")) == ["delta"]
    assert told.take(begun(2), ended(2), said("Two.", 2)) == ["delta"]
    assert told.take(commit(4.5)) == [*COMMITTED, "completed"]
    assert told.last("completed")["transcript"] == "One. Two."
    assert told.last("completed")["usage"] == {"type": "duration", "seconds": 4.5}
    assert len(told.items()) == 1


def test_a_commit_in_speech_waits_for_the_utterance_that_it_ends():
    told = Told(MANUAL)
    told.take(begun())
    flush = EndReason.FLUSH
    assert told.take(commit(utterance_id=1), ended(1, flush)) == COMMITTED
    assert told.take(begun(2)) == []
    assert told.mapper.unanswered == 1
    assert told.take(said("One.")) == ["delta", "completed"]
    assert told.mapper.unanswered == 0
    assert told.take(commit(utterance_id=2), ended(2, flush), said("Two.", 2)) == [
        *(*COMMITTED, "delta", "completed")
    ]
    assert len(told.items()) == 2


def test_a_commit_takes_the_part_that_was_cut_in_its_last_audio():
    told = Told(MANUAL)
    told.take(begun(), commit(utterance_id=2))
    told.take(ended(1, EndReason.LIMIT), ended(2, EndReason.FLUSH))
    assert told.take(said("One,")) == ["delta"]
    assert told.take(said("two.", 2)) == ["delta", "completed"]
    assert told.last("completed")["transcript"] == "One, two."


def test_a_commit_of_silence_is_an_item_without_words():
    told = Told(MANUAL)
    assert told.take(commit(1.0)) == [*COMMITTED, "completed"]
    assert told.last("completed")["transcript"] == ""
    assert told.last("completed")["usage"]["seconds"] == 1.0


def test_items_without_words_keep_their_place():
    told = Told(MANUAL)
    told.take(begun(), commit(utterance_id=1), ended(1, EndReason.FLUSH))
    assert told.take(commit(0.1)) == COMMITTED
    assert told.take(said("One.")) == ["delta", "completed", "completed"]
    transcripts = [each["transcript"] for each in told.events if "transcript" in each]
    assert transcripts == ["One.", ""]


def test_a_commit_during_turn_detection_ends_the_turn_without_a_stop():
    told = Told()
    told.take(begun())
    flush = EndReason.FLUSH
    assert told.take(commit(9.0, utterance_id=1), ended(1, flush)) == COMMITTED
    assert told.take(said("One.")) == ["delta", "completed"]
    assert len(told.items()) == 1
    assert told.last("completed")["usage"]["seconds"] == 0.5


def test_a_turn_that_the_end_of_the_session_cuts_is_told():
    told = Told()
    told.take(begun())
    assert told.take(ended(1, EndReason.FLUSH), said("Half a")) == [
        *("speech_stopped", *COMMITTED, "delta", "completed")
    ]


@pytest.mark.parametrize("config", [VAD, MANUAL], ids=["turns", "commits"])
def test_clear_forgets_the_turn(config):
    told = Told(config)
    told.take(begun(), ended(1, EndReason.LIMIT), heard("two", 2))
    assert told.take(Marked(Clear()), CandidateDropped(2, 0, 9)) == ["cleared"]
    assert told.take(said("One.")) == [], "nobody wants it"
    assert told.mapper.unanswered == 0
    told.take(begun(2), commit(utterance_id=2), ended(2, EndReason.FLUSH))
    assert told.take(said("Two.", 2)) == ["delta", "completed"]
    assert told.last("completed")["transcript"] == "Two."


def test_an_update_is_answered_in_its_place():
    told = Told()
    session = {
        **MANUAL.wire(),
        "type": "transcription",
        "id": "sess_1",
        "object": "realtime.transcription_session",
    }
    assert told.take(begun(), Marked(Update(MANUAL, session)), ended()) == [
        *("speech_started", "updated")
    ]
    assert told.last("updated")["session"] == session
    assert told.take(said("One."), commit(), begun(2)) == [
        *("delta", *COMMITTED, "completed")
    ]


def test_events_without_a_counterpart_in_this_api_are_dropped():
    quiet: list[SessionEvent] = [
        SessionReady("s", "base", 24_000),
        SpeechCandidate(1, 0, 100),
        PauseBegun(1, 200, None),
        SpeechResumed(1, 300),
        FlushDone(None),
        Progress(1.0),
        Lag(2_000.0),
        ClosingSoon(0.0, 60.0),
        BufferLimitReached(120.0),
        Marked("somebody else's"),
        SessionClosed("client", 1.0, 1),
    ]
    assert Told().take(*quiet) == []
