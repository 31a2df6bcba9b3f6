"""Items and responses as the OpenAI Realtime API writes them."""

from __future__ import annotations

from typing import Any, Literal

from chat_app.core import outputs as out
from chat_app.core.dialogue import Item

ItemStatus = Literal["completed", "incomplete", "in_progress"]


def item_of(item: Item, status: ItemStatus | None = None) -> dict[str, Any]:
    """The item; without a status it is complete, or was cut short."""
    plain: dict[str, Any] = {
        "id": item.id,
        "object": "realtime.item",
        "type": item.kind,
        "status": status or ("completed" if item.is_complete else "incomplete"),
    }
    if item.kind == "function_call":
        call = {"call_id": item.call_id, "name": item.name}
        return {**plain, **call, "arguments": item.arguments}
    if item.kind == "function_call_output":
        return {**plain, "call_id": item.call_id, "output": item.output}
    return {**plain, "role": item.role, "content": [_content(item)]}


def response_begun(event: out.ResponseStarted) -> dict[str, Any]:
    """The response without anything in it."""
    return {
        "id": event.response_id,
        "object": "realtime.response",
        "status": "in_progress",
        "status_details": None,
        "output": [],
        "output_modalities": ["audio" if event.speaks else "text"],
        "metadata": dict(event.metadata) or None,
        "x.number": event.number,
    }


def response_over(event: out.ResponseEnded) -> dict[str, Any]:
    """The response with all that it has made."""
    details: dict[str, Any] | None = None
    if event.status != "completed":
        details = {"type": event.status, "reason": event.reason or None}
    return {
        "id": event.response_id,
        "object": "realtime.response",
        "status": event.status,
        "status_details": details,
        "output": [item_of(each) for each in event.items],
        "output_modalities": ["audio" if event.speaks else "text"],
        "metadata": dict(event.metadata) or None,
        "usage": _usage(event.tokens),
    }


def _content(item: Item) -> dict[str, str]:
    side = "output" if item.role == "assistant" else "input"
    if item.is_spoken:
        return {"type": f"{side}_audio", "transcript": item.text}
    return {"type": f"{side}_text", "text": item.text}


def _usage(tokens: tuple[int, int] | None) -> dict[str, int] | None:
    if tokens is None:
        return None
    asked, answered = tokens
    return {
        "input_tokens": asked,
        "output_tokens": answered,
        "total_tokens": asked + answered,
    }
