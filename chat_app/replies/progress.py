"""Sends the events of one response, and keeps what was sent."""

from __future__ import annotations

from collections.abc import Callable

from chat_app.core import outputs as out
from chat_app.core.dialogue import Item
from chat_app.core.ids import new_id
from chat_app.replies.reply import Reply
from common.errors import VoiceError


class ResponseProgress:
    """Sends the start, the message, the calls and the end of a response, each once."""

    def __init__(
        self,
        reply: Reply,
        put: Callable[[out.ConversationEvent], None],
        keep: Callable[[Item], str | None],
    ) -> None:
        """`keep` is called with each item when it begins and when it is complete; it
        returns the id of the item before it."""
        self.number = 0
        """Counts the conversation's responses from 1; 0 before it is released."""
        self.previous_item_id: str | None = None
        """The last item of the conversation when it began."""
        self.message: Item | None = None
        """None until it begins; the text is set at its end."""
        self.calls: tuple[Item, ...] = ()
        self.ended: out.ResponseEnded | None = None
        self._reply = reply
        self._put = put
        self._keep = keep
        self._message_previous: str | None = None
        self._message_is_open = False

    @property
    def items(self) -> tuple[Item, ...]:
        """The items that the response has made, in order."""
        return (*([self.message] if self.message else []), *self.calls)

    def start(self, number: int, previous_item_id: str | None) -> None:
        reply, spec = self._reply, self._reply.spec
        self.number, self.previous_item_id = number, previous_item_id
        self._put(
            out.ResponseStarted(
                reply.response_id,
                reply.item_id,
                number,
                previous_item_id,
                speaks=spec.speaks,
                out_of_band=spec.out_of_band,
                metadata=spec.metadata,
                tag=spec.tag,
            )
        )

    def start_message(self) -> None:
        reply, spec = self._reply, self._reply.spec
        self.message = self.message_with("", is_complete=False)
        self._message_is_open = True
        self._message_previous = self._keep(self.message)
        self._put(
            out.MessageStarted(
                reply.response_id,
                reply.item_id,
                self._message_previous,
                speaks=spec.speaks,
                out_of_band=spec.out_of_band,
            )
        )

    def message_with(self, text: str, *, is_complete: bool) -> Item:
        """The message of the response, with that text."""
        item_id, speaks = self._reply.item_id, self._reply.spec.speaks
        return Item(item_id, "assistant", text, is_complete, is_spoken=speaks)

    def end_message(self, text: str, *, is_complete: bool) -> None:
        """End the message, if there is one and it has not ended."""
        if not self._message_is_open:
            return
        self.message = self.message_with(text, is_complete=is_complete)
        self._message_is_open = False
        self._put(
            out.MessageEnded(
                self._reply.response_id,
                self.message,
                self._message_previous,
                out_of_band=self._reply.spec.out_of_band,
            )
        )

    def call_functions(self) -> None:
        """Send all function calls of the language model."""
        reply = self._reply
        for call in reply.writing.calls:
            item = Item(
                new_id("item"),
                kind="function_call",
                call_id=new_id("call"),
                model_call_id=call.id,
                name=call.name,
                arguments=call.arguments_json,
            )
            self._put(
                out.FunctionCalled(
                    reply.response_id,
                    item.id,
                    item.call_id,
                    item.name,
                    item.arguments,
                    self._keep(item),
                    output_index=len(self.items),
                    out_of_band=reply.spec.out_of_band,
                )
            )
            self.calls = (*self.calls, item)

    def end(
        self,
        status: out.Status,
        reason: str,
        *,
        heard: tuple[str, int | None] | None,
        error: VoiceError | None,
        stages_ms: dict[str, float],
    ) -> None:
        """`heard` is the text that was heard of a cut response, and its milliseconds; without
        it the response was heard in full."""
        reply, finished = self._reply, self._reply.writing.finished
        usage = finished.usage if finished else None
        text, heard_ms = heard or (reply.text, None)
        self.end_message(text, is_complete=status == "completed")
        self.ended = out.ResponseEnded(
            reply.response_id,
            reply.item_id,
            self.previous_item_id,
            status,
            reason,
            self.message.text if self.message else "",
            heard_ms,
            error,
            stages_ms,
            (usage.prompt_tokens, usage.completion_tokens) if usage else None,
            items=self.items,
            speaks=reply.spec.speaks,
            out_of_band=reply.spec.out_of_band,
            metadata=reply.spec.metadata,
        )
        self._put(self.ended)
