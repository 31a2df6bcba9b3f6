"""What the language model does for a `responses` delegation, as events of the Responses API.

Source: `openai.types.responses` of the openai library, version 3.54.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from chat_app.core import outputs as out
from chat_app.core.dialogue import Item
from chat_app.core.ids import new_id
from compat_app.realtime.live import server

COMMENTARY = {"origin": "commentary"}
"""Metadata of a response that only speaks a text of the client."""
ASKED = {"origin": "response.create"}
_ENDS: dict[out.Status, str] = {
    "completed": "completed",
    "failed": "failed",
    "cancelled": "incomplete",
    "incomplete": "incomplete",
}


class Backend:
    """The stream of each response, within the delegation that it belongs to."""

    def __init__(self, model: str) -> None:
        self.model = model
        self._delegation_id: str | None = None
        self._response_id = ""
        """The one in progress, if it belongs to a delegation."""
        self._number = 0
        self._text = ""

    def events(self, event: out.ConversationEvent, now_ms: int) -> Iterator[BaseModel]:
        """Those for this event of the engine."""
        if isinstance(event, out.ResponseStarted) and event.metadata != COMMENTARY:
            yield from self._started(event, now_ms)
        if not self._response_id:
            return
        match event:
            case out.MessageStarted(response_id=self._response_id):
                self._text = ""
                yield self._item("added", _message(event.item_id, "", "in_progress"))
            case out.ReplyText(response_id=self._response_id):
                self._text += event.text
                yield self._wrap("output_text.delta", delta=event.text, **_at(event))
            case out.MessageEnded(response_id=self._response_id):
                yield from self._message_ended(event.item)
            case out.FunctionCalled(response_id=self._response_id):
                yield from self._called(event)
            case out.ResponseEnded(response_id=self._response_id):
                yield self._ended(event)

    def _started(
        self, event: out.ResponseStarted, now_ms: int
    ) -> Iterator[server.ServerEvent]:
        self._response_id, self._number = event.response_id, 0
        if event.metadata != ASKED or self._delegation_id is None:
            self._delegation_id = new_id("delegation")
            details = server.DelegationDetails(
                id=self._delegation_id,
                target="responses",
                response_id=event.response_id,
            )
            yield server.DelegationCreated(delegation=details, offset_ms=now_ms)
        yield self._wrap("created", response=self._response("in_progress"))

    def _message_ended(self, item: Item) -> Iterator[server.ServerEvent]:
        # Of a reply that was cut short the item has less: what was heard.
        yield self._wrap(
            "output_text.done",
            text=self._text,
            item_id=item.id,
            output_index=0,
            content_index=0,
            logprobs=[],
        )
        status = "completed" if item.is_complete else "incomplete"
        yield self._item("done", _message(item.id, self._text, status))

    def _called(self, event: out.FunctionCalled) -> Iterator[server.ServerEvent]:
        index = event.output_index
        yield self._item("added", _call(event, "", "in_progress"), index)
        yield self._wrap(
            "function_call_arguments.done",
            arguments=event.arguments,
            item_id=event.item_id,
            name=event.name,
            output_index=index,
        )
        yield self._item("done", _call(event, event.arguments, "completed"), index)

    def _ended(self, event: out.ResponseEnded) -> server.ServerEvent:
        status = _ENDS[event.status]
        response = self._response(status)
        if event.error is not None:
            code = "server_error"
            response["error"] = {"code": code, "message": event.error.message}
        told = self._wrap(status, response=response)
        self._response_id = ""
        return told

    def _response(self, status: str) -> dict[str, Any]:
        """As OpenAI sends it here: without its instructions, tools and output."""
        return {
            "id": self._response_id,
            "object": "response",
            "created_at": time.time(),
            "status": status,
            "model": self.model,
            "output": [],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
        }

    def _item(self, what: str, item: dict[str, Any], index: int = 0) -> Any:
        return self._wrap(f"output_item.{what}", item=item, output_index=index)

    def _wrap(self, kind: str, **fields: Any) -> server.ResponseEvent:
        nested = {"type": f"response.{kind}", "sequence_number": self._number, **fields}
        self._number += 1
        return server.ResponseEvent(event=nested, delegation_id=self._delegation_id)


def _at(event: out.ReplyText) -> dict[str, Any]:
    place = {"output_index": 0, "content_index": 0, "logprobs": []}
    return {"item_id": event.item_id, **place}


def _message(item_id: str, text: str, status: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    return {
        "id": item_id,
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content,
    }


def _call(event: out.FunctionCalled, arguments: str, status: str) -> dict[str, Any]:
    return {
        "id": event.item_id,
        "type": "function_call",
        "call_id": event.call_id,
        "name": event.name,
        "arguments": arguments,
        "status": status,
    }
