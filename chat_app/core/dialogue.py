"""What a conversation consists of: messages as they were heard, function calls, results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Literal

from common.errors import BadValue
from common.text_cleaning import clean_text
from llm.engine import ChatMessage, ToolCall

Role = Literal["user", "assistant", "system"]
Kind = Literal["message", "function_call", "function_call_output"]

ROOT = "root"
"""In place of an item's id: before all items."""
NO_RESULT_YET = "The result has not arrived yet."
"""What the model is told of a call without a result; servers refuse a call alone."""


@dataclass(frozen=True)
class Item:
    """A message, a function call of the language model, or the result of one."""

    id: str
    role: Role = "assistant"
    text: str = ""
    """Of a message."""
    is_complete: bool = True
    """Whether a reply was heard to its end."""
    _: KW_ONLY
    kind: Kind = "message"
    is_spoken: bool = False
    """Whether a message is speech; otherwise it was written."""
    call_id: str = ""
    """Of a call and of its result."""
    name: str = ""
    """The function that is called."""
    arguments: str = ""
    """Of a call: JSON, as the language model wrote it."""
    output: str = ""
    """Of a result."""


@dataclass
class Dialogue:
    """The items in order, at most `longest` of them."""

    longest: int
    items: list[Item] = field(default_factory=list)

    @property
    def last_id(self) -> str | None:
        return self.items[-1].id if self.items else None

    def find(self, item_id: str) -> Item | None:
        return next((each for each in self.items if each.id == item_id), None)

    def put(self, item: Item, after: str | None = None) -> str | None:
        """Add the item at the end, or after the item with that id, or first (ROOT). One
        with an id that exists is replaced where it is.

        Returns the id of the item before it. Raises BadValue if there is no item `after`.
        """
        item = _cleaned(item)
        if (found := self.find(item.id)) is not None:
            place = self.items.index(found)
            self.items[place] = item
        else:
            place = self._place(after)
            self.items.insert(place, item)
        previous = self.items[place - 1].id if place else None
        del self.items[: -self.longest]
        return previous

    def remove(self, item_id: str) -> bool:
        """Returns whether there was one."""
        found = self.find(item_id)
        if found is not None:
            self.items.remove(found)
        return found is not None

    def messages(self, instructions: str, text: str = "") -> list[ChatMessage]:
        """As the language model reads them, with what the user has just said."""
        return chat_messages(self.items, instructions, text)

    def _place(self, after: str | None) -> int:
        if after is None:
            return len(self.items)
        if after == ROOT:
            return 0
        found = self.find(after)
        if found is None:
            raise BadValue(
                f"There is no item `{after[:40]}`.", field="previous_item_id"
            )
        return self.items.index(found) + 1


def chat_messages(
    items: Sequence[Item], instructions: str, text: str = ""
) -> list[ChatMessage]:
    """The items as the language model reads them, with what the user has just said.

    Each function call is followed by its result, wherever that stands, as servers want
    it. Without anything said, the instructions are the question: many models answer
    nothing to a system prompt alone.
    """
    said = list(_turns(items))
    if text:
        said.append(ChatMessage("user", text))
    if not said:
        return [ChatMessage("user", instructions)]
    return [ChatMessage("system", instructions), *said]


def _turns(items: Sequence[Item]) -> Iterator[ChatMessage]:
    results = {e.call_id: e.output for e in items if e.kind == "function_call_output"}
    waiting: list[Item] = []
    spoken = ""
    for item in items:
        if item.kind == "function_call_output" or not (item.text or item.name):
            continue
        if item.kind == "function_call":
            waiting.append(item)
            continue
        yield from _assistant(spoken, waiting, results)
        spoken, waiting = "", []
        if item.role == "assistant":
            spoken = item.text
        else:
            yield ChatMessage(item.role, item.text)
    yield from _assistant(spoken, waiting, results)


def _assistant(
    text: str, calls: Sequence[Item], results: dict[str, str]
) -> Iterator[ChatMessage]:
    """What the model said and called in one turn, and the results."""
    if not text and not calls:
        return
    tool_calls = tuple(ToolCall(e.call_id, e.name, e.arguments) for e in calls)
    yield ChatMessage("assistant", text, tool_calls)
    for call in calls:
        result = results.get(call.call_id, NO_RESULT_YET)
        yield ChatMessage("tool", result, tool_call_id=call.call_id)


def _cleaned(item: Item) -> Item:
    return replace(
        item,
        text=clean_text(item.text),
        arguments=clean_text(item.arguments),
        output=clean_text(item.output),
    )
