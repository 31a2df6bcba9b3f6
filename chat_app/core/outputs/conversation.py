"""The events of a conversation's items, and of its end."""

from __future__ import annotations

from dataclasses import dataclass

from chat_app.core.dialogue import Item


@dataclass(frozen=True)
class ItemAdded:
    """The client has added an item."""

    item: Item
    previous_item_id: str | None


@dataclass(frozen=True)
class ItemTruncated:
    """The reply's item now ends with what was heard."""

    item_id: str
    audio_end_ms: int
    text: str


@dataclass(frozen=True)
class ItemDeleted:
    item_id: str


@dataclass(frozen=True)
class ClosingSoon:
    """The connection is about to reach its time limit."""

    seconds: float
