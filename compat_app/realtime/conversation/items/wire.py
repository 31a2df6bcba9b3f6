"""Items as clients see them while they are being made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chat_app.core.dialogue import Role

WireItem = dict[str, Any]


def message(
    item_id: str, role: Role, parts: Sequence[WireItem], status: str = "completed"
) -> WireItem:
    """A message."""
    base = _base(item_id, "message", status)
    return {**base, "role": role, "content": list(parts)}


def content(role: Role, text: str | None, *, is_spoken: bool) -> WireItem:
    """A message's only content; None while the text is not known."""
    direction = "output" if role == "assistant" else "input"
    if is_spoken:
        return {"type": f"{direction}_audio", "transcript": text}
    return {"type": f"{direction}_text", "text": text or ""}


def call(
    item_id: str, call_id: str, name: str, arguments: str, status: str = "completed"
) -> WireItem:
    """A function call."""
    base = _base(item_id, "function_call", status)
    return {**base, "call_id": call_id, "name": name, "arguments": arguments}


def with_text(item: WireItem, text: str) -> WireItem:
    """The same message with another text."""
    (part, *_) = item["content"]
    field = "transcript" if "transcript" in part else "text"
    return {**item, "content": [{**part, field: text}]}


def _base(item_id: str, kind: str, status: str) -> WireItem:
    return {
        "id": item_id,
        "object": "realtime.item",
        "type": kind,
        "status": status,
    }
