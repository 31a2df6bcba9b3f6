"""The items of a conversation: messages as they were heard, function calls and results."""

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
"""In place of an item id: the beginning of the conversation."""
SO_FAR = "Summary of the conversation so far:"
KEPT_WINDOWS = 4
"""How many times as many items are kept as the model reads."""
NOTHING_SAID = "(The user has said nothing for a while.)"
"""The user message that stands for silence which the model has to answer."""
NO_RESULT_YET = "The result has not arrived yet."
"""The result sent for a call that has none yet; servers refuse a call without one."""


@dataclass(frozen=True)
class Item:
    """A message, a function call of the language model, or the result of one."""

    id: str
    role: Role = "assistant"
    text: str = ""
    """The text of a message."""
    is_complete: bool = True
    """Whether a reply was heard to its end."""
    _: KW_ONLY
    kind: Kind = "message"
    is_spoken: bool = False
    """Whether a message is speech; otherwise it was written."""
    call_id: str = ""
    """The id of a call, in the call and in its result; unique in the conversation."""
    model_call_id: str = ""
    """The id that the language model's server has given a call. Not unique: some servers
    count the calls of each answer."""
    name: str = ""
    """The function that is called."""
    arguments: str = ""
    """The arguments of a call: JSON, as the language model wrote it."""
    output: str = ""
    """The output of a result."""


@dataclass(frozen=True)
class Summary:
    """What the language model reads in place of the oldest items."""

    text: str
    item_ids: frozenset[str]
    """The ids of those items; some may be gone."""


@dataclass
class Dialogue:
    """The items in order. The language model reads the last `longest` of those that are not
    in the summary; older ones are kept so that clients can retrieve them."""

    longest: int
    items: list[Item] = field(default_factory=list)
    summary: Summary | None = None

    @property
    def last_id(self) -> str | None:
        return self.items[-1].id if self.items else None

    def find(self, item_id: str) -> Item | None:
        return next((each for each in self.items if each.id == item_id), None)

    def put(self, item: Item, after: str | None = None) -> str | None:
        """Add the item at the end, after the item with that id, or at the beginning (ROOT). An
        item with the same id is replaced in place.

        Returns the id of the item before it. Raises BadValue if there is no item `after`.
        """
        item = _cleaned(item)
        if (found := self.find(item.id)) is not None:
            place = self.items.index(found)
            self.items[place] = item
            if item != found:
                self._forget_summary_of(item.id)
        else:
            place = self._place(after)
            self.items.insert(place, item)
        previous = self.items[place - 1].id if place else None
        del self.items[: -KEPT_WINDOWS * self.longest]
        return previous

    def remove(self, item_id: str) -> bool:
        """Remove an item, and the summary if it contains the item. Returns whether there was
        one."""
        was_summarised = self._forget_summary_of(item_id)
        found = self.find(item_id)
        if found is not None:
            self.items.remove(found)
        return found is not None or was_summarised

    def unsummarised(self) -> list[Item]:
        """The items that are not in the summary."""
        if self.summary is None:
            return list(self.items)
        done = self.summary.item_ids
        return [each for each in self.items if each.id not in done]

    def messages(self, instructions: str, text: str = "") -> list[ChatMessage]:
        """The messages for the language model; `text` is what the user has just said."""
        if self.summary is not None:
            # Many models take only one system message, and only as the first.
            instructions = f"{instructions}\n\n{SO_FAR} {self.summary.text}"
        items = self.unsummarised()[-self.longest :]
        return chat_messages(items, instructions, text)

    def _forget_summary_of(self, item_id: str) -> bool:
        """Drop the summary if it contains the item. Returns whether it did."""
        has_it = self.summary is not None and item_id in self.summary.item_ids
        if has_it:
            self.summary = None
        return has_it

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
    """The items as messages for the language model; `text` is what the user has just said.

    Each function call is followed by its result, wherever the result is, because servers
    require it. Without any message the instructions become the question: many models do not
    answer a system prompt alone.
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
    """The text and calls of the model in one turn, and the results."""
    if not text and not calls:
        return
    ids = _ids_for_model(calls)
    named = zip(ids, calls, strict=True)
    tool_calls = tuple(ToolCall(own, e.name, e.arguments) for own, e in named)
    yield ChatMessage("assistant", text, tool_calls)
    for own, call in zip(ids, calls, strict=True):
        result = results.get(call.call_id, NO_RESULT_YET)
        yield ChatMessage("tool", result, tool_call_id=own)


def _ids_for_model(calls: Sequence[Item]) -> list[str]:
    """Those that its server gave, unless two calls of this message share one."""
    given = [each.model_call_id or each.call_id for each in calls]
    if len(set(given)) == len(given):
        return given
    return [each.call_id for each in calls]


def _cleaned(item: Item) -> Item:
    return replace(
        item,
        text=clean_text(item.text),
        arguments=clean_text(item.arguments),
        output=clean_text(item.output),
    )
