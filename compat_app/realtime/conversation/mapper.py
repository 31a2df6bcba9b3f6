"""Maps the events of a conversation to events of the Realtime API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from chat_app.core import outputs as out
from chat_app.core.ids import new_id
from chat_app.core.user_turn import HeardWord
from chat_app.protocol import server
from chat_app.protocol.event import ServerEvent
from chat_app.protocol.server import Committed, ItemAdded
from chat_app.protocol.shapes import item_of
from common.errors import NotFound, VoiceError
from compat_app.realtime.conversation.captions import Captions
from compat_app.realtime.conversation.items import wire
from compat_app.realtime.conversation.items.item_index import ItemIndex
from compat_app.realtime.conversation.responses import WireResponse
from compat_app.realtime.shared import conversation_messages as messages
from compat_app.realtime.shared.conversation import ConversationConfig, modalities
from compat_app.realtime.shared.errors import failure
from compat_app.realtime.shared.messages import (
    ItemDone,
    SpeechStarted,
    SpeechStopped,
    TranscriptDelta,
    TranscriptFailed,
)
from compat_app.realtime.shared.transcripts import completed

_NOTHING_SAID = "There were no words in it that need an answer."


class ConversationMapper:
    """Maps the events of one conversation.

    Events without a counterpart in this API are dropped: candidates, clauses, pauses of
    the output, and changes of the endpointing delay.
    """

    def __init__(
        self, config: ConversationConfig, *, has_audio: bool, tells_truncation: bool
    ) -> None:
        """`has_audio`: events carry the audio. `tells_truncation`: the client is told of
        items that the server truncates on its own."""
        self.config = config
        self.items = ItemIndex()
        self.commits = 0
        """Commits of the client that are not answered yet; the caller increments it."""
        self.transcribed: set[str] = set()
        """Items that the client has created with audio, whose transcripts are to be sent."""
        self.asked = False
        """Whether the client has asked for a response that has not begun."""
        self.truncations: set[str] = set()
        """The items that the client has asked to truncate."""
        self._has_audio = has_audio
        self._tells_truncation = tells_truncation
        self._conversation_id = new_id("conv")
        self._responses: dict[str, WireResponse] = {}
        self._started: str | None = None
        """The item of the turn in progress, if the client knows that it has started."""
        self._captions: dict[str, Captions] = {}
        self._last_turn = ("", "")
        """The newest turn that was committed, which may be reopened, and its text."""
        self._error: VoiceError | None = None
        """Why a part of the turn in progress has no transcript."""

    def is_answering(self, response_id: str = "") -> bool:
        """Whether that response, or one of the conversation, is in progress."""
        if response_id:
            return response_id in self._responses
        answers = any(not each.out_of_band for each in self._responses.values())
        return answers or self.asked

    def events(self, event: out.ConversationEvent) -> Iterator[ServerEvent]:
        """The events for this one, in order."""
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            yield from handler(self, event)

    def empty_commit(self) -> Iterator[ServerEvent]:
        """The events that answer a commit of audio without speech."""
        yield from self._committed(new_id("item"), "")

    @property
    def _detects_turns(self) -> bool:
        return self.config.hearing.turn_detection is not None

    def _speech_started(self, event: out.SpeechStarted) -> Iterator[ServerEvent]:
        item_id = self._started = self.items.client_id(event.item_id)
        if self._detects_turns:
            yield SpeechStarted(item_id=item_id, audio_start_ms=event.audio_start_ms)

    def _speech_stopped(self, event: out.SpeechStopped) -> Iterator[ServerEvent]:
        item_id = self.items.client_id(event.item_id)
        if self._detects_turns:
            yield SpeechStopped(item_id=item_id, audio_end_ms=event.audio_end_ms)

    def _caption_heard(self, event: out.CaptionHeard) -> Iterator[ServerEvent]:
        item_id = self.items.client_id(event.item_id)
        captions = self._captions.setdefault(item_id, Captions())
        text = self._new_part(event.item_id, event.text)
        yield from self._delta(item_id, captions.hear(text))

    def _turn_committed(self, event: out.TurnCommitted) -> Iterator[ServerEvent]:
        text = self._new_part(event.item_id, event.text)
        self._last_turn = event.item_id, event.text
        yield from self._committed(
            self.items.client_id(event.item_id),
            text,
            seconds=event.audio_seconds,
            language=event.language,
            words=event.words,
        )
        self._settle()

    def _silence_committed(self, event: out.SilenceCommitted) -> Iterator[ServerEvent]:
        item_id = self.items.client_id(event.item_id)
        yield messages.TimeoutTriggered(
            item_id=item_id,
            audio_start_ms=event.audio_start_ms,
            audio_end_ms=event.audio_end_ms,
        )
        yield from self._committed(item_id, "")

    def _turn_dropped(self, event: out.TurnDropped) -> Iterator[ServerEvent]:
        item_id, error = self.items.client_id(event.item_id), self._error
        started = self._started == item_id
        if self.commits and event.why != "cleared":
            yield from self._committed(item_id, "", error=error)
        elif started and event.why != "cleared":
            # The turn has no item: this makes the client drop the captions.
            yield self._failed(item_id, error or NotFound(_NOTHING_SAID))
        self._captions.pop(item_id, None)
        self._settle()

    def _turn_reopened(self, event: out.TurnReopened) -> Iterator[ServerEvent]:
        """Clients cannot take an item back, so the rest of the turn is a new one."""
        self.items.rename(event.item_id, new_id("item"))
        yield from ()

    def _input_failed(self, event: out.InputFailed) -> Iterator[ServerEvent]:
        self._error = event.error
        yield from ()

    def _settle(self) -> None:
        self.commits = max(0, self.commits - 1)
        self._started = self._error = None

    def _new_part(self, item_id: str, text: str) -> str:
        """The text of a turn since it was reopened."""
        before, told = self._last_turn
        return text.removeprefix(told).strip() if item_id == before else text

    def _committed(
        self,
        item_id: str,
        text: str,
        *,
        seconds: float = 0.0,
        language: str = "",
        words: Sequence[HeardWord] = (),
        error: VoiceError | None = None,
    ) -> Iterator[ServerEvent]:
        content = wire.content("user", None, is_spoken=True)
        item = wire.message(item_id, "user", [content])
        previous = self.items.add(item)
        yield Committed(item_id=item_id, previous_item_id=previous)
        yield ItemAdded(previous_item_id=previous, item=item)
        yield ItemDone(previous_item_id=previous, item=item)
        self.items.change(wire.with_text(item, text))
        captions = self._captions.pop(item_id, Captions())
        if error is not None and self.config.transcribes:
            yield self._failed(item_id, error)
        elif self.config.transcribes:
            yield from self._delta(item_id, captions.end(text))
            wants_logprobs = self.config.hearing.wants_logprobs
            yield completed(
                item_id, text, seconds, language, words if wants_logprobs else None
            )

    def _delta(self, item_id: str, more: str) -> Iterator[ServerEvent]:
        if more and self.config.transcribes:
            yield TranscriptDelta(item_id=item_id, content_index=0, delta=more)

    def _failed(self, item_id: str, error: VoiceError) -> TranscriptFailed:
        details = failure(error)
        return TranscriptFailed(item_id=item_id, content_index=0, error=details)

    def _item_added(self, event: out.ItemAdded) -> Iterator[ServerEvent]:
        item = item_of(event.item)
        after = event.previous_item_id
        previous = self.items.add(item, after and self.items.client_id(after))
        yield ItemAdded(previous_item_id=previous, item=item)
        yield ItemDone(previous_item_id=previous, item=item)

        if item["id"] in self.transcribed:
            self.transcribed.discard(item["id"])
            if self.config.transcribes:
                yield completed(item["id"], event.item.text, 0.0)

    def _item_deleted(self, event: out.ItemDeleted) -> Iterator[ServerEvent]:
        item_id = self.items.client_id(event.item_id)
        self.items.remove(item_id)
        yield server.ItemDeleted(item_id=item_id)

    def _item_truncated(self, event: out.ItemTruncated) -> Iterator[ServerEvent]:
        if (item := self.items.find(event.item_id)) is not None and item["content"]:
            self.items.change(wire.with_text(item, event.text))
        asked = event.item_id in self.truncations
        self.truncations.discard(event.item_id)
        if asked or self._tells_truncation:
            yield server.ItemTruncated(
                item_id=event.item_id,
                content_index=0,
                audio_end_ms=event.audio_end_ms,
            )

    def _response_started(self, event: out.ResponseStarted) -> Iterator[ServerEvent]:
        self.asked = self.asked and event.out_of_band
        config = self.config
        if isinstance(event.tag, ConversationConfig):
            config = event.tag
        output = {"format": config.output_format.wire(), "voice": config.voice}
        shown: dict[str, Any] = {
            "conversation_id": None if event.out_of_band else self._conversation_id,
            "output_modalities": modalities(event.speaks),
            "max_output_tokens": config.max_output_tokens or "inf",
            "audio": {"output": output},
        }
        audio_format = config.output_format if self._has_audio else None
        response = WireResponse(event, shown, self.items, audio_format)
        self._responses[event.response_id] = response
        yield from response.created()

    def _message_started(self, event: out.MessageStarted) -> Iterator[ServerEvent]:
        yield from self._responses[event.response_id].begin_message(event)

    def _reply_text(self, event: out.ReplyText) -> Iterator[ServerEvent]:
        yield from self._responses[event.response_id].write(event.text)

    def _reply_audio(self, event: out.ReplyAudio) -> Iterator[ServerEvent]:
        yield from self._responses[event.response_id].speak(event)

    def _message_ended(self, event: out.MessageEnded) -> Iterator[ServerEvent]:
        yield from self._responses[event.response_id].end_message(event)

    def _function_called(self, event: out.FunctionCalled) -> Iterator[ServerEvent]:
        yield from self._responses[event.response_id].call(event)

    def _response_ended(self, event: out.ResponseEnded) -> Iterator[ServerEvent]:
        yield from self._responses.pop(event.response_id).ended(event)


_HANDLERS: dict[type[Any], Callable[..., Iterator[ServerEvent]]] = {
    out.SpeechStarted: ConversationMapper._speech_started,
    out.SpeechStopped: ConversationMapper._speech_stopped,
    out.CaptionHeard: ConversationMapper._caption_heard,
    out.TurnCommitted: ConversationMapper._turn_committed,
    out.SilenceCommitted: ConversationMapper._silence_committed,
    out.TurnDropped: ConversationMapper._turn_dropped,
    out.TurnReopened: ConversationMapper._turn_reopened,
    out.InputFailed: ConversationMapper._input_failed,
    out.ItemAdded: ConversationMapper._item_added,
    out.ItemDeleted: ConversationMapper._item_deleted,
    out.ItemTruncated: ConversationMapper._item_truncated,
    out.ResponseStarted: ConversationMapper._response_started,
    out.MessageStarted: ConversationMapper._message_started,
    out.MessageEnded: ConversationMapper._message_ended,
    out.ReplyText: ConversationMapper._reply_text,
    out.ReplyAudio: ConversationMapper._reply_audio,
    out.FunctionCalled: ConversationMapper._function_called,
    out.ResponseEnded: ConversationMapper._response_ended,
}
