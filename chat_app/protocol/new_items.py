"""The items that a client of `/ws/voice` adds, and the responses that it asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from chat_app.conversation.options import ConversationOptions
from chat_app.core.dialogue import Item
from chat_app.protocol.item_fields import (
    CallFields,
    MessageFields,
    Metadata,
    ReferenceFields,
    ResultFields,
)
from chat_app.protocol.parts import (
    LONGEST_TEXT,
    AudioOutput,
    FunctionName,
    Part,
    ReplyFields,
)
from chat_app.replies.request import ResponseRequest
from common.errors import BadValue

MOST_ITEMS = 100
"""In the input of one response."""


class TextContent(Part):
    """Typed text."""

    type: Literal["input_text", "output_text"] = "input_text"
    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


class NewMessage(MessageFields, Part):
    """A message that was typed."""

    content: list[TextContent] = Field(min_length=1, max_length=16)

    def as_item(self) -> Item:
        text = "\n".join(each.text for each in self.content)
        return Item(self.id or "", self.role, text)


class NewCall(CallFields, Part):
    """A function call of an earlier conversation."""

    name: FunctionName


class NewResult(ResultFields, Part):
    """What a function has returned."""


class KnownItem(ReferenceFields, Part):
    """An item of the conversation."""


NewItem = Annotated[NewMessage | NewCall | NewResult, Field(discriminator="type")]
InputItem = Annotated[
    NewMessage | NewCall | NewResult | KnownItem, Field(discriminator="type")
]


class ResponseAudio(Part):
    output: AudioOutput | None = None


class ResponseFields(ReplyFields):
    """What a client wants of one response; the rest is that of the session."""

    conversation: Literal["auto", "none"] = "auto"
    input: list[InputItem] | None = Field(None, max_length=MOST_ITEMS)
    audio: ResponseAudio | None = None
    metadata: Metadata | None = None

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
