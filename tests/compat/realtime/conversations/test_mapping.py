"""The events of a conversation as a client is told of them, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from chat_app.core import outputs as out
from chat_app.core.dialogue import Item
from compat_app.realtime.conversation.captions import Captions
from compat_app.realtime.conversation.items.item_index import ItemIndex
from compat_app.realtime.conversation.items.wire import message
from compat_app.realtime.conversation.mapper import ConversationMapper
from compat_app.realtime.shared.conversation import ConversationConfig
from compat_app.realtime.shared.session import ServerVad, SessionConfig, Transcription
from tests.compat.realtime.sdk_types import check_event

COMPLETED = "conversation.item.input_audio_transcription.completed"
FAILED = "conversation.item.input_audio_transcription.failed"


@pytest.fixture
def mapper() -> ConversationMapper:
    hearing = SessionConfig(ServerVad(type="server_vad"), Transcription(model="m"))
    config = ConversationConfig(hearing, instructions="", voice="v", model="m")
    return ConversationMapper(config, has_audio=True, tells_truncation=False)


def told(mapper: ConversationMapper, *events: Any) -> list[dict[str, Any]]:
    found = [each.wire() for event in events for each in mapper.events(event)]
    for each in found:
        check_event(each)
    return found


def committed(text: str, item_id: str = "item_1") -> out.TurnCommitted:
    return out.TurnCommitted(item_id, None, text, 1.0, "en")


def response() -> list[Any]:
    ids = ("resp_1", "item_2")
    cut = Item("item_2", "assistant", "", is_complete=False, is_spoken=True)
    return [
        out.ResponseStarted(*ids, 1, "item_1"),
        out.MessageStarted(*ids, "item_1"),
        out.MessageEnded("resp_1", cut, "item_1"),
        out.ResponseEnded(*ids, "item_1", "cancelled", "turn_detected", items=(cut,)),
    ]


def test_a_turn_that_was_reopened_goes_on_as_another_item(
    mapper: ConversationMapper,
) -> None:
    told(mapper, out.SpeechStarted("item_1", 0), out.SpeechStopped("item_1", 900))
    told(mapper, committed("what time"))
    (*_, done) = told(mapper, *response())
    assert done["response"]["status"] == "cancelled"
    reopened = out.TurnReopened("item_1", "item_2")
    assert told(mapper, reopened) == []
    (started,) = told(mapper, out.SpeechStarted("item_1", 1_000))
    assert started["item_id"] != "item_1"
    (_, added, *_, heard) = told(mapper, committed("what time is it"))
    assert added["item"]["id"] == heard["item_id"] == started["item_id"]
    assert added["previous_item_id"] == "item_2"
    assert heard["transcript"] == "is it"
    assert mapper.items.own_id(started["item_id"]) == "item_1"


def test_a_turn_without_words_takes_its_captions_back(
    mapper: ConversationMapper,
) -> None:
    heard = [out.CaptionHeard("item_1", text) for text in ("uh", "uh huh")]
    events = told(mapper, out.SpeechStarted("item_1", 0), *heard)
    assert events[-1]["delta"] == "uh"
    (failed,) = told(mapper, out.TurnDropped("item_1", "no_words"))
    assert (failed["type"], failed["item_id"]) == (FAILED, "item_1")


def test_events_without_a_counterpart_in_this_api_are_dropped(
    mapper: ConversationMapper,
) -> None:
    silent = [
        out.CandidateHeard(),
        out.DelayChosen(300, 0.9),
        out.OutputPaused("resp_1"),
        out.OutputResumed("resp_1"),
        out.TurnDropped("item_1", "echo"),
    ]
    assert told(mapper, *silent) == []


def test_only_a_carrier_is_told_of_truncations_by_the_server(
    mapper: ConversationMapper,
) -> None:
    told(mapper, committed("hello"), *response())
    cut = out.ItemTruncated("item_2", 500, "It")
    assert told(mapper, cut) == []
    mapper.truncations.add("item_2")
    (truncated,) = told(mapper, cut)
    assert truncated["audio_end_ms"] == 500
    carried = ConversationMapper(mapper.config, has_audio=False, tells_truncation=True)
    told(carried, committed("hello"), *response())
    assert [each["type"] for each in told(carried, cut)] == [
        "conversation.item.truncated"
    ]


def test_captions_send_the_words_that_two_texts_agree_on() -> None:
    captions = Captions()
    heard = ["what", "what time", "what times is", "what time is it"]
    assert [captions.hear(text) for text in heard] == ["", "what", "", ""]
    assert captions.hear("what time is it now") == " time is it"
    assert captions.end("what time is it now") == " now"
    assert captions.end("something else") == ""


def test_items_keep_the_order_of_the_client() -> None:
    items = ItemIndex()
    for name in "abc":
        items.add(message(name, "user", []))
    assert items.add(message("first", "user", []), "root") is None
    assert items.add(message("middle", "user", []), "a") == "a"
    assert items.before("b") == "middle"
    items.remove("middle")
    assert items.before("b") == "a"
    assert items.last_id == "c"
