"""What clients of `/ws/voice` and of `/v1/realtime` put into a conversation alike.

The first one refuses unknown fields and the other one ignores them, so each has classes
of its own with these fields.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from chat_app.core.dialogue import Item

LONGEST_ID = 64
LONGEST_RESULT = 64_000
"""Of a function, in characters; and of the arguments."""

ItemId = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
Metadata = Annotated[
    dict[
        Annotated[str, Field(min_length=1, max_length=64)],
        Annotated[str, Field(max_length=512)],
    ],
    Field(max_length=16),
]
"""What a client gets back with a response."""


class MessageFields(BaseModel):
    """A message."""

    type: Literal["message"]
    id: ItemId | None = None
    role: Literal["user", "assistant", "system"]


class CallFields(BaseModel):
    """A function call of an earlier conversation."""

    type: Literal["function_call"]
    id: ItemId | None = None
    call_id: ItemId
    name: str = Field(min_length=1, max_length=200)
    arguments: str = Field(max_length=LONGEST_RESULT)

    def as_item(self) -> Item:
        """Without an id if the client gave none."""
        return Item(
            self.id or "",
            kind="function_call",
            call_id=self.call_id,
            name=self.name,
            arguments=self.arguments,
        )


class ResultFields(BaseModel):
    """What a function has returned."""

    type: Literal["function_call_output"]
    id: ItemId | None = None
    call_id: ItemId
    output: str = Field(max_length=LONGEST_RESULT)

    def as_item(self) -> Item:
        """Without an id if the client gave none."""
        return Item(
            self.id or "",
            kind="function_call_output",
            call_id=self.call_id,
            output=self.output,
        )


class ReferenceFields(BaseModel):
    """An item of the conversation."""

    type: Literal["item_reference"]
    id: ItemId
