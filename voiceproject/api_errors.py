"""The errors of every operation, for the OpenAPI description."""

from __future__ import annotations

from typing import Any

from common.errors import VoiceError
from gateway_app.error_shapes import ErrorShape
from voiceproject.error_shapes import ERROR_SHAPES

_GENERAL = {
    "4XX": "The request is refused: `error` says why.",
    "5XX": "The server cannot do it now: `error` says why.",
}


def document_errors(paths: dict[str, dict[str, Any]]) -> None:
    """Add to each operation the body of its errors, and the errors of any operation."""
    for path, operations in paths.items():
        content = {"application/json": {"schema": _schema(ERROR_SHAPES.of(path))}}
        for operation in operations.values():
            responses = operation["responses"]
            for status, said in _GENERAL.items():
                responses.setdefault(status, {"description": said})
            for status, response in responses.items():
                if str(status)[0] in "45":
                    response.setdefault("content", content)


def _schema(shape: ErrorShape) -> dict[str, Any]:
    """Of the errors in this shape, as an example of them shows it."""
    return _of(shape.body(VoiceError("", field=""), ""))


def _of(example: Any) -> dict[str, Any]:
    if not isinstance(example, dict):
        return {"type": ["string", "null"]}
    fields = {name: _of(value) for name, value in example.items()}
    return {"type": "object", "properties": fields, "required": list(fields)}
