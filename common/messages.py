"""WebSocket messages: declared once as pydantic classes, decoded and encoded here.

A family is a discriminated union of `Message` classes with a `type` literal.
The codec, the protocol page and the AsyncAPI document come from those classes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from common.bounded_json import read_json
from common.errors import BadRequest, BadValue

LONGEST_FIELD = 100
"""Names from clients are shown up to this length."""

Decoded = TypeVar("Decoded")
Problem = Mapping[str, Any]
"""One of the errors in a ValidationError of pydantic."""


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
        raise explain(error, plain) from error


def explain(error: ValidationError, given: Any) -> BadValue:
    """A problem of a pydantic error as one sentence that names the field; `given` is
    what was validated."""
    return explain_problems(error.errors(include_url=False), given)


def explain_problems(problems: Sequence[Problem], given: Any) -> BadValue:
    """The same for the problems in an error of pydantic."""
    problem, path = find_problem(problems, given)
    kind = problem["type"]
    field = ".".join(path)[:LONGEST_FIELD] or None
    if kind == "union_tag_invalid":
        allowed = problem.get("ctx", {}).get("expected_tags", "")
        subject = "Unknown message type." if path == ["type"] else f"Unknown `{field}`."
        return BadValue(f"{subject} Allowed: {allowed}.", field=field)
    if kind == "extra_forbidden":
        return BadValue(f"Unknown field `{field}`.", field=field)
    if kind in ("missing", "union_tag_not_found"):
        return BadValue(f"The field `{field}` is missing.", field=field)
    where = f"`{field}`: " if field else ""
    return BadValue(f"{where}{_sentence(problem['msg'])}", field=field)


def find_problem(problems: Sequence[Problem], given: Any) -> tuple[Problem, list[str]]:
    """The first problem of those that lie deepest, and the path of its field.

    Where a value may be of several types, it is the one that the value comes closest to.
    """
    paths = [_field_path(each, given) for each in problems]
    found = max(range(len(problems)), key=lambda number: len(paths[number]))
    return problems[found], paths[found]


@contextmanager
def fields_of(parent: str) -> Iterator[None]:
    """A BadValue inside gets the path of its field: below `parent`."""
    try:
        yield
    except BadValue as error:
        if error.field:
            error.field = f"{parent}.{error.field}"
        raise


def _field_path(problem: Problem, given: Any) -> list[str]:
    """Where in the given value a problem of pydantic is, as the client has it.

    pydantic's own path also names the alternatives of the unions on the way.
    """
    path: list[str] = []
    for part in problem["loc"]:
        if isinstance(given, dict):
            is_there = part in given
        else:
            is_there = isinstance(given, list) and part in range(len(given))
        if is_there:
            given = given[part]
            path.append(str(part))
    if problem["type"] == "missing":
        path.append(str(problem["loc"][-1]))
    elif problem["type"] in ("union_tag_invalid", "union_tag_not_found"):
        # The name of the field is in quotes.
        path.append(problem.get("ctx", {}).get("discriminator", "'type'").strip("'"))
    return path


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return text if text.endswith(".") else f"{text}."
