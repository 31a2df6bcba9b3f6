"""The events of a data channel."""

from __future__ import annotations

import pytest

from compat_app.realtime.calls.messages import ClearOutput, read_call_event
from compat_app.realtime.shared.errors import Refused
from compat_app.realtime.shared.kinds import Kind
from compat_app.realtime.shared.messages import CommitAudio


def test_it_reads_the_events_of_calls_and_of_conversations() -> None:
    clear = '{"type": "output_audio_buffer.clear", "event_id": "mine"}'
    commit = '{"type": "input_audio_buffer.commit"}'
    assert read_call_event(clear, Kind.CONVERSATION) == ClearOutput(event_id="mine")
    assert read_call_event(commit, Kind.CONVERSATION) == CommitAudio()


@pytest.mark.parametrize(
    ("text", "param"),
    [
        (r'{"type": "output_audio_buffer.clear", "event_id": "\ud800"}', "event_id"),
        ('{"type": "output_audio_buffer.clear", "event_id": 5}', "event_id"),
        ('{"type": "output_audio_buffer.shout"}', "type"),
    ],
)
def test_it_refuses_one_event_as_a_websocket_does(text: str, param: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_call_event(text, Kind.CONVERSATION)
    assert refusal.value.field == param


def test_it_names_the_events_of_calls_among_the_known_ones() -> None:
    with pytest.raises(Refused, match=r"output_audio_buffer\.clear"):
        read_call_event('{"type": "shout"}', Kind.CONVERSATION)
