"""WebSocket messages as the API page shows them, read from their classes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined


@dataclass(frozen=True)
class FieldDoc:
    """One field of a message."""

    name: str
    kind: str
    required: bool
    sentence: str


@dataclass(frozen=True)
class MessageDoc:
    """One message: its type, description, fields, and an example."""

    name: str
    sentence: str
    fields: list[FieldDoc]
    example: str


@dataclass(frozen=True)
class SocketDoc:
    """One WebSocket address with the messages of both directions."""

    path: str
    sentence: str
    audio: str
    """The content of a binary frame."""
    client_messages: list[MessageDoc]
    server_messages: list[MessageDoc]

    @property
    def anchor(self) -> str:
        return self.path.strip("/").replace("/", "-")


def message_docs(classes: Sequence[type[BaseModel]]) -> list[MessageDoc]:
    """The documentation of each class, in the given order."""
    return [_message(each) for each in classes]


def _message(message: type[BaseModel]) -> MessageDoc:
    schema = message.model_json_schema()
    properties: dict[str, Any] = schema.get("properties", {})
    required = schema.get("required", [])
    name = str(message.model_fields["type"].default)
    fields = [
        FieldDoc(field, _kind(entry), field in required, entry.get("description", ""))
        for field, entry in properties.items()
        if field != "type"
    ]
    sentence = " ".join((message.__doc__ or "").split())
    return MessageDoc(name, sentence, fields, _example(name, message))


def _kind(entry: dict[str, Any]) -> str:
    """The type of a field in words."""
    if "const" in entry:
        return json.dumps(entry["const"])
    if "enum" in entry:
        return ", ".join(json.dumps(value) for value in entry["enum"])
    if "anyOf" in entry:
        kinds = [_kind(each) for each in entry["anyOf"] if each.get("type") != "null"]
        return " or ".join(kinds)
    if entry.get("type") == "array":
        return f"list of {_kind(entry.get('items', {}))}"
    kind: str = entry.get("type", "object")
    return {"integer": "whole number", "boolean": "true or false"}.get(kind, kind)


def _example(name: str, message: type[BaseModel]) -> str:
    """An example message, from the examples and defaults of its fields."""
    shown: dict[str, Any] = {"type": name}
    for field, info in message.model_fields.items():
        if field == "type":
            continue
        if info.examples:
            shown[field] = info.examples[0]
        elif info.default is not PydanticUndefined and info.default is not None:
            shown[field] = info.default
        elif info.is_required():
            shown[field] = _STAND_INS.get(info.annotation or object, "...")
    return json.dumps(shown, ensure_ascii=False, default=str)


_STAND_INS: dict[Any, Any] = {str: "...", int: 16_000, float: 1.23, bool: True}
