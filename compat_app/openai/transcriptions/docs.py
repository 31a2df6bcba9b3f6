"""What the OpenAPI description says of the two routes."""

from __future__ import annotations

from typing import Any

from compat_app.openai.transcriptions.fields import Fields
from compat_app.openai.transcriptions.upload import FILE, JSON, MULTIPART
from stt_app.core.engine import Task

_TEXT = {"schema": {"type": "string"}}
_FILE = {
    "type": "string",
    "format": "binary",
    "description": "The recording, in any format that FFmpeg decodes.",
}
_INPUT_AUDIO = {
    "type": "object",
    "properties": {
        "data": {"type": "string", "format": "byte"},
        "format": {"type": "string"},
    },
    "required": ["data"],
    "description": "The recording as base64; `format` is ignored.",
}
_LISTS = ("languages", "keywords", "timestamp_granularities", "include")
_ONLY_TRANSCRIBE = ("stream",)


def request_docs(task: Task) -> dict[str, Any]:
    """The body and the responses of the route for this task."""
    return {
        "requestBody": {
            "required": True,
            "content": {
                MULTIPART: {"schema": _form(task)},
                JSON: {"schema": _object(task)},
            },
        },
        "responses": {
            200: {
                "description": "The text, in the `response_format`.",
                "content": {
                    JSON: {"schema": {"type": "object"}},
                    "text/plain": _TEXT,
                    "text/event-stream": _TEXT,
                },
            },
            400: {
                "description": "An invalid field, named by `param`, an unreadable file, "
                "or one over `upload_max_mb` or `file_max_seconds`."
            },
            503: {"description": "Too many recordings wait; see `Retry-After`."},
        },
    }


def _form(task: Task) -> dict[str, Any]:
    properties = {
        f"{name}[]" if name in _LISTS else name: value
        for name, value in _properties(task).items()
    }
    return {
        "type": "object",
        "properties": {FILE: _FILE, **properties},
        "required": [FILE],
    }


def _object(task: Task) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"input_audio": _INPUT_AUDIO, **_properties(task)},
        "required": ["input_audio"],
    }


def _properties(task: Task) -> dict[str, Any]:
    found: dict[str, Any] = Fields.model_json_schema()["properties"]
    hidden = _ONLY_TRANSCRIBE if task == "translate" else ()
    return {name: value for name, value in found.items() if name not in hidden}
