"""WebSocket messages: declared once as pydantic classes, decoded and encoded here.

A family is a discriminated union of `Message` classes with a `type` literal.
The codec, the protocol page and the AsyncAPI document come from those classes.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from common.bounded_json import read_json
from common.errors import BadRequest, BadValue

LONGEST_FIELD = 100
"""Names from clients are shown up to this length."""

Decoded = TypeVar("Decoded")


class Message(BaseModel):
    """Base of every message: frozen, and a field nobody declared is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def encode(message: BaseModel) -> str:
    """The message as a JSON text frame, without the optional fields that are None."""
    plain = message.model_dump(mode="json", exclude_none=True)
    for name, field in type(message).model_fields.items():
        if field.is_required():
            plain.setdefault(name)
    return json.dumps(plain, ensure_ascii=False, allow_nan=False)


def decode(
    text: str, family: TypeAdapter[Decoded], *, takes_halves: bool = False
) -> Decoded:
    """The message in a text frame, whose length the endpoint limits. Halves of surrogate
    pairs are refused unless it `takes_halves`.

    Raises BadRequest or BadValue, which say what is wrong.
    """
    plain = read_json(text, "message", takes_halves=takes_halves)
    if not isinstance(plain, dict):
        raise BadRequest("A message must be a JSON object with a `type`.")
    return validate(plain, family)


def validate(plain: dict[str, Any], family: TypeAdapter[Decoded]) -> Decoded:
    """The message in a plain dictionary. Raises BadValue naming the field."""
    try:
        return family.validate_python(plain)
    except ValidationError as error:
        raise explain(error) from error


def explain(error: ValidationError) -> BadValue:
    """The first problem of a pydantic error as one sentence that names the field."""
    problem = error.errors(include_url=False, include_context=True)[0]
    kind = problem["type"]
    if kind == "union_tag_not_found":
        return BadValue("The field `type` is missing.", field="type")
    if kind == "union_tag_invalid":
        allowed = problem.get("ctx", {}).get("expected_tags", "")
        return BadValue(f"Unknown message type. Allowed: {allowed}.", field="type")
    # The path starts with the tag of the union; a client knows only the field.
    path = [str(part) for part in problem["loc"]]
    field = path[-1][:LONGEST_FIELD] if path else None
    if kind == "extra_forbidden":
        return BadValue(f"Unknown field `{field}`.", field=field)
    if kind == "missing":
        return BadValue(f"The field `{field}` is missing.", field=field)
    return BadValue(f"`{field}`: {_sentence(problem['msg'])}", field=field)


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return text if text.endswith(".") else f"{text}."
