"""What was said in a conversation: the user's turns, and what was heard of the replies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from common.text_cleaning import clean_text
from llm.engine import ChatMessage

Role = Literal["user", "assistant", "system"]


@dataclass
class Item:
    """A turn of the user, or a reply."""

    id: str
    role: Role
    text: str
    is_complete: bool = True
    """Whether a reply was heard to its end."""


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

    def put(self, item: Item) -> None:
        """Append the item, or replace the one with its id."""
        item.text = clean_text(item.text)
        if (found := self.find(item.id)) is not None:
            self.items[self.items.index(found)] = item
            return
        self.items.append(item)
        del self.items[: -self.longest]

    def remove(self, item_id: str) -> bool:
        """Returns whether there was one."""
        found = self.find(item_id)
        if found is not None:
            self.items.remove(found)
        return found is not None

    def messages(self, instructions: str, text: str = "") -> list[ChatMessage]:
        """As the language model reads them, with what the user has just said."""
        said = [ChatMessage(each.role, each.text) for each in self.items if each.text]
        if text:
            said.append(ChatMessage("user", text))
        return [ChatMessage("system", instructions), *said]
