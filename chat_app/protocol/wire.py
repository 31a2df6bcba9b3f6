"""The events of a conversation as the messages of `/ws/voice`."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from chat_app.core import outputs as out
from chat_app.core.dialogue import Item
from chat_app.protocol import extras, server
from chat_app.protocol.shapes import item_of, response_begun, response_over
from common.audio import Samples, float_to_pcm16, pcm16_to_float
from common.errors import BadRequest, VoiceError

VERSION, AUDIO = 1, 1
HEADER = struct.Struct("<BBHII")
"""Version, kind, clause, the response's number, and the start in milliseconds."""


def audio_frame(audio: out.ReplyAudio) -> bytes:
    """The 12-byte header, then mono PCM16 at the voice's rate."""
    clause = min(audio.clause, 0xFFFF)
    header = HEADER.pack(VERSION, AUDIO, clause, audio.number, audio.start_ms)
    return header + float_to_pcm16(audio.samples)


def audio_of(frame: bytes) -> tuple[int, Samples]:
    """The number of the response that this frame of `audio_frame` is of, and its
    samples."""
    _, _, _, number, _ = HEADER.unpack_from(frame)
    return number, pcm16_to_float(frame[HEADER.size :])


def error_event(
    error: VoiceError, client_event_id: str | None = None
) -> server.ErrorEvent:
    """The error as an event."""
    is_clients = isinstance(error, BadRequest)
    details: dict[str, Any] = {
        "type": "invalid_request_error" if is_clients else "server_error",
        "code": error.code,
        "message": error.message,
        "param": error.field,
        "event_id": client_event_id,
    }
    if error.retry_after_seconds is not None:
        details["retry_after"] = error.retry_after_seconds
    return server.ErrorEvent(error=details)


def as_messages(event: out.ConversationEvent) -> Iterator[BaseModel | bytes]:
    """What a client is sent for it, in order."""
    match event:
        case out.ReplyAudio():
            yield audio_frame(event)
        case out.ReplyText():
            ids = {"response_id": event.response_id, "item_id": event.item_id}
            delta = server.SpokenTextDelta if event.speaks else server.WrittenTextDelta
            yield delta(**ids, delta=event.text)
        case out.TurnCommitted():
            yield from _turn_committed(event)
        case out.SilenceCommitted():
            previous = event.previous_item_id
            yield from _turn_committed(
                out.TurnCommitted(event.item_id, previous, "", 0.0)
            )
        case out.ResponseStarted():
            yield server.ResponseCreated(response=response_begun(event))
        case out.MessageStarted():
            yield from _message_started(event)
        case out.MessageEnded():
            yield from _message_ended(event)
        case out.FunctionCalled():
            yield from _function_called(event)
        case out.ResponseEnded():
            yield from _response_ended(event)
        case out.ItemAdded():
            item = item_of(event.item)
            previous = event.previous_item_id
            yield server.ItemAdded(item=item, previous_item_id=previous)
            yield server.ItemDone(item=item, previous_item_id=previous)
        case out.InputFailed():
            yield error_event(event.error)
        case _:
            yield _single(event)


def _single(event: out.ConversationEvent) -> BaseModel:
    match event:
        case out.CandidateHeard():
            return extras.Candidate()
        case out.SpeechStarted():
            return server.SpeechStarted(
                item_id=event.item_id, audio_start_ms=event.audio_start_ms
            )
        case out.SpeechStopped():
            return server.SpeechStopped(
                item_id=event.item_id, audio_end_ms=event.audio_end_ms
            )
        case out.CaptionHeard():
            return extras.Caption(item_id=event.item_id, text=event.text)
        case out.DelayChosen():
            return extras.Probability(p=event.probability, commit_in_ms=event.delay_ms)
        case out.TurnDropped():
            return extras.Dropped(item_id=event.item_id, reason=event.why)
        case out.TurnReopened():
            reply = event.reply_item_id
            return extras.Reopened(item_id=event.item_id, response_item_id=reply)
        case out.ClauseSpoken():
            return extras.Clause(
                response_id=event.response_id,
                clause=event.clause,
                start_ms=event.start_ms,
                text=event.text,
                rate=event.rate_hz,
            )
        case out.OutputPaused():
            return extras.Pause(response_id=event.response_id)
        case out.OutputResumed():
            return extras.Resume(response_id=event.response_id)
        case out.ItemTruncated():
            return server.ItemTruncated(
                item_id=event.item_id, audio_end_ms=event.audio_end_ms
            )
        case out.ItemDeleted():
            return server.ItemDeleted(item_id=event.item_id)
        case out.ClosingSoon():
            return extras.ClosingSoon(seconds=event.seconds)
        case _:
            raise AssertionError(f"{event} has no message")


def _turn_committed(event: out.TurnCommitted) -> Iterator[BaseModel]:
    previous = event.previous_item_id
    item = item_of(Item(event.item_id, "user", event.text, is_spoken=True))
    yield server.Committed(item_id=event.item_id, previous_item_id=previous)
    yield server.ItemAdded(item=item, previous_item_id=previous)
    yield server.ItemDone(item=item, previous_item_id=previous)
    usage = {"type": "duration", "seconds": round(event.audio_seconds, 3)}
    yield server.TranscriptCompleted(
        item_id=event.item_id, transcript=event.text, usage=usage
    )


def _message_started(event: out.MessageStarted) -> Iterator[BaseModel]:
    item = item_of(
        Item(event.item_id, "assistant", is_spoken=event.speaks), "in_progress"
    )
    yield server.OutputItemAdded(response_id=event.response_id, item=item)
    if not event.out_of_band:
        previous = event.previous_item_id
        yield server.ItemAdded(item=item, previous_item_id=previous)


def _message_ended(event: out.MessageEnded) -> Iterator[BaseModel]:
    item = event.item
    ids = {"response_id": event.response_id, "item_id": item.id}
    if item.is_spoken:
        yield server.AudioDone(**ids)
        yield server.SpokenTextDone(**ids, transcript=item.text)
    else:
        yield server.WrittenTextDone(**ids, text=item.text)
    yield from _item_done(event, item_of(item))


def _item_done(
    event: out.MessageEnded | out.FunctionCalled, item: dict[str, Any], index: int = 0
) -> Iterator[BaseModel]:
    yield server.OutputItemDone(
        response_id=event.response_id, output_index=index, item=item
    )
    if not event.out_of_band:
        yield server.ItemDone(item=item, previous_item_id=event.previous_item_id)


def _function_called(event: out.FunctionCalled) -> Iterator[BaseModel]:
    begun = Item(
        event.item_id, kind="function_call", call_id=event.call_id, name=event.name
    )
    index, item = event.output_index, item_of(begun, "in_progress")
    yield server.OutputItemAdded(
        response_id=event.response_id, output_index=index, item=item
    )
    if not event.out_of_band:
        previous = event.previous_item_id
        yield server.ItemAdded(item=item, previous_item_id=previous)
    ids: dict[str, Any] = {
        "response_id": event.response_id,
        "item_id": event.item_id,
        "output_index": index,
        "call_id": event.call_id,
    }
    yield server.ArgumentsDelta(**ids, delta=event.arguments)
    yield server.ArgumentsDone(**ids, name=event.name, arguments=event.arguments)
    yield from _item_done(
        event, item_of(replace(begun, arguments=event.arguments)), index
    )


def _response_ended(event: out.ResponseEnded) -> Iterator[BaseModel]:
    if event.error is not None:
        yield error_event(event.error)
    yield server.ResponseDone(response=response_over(event))
    yield extras.Metrics(response_id=event.response_id, stages_ms=event.stages_ms)
