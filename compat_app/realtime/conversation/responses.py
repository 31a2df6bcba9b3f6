"""The events of one response."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chat_app.core import outputs as out
from chat_app.protocol import server
from chat_app.protocol.event import ServerEvent
from chat_app.protocol.server import ItemAdded
from chat_app.protocol.shapes import item_of
from common.errors import TimedOut
from compat_app.realtime.conversation.items import wire
from compat_app.realtime.conversation.items.item_index import ItemIndex
from compat_app.realtime.conversation.items.wire import WireItem
from compat_app.realtime.conversation.output import OutputAudio
from compat_app.realtime.shared import conversation_messages as messages
from compat_app.realtime.shared.errors import failure
from compat_app.realtime.shared.messages import ItemDone
from compat_app.realtime.shared.session import AudioFormat

_REASONS = ("turn_detected", "client_cancelled", "max_output_tokens", "content_filter")


class WireResponse:
    """The events of one response, from `created` to `ended`."""

    def __init__(
        self,
        started: out.ResponseStarted,
        shown: dict[str, Any],
        items: ItemIndex,
        audio_format: AudioFormat | None,
    ) -> None:
        """`shown` are the fields of the response object that describe how it is made.
        Without an `audio_format` no event carries audio."""
        self.id = started.response_id
        self.out_of_band = started.out_of_band
        self._speaks = started.speaks
        self._shown = {
            "object": "realtime.response",
            "id": started.response_id,
            **shown,
            "metadata": dict(started.metadata) or None,
        }
        self._items = items
        self._audio: OutputAudio | None = None
        if audio_format is not None and started.speaks:
            self._audio = OutputAudio(audio_format)
        self._output: list[WireItem] = []
        self._message = started.item_id

    def created(self) -> Iterator[ServerEvent]:
        yield messages.ResponseCreated(response=self._whole("in_progress", None, None))

    def begin_message(self, event: out.MessageStarted) -> Iterator[ServerEvent]:
        """A message of the response begins."""
        item = wire.message(event.item_id, "assistant", [], "in_progress")
        yield from self._begin(item, event.previous_item_id)
        yield messages.ContentPartAdded(**self._place, part=self._part(""))

    def write(self, text: str) -> Iterator[ServerEvent]:
        """More text of the message."""
        kind = server.SpokenTextDelta if self._speaks else server.WrittenTextDelta
        yield kind(**self._place, delta=text)

    def speak(self, audio: out.ReplyAudio) -> Iterator[ServerEvent]:
        """More audio of the message."""
        if self._audio is not None:
            yield from self._delta(self._audio.push(audio.samples, audio.rate_hz))

    def end_message(self, event: out.MessageEnded) -> Iterator[ServerEvent]:
        """The message is complete, or was cut off."""
        text = event.item.text
        if self._audio is not None and event.item.is_complete:
            yield from self._delta(self._audio.finish())
        if self._speaks:
            yield server.AudioDone(**self._place)
            yield server.SpokenTextDone(**self._place, transcript=text)
        else:
            yield server.WrittenTextDone(**self._place, text=text)
        yield messages.ContentPartDone(**self._place, part=self._part(text))
        yield from self._end(item_of(event.item))

    def call(self, event: out.FunctionCalled) -> Iterator[ServerEvent]:
        """The response calls a function."""
        begun = wire.call(event.item_id, event.call_id, event.name, "", "in_progress")
        yield from self._begin(begun, event.previous_item_id)
        place = {
            "response_id": self.id,
            "item_id": event.item_id,
            "output_index": len(self._output),
            "call_id": event.call_id,
        }
        yield server.ArgumentsDelta(**place, delta=event.arguments)
        yield server.ArgumentsDone(**place, name=event.name, arguments=event.arguments)
        made = wire.call(event.item_id, event.call_id, event.name, event.arguments)
        yield from self._end(made)

    def ended(self, event: out.ResponseEnded) -> Iterator[ServerEvent]:
        """The response is over."""
        status, details = _status(event)
        yield messages.ResponseDone(response=self._whole(status, details, event.tokens))

    @property
    def _place(self) -> dict[str, Any]:
        """Where the content of the message belongs."""
        return {
            "response_id": self.id,
            "item_id": self._message,
            "output_index": len(self._output),
            "content_index": 0,
        }

    def _begin(self, item: WireItem, after: str | None) -> Iterator[ServerEvent]:
        index = len(self._output)
        yield server.OutputItemAdded(response_id=self.id, output_index=index, item=item)
        if not self.out_of_band:
            previous = self._items.add(item, after and self._items.client_id(after))
            yield ItemAdded(previous_item_id=previous, item=item)

    def _end(self, item: WireItem) -> Iterator[ServerEvent]:
        index = len(self._output)
        self._output.append(item)
        yield server.OutputItemDone(response_id=self.id, output_index=index, item=item)
        if not self.out_of_band:
            self._items.change(item)
            yield ItemDone(previous_item_id=self._items.before(item["id"]), item=item)

    def _delta(self, audio: str) -> Iterator[ServerEvent]:
        if audio:
            yield messages.AudioDelta(**self._place, delta=audio)

    def _part(self, text: str) -> dict[str, str]:
        if self._speaks:
            return {"type": "audio", "transcript": text}
        return {"type": "text", "text": text}

    def _whole(
        self,
        status: str,
        details: dict[str, Any] | None,
        tokens: tuple[int, int] | None,
    ) -> dict[str, Any]:
        return {
            **self._shown,
            "status": status,
            "status_details": details,
            "output": list(self._output),
            "usage": _usage(tokens),
        }


def _status(event: out.ResponseEnded) -> tuple[str, dict[str, Any] | None]:
    """`status` and `status_details`. An error or a timeout is `failed` in this API."""
    error = event.error
    if error is None and event.reason == "timed_out":
        error = TimedOut("The response did not begin in time.")
    if error is not None:
        told = failure(error).model_dump(include={"type", "code", "message"})
        return "failed", {"type": "failed", "error": told}
    if event.status == "completed":
        return "completed", None
    reason = event.reason if event.reason in _REASONS else "max_output_tokens"
    return event.status, {"type": event.status, "reason": reason}


def _usage(tokens: tuple[int, int] | None) -> dict[str, Any] | None:
    """The tokens, all of them text."""
    if tokens is None:
        return None
    read, written = tokens
    return {
        "total_tokens": read + written,
        "input_tokens": read,
        "output_tokens": written,
        "input_token_details": {
            "text_tokens": read,
            "audio_tokens": 0,
            "image_tokens": 0,
            "cached_tokens": 0,
        },
        "output_token_details": {"text_tokens": written, "audio_tokens": 0},
    }
