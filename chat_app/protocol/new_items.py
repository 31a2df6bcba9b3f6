"""The items that a client of `/ws/voice` adds, and the responses that it asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from chat_app.conversation.options import ConversationOptions
from chat_app.core.dialogue import Item
from chat_app.protocol.parts import (
    LONGEST_ID,
    LONGEST_RESULT,
    LONGEST_TEXT,
    AudioOutput,
    FunctionName,
    Part,
    ReplyFields,
)
from chat_app.replies.request import ResponseRequest
from common.errors import BadValue

ItemId = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
MOST_ITEMS = 100
"""In the input of one response."""


class TextContent(Part):
    """Typed text."""

    type: Literal["input_text", "output_text"] = "input_text"
    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


class NewMessage(Part):
    """A message that was typed."""

    id: ItemId | None = None
    type: Literal["message"]
    role: Literal["user", "assistant", "system"]
    content: list[TextContent] = Field(min_length=1, max_length=16)

    def as_item(self) -> Item:
        text = "\n".join(each.text for each in self.content)
        return Item(self.id or "", self.role, text)


class NewCall(Part):
    """A function call of an earlier conversation."""

    id: ItemId | None = None
    type: Literal["function_call"]
    call_id: ItemId
    name: FunctionName
    arguments: str = Field(max_length=LONGEST_RESULT)

    def as_item(self) -> Item:
        return Item(
            self.id or "",
            kind="function_call",
            call_id=self.call_id,
            name=self.name,
            arguments=self.arguments,
        )


class NewResult(Part):
    """What a function has returned."""

    id: ItemId | None = None
    type: Literal["function_call_output"]
    call_id: ItemId
    output: str = Field(max_length=LONGEST_RESULT)

    def as_item(self) -> Item:
        kind: Literal["function_call_output"] = "function_call_output"
        return Item(self.id or "", kind=kind, call_id=self.call_id, output=self.output)


class KnownItem(Part):
    """An item of the conversation."""

    type: Literal["item_reference"]
    id: ItemId


NewItem = Annotated[NewMessage | NewCall | NewResult, Field(discriminator="type")]
InputItem = Annotated[
    NewMessage | NewCall | NewResult | KnownItem, Field(discriminator="type")
]
MetadataKey = Annotated[str, Field(min_length=1, max_length=64)]
MetadataValue = Annotated[str, Field(max_length=512)]


class ResponseAudio(Part):
    output: AudioOutput | None = None


class ResponseFields(ReplyFields):
    """What a client wants of one response; the rest is that of the session."""

    conversation: Literal["auto", "none"] = "auto"
    input: list[InputItem] | None = Field(None, max_length=MOST_ITEMS)
    audio: ResponseAudio | None = None
    metadata: dict[MetadataKey, MetadataValue] | None = Field(None, max_length=16)

    def as_request(
        self, options: ConversationOptions, known: Callable[[str], Item | None]
    ) -> ResponseRequest:
        """`known` finds the items of the conversation. Raises BadValue for another."""
        voice = self.audio.output if self.audio is not None else None
        return ResponseRequest(
            out_of_band=self.conversation == "none",
            items=None if self.input is None else tuple(_items(self.input, known)),
            instructions=self.instructions or "",
            speaks=self.speaks,
            voice=with_voice(options, voice).voice if voice is not None else None,
            llm=self.applied(options.llm),
            metadata=self.metadata or {},
        )


def with_voice(options: ConversationOptions, given: AudioOutput) -> ConversationOptions:
    """The options with that voice and speed."""
    voice = options.voice
    if given.voice is not None:
        voice = replace(voice, voice=given.voice)
    if given.speed is not None:
        voice = replace(voice, speed=given.speed)
    return replace(options, voice=voice)


def _items(
    given: list[NewMessage | NewCall | NewResult | KnownItem],
    known: Callable[[str], Item | None],
) -> list[Item]:
    items = []
    for each in given:
        item = known(each.id) if isinstance(each, KnownItem) else each.as_item()
        if item is None:
            raise BadValue(f"There is no item `{each.id}`.", field="response.input")
        items.append(item)
    return items
