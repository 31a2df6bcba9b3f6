"""What strangers send: near to a schema, far from any, and cut anywhere."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

Plain = st.SearchStrategy[Any]

ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=40)
"""Lone surrogates, controls and NUL included."""
NUMBERS = st.one_of(
    st.integers(-10, 100_000),
    st.sampled_from([0, -1, 2**31, 2**63, -(2**64), 10**30, 10**400]),
    st.floats(),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, ANY_TEXT)
VALUES: Plain = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(ANY_TEXT, inner, max_size=4)
    ),
    max_leaves=12,
)
DEEP = st.builds(
    lambda opening, depth, ends: (
        opening * depth + "1" + (_closing(opening) * depth if ends else "")
    ),
    st.sampled_from(["[", '{"a":', '{"type":"flush","a":[']),
    st.sampled_from([1, 30, 64, 65, 500, 3_000]),
    st.booleans(),
)
WRONG_JSON = st.one_of(
    DEEP,
    ANY_TEXT,
    st.sampled_from(
        [
            "",
            "{",
            "null",
            "[]",
            "3",
            '"flush"',
            "NaN",
            "Infinity",
            "9" * 5000,
            "[1,]",
            '{"type": ' + "9" * 5000 + "}",
            '{"type": "\\ud83d"}',
            "\ufeff{}",
            "{}",
            '{"type": "flush", "type": 3}',
            "[" + "1," * 5000 + "1]",
            "'{}'",
        ]
    ),
)


def _closing(opening: str) -> str:
    return "".join({"[": "]", "{": "}"}.get(sign, "") for sign in reversed(opening))


def messages(models: Iterable[type[BaseModel]]) -> Plain:
    """Text frames: messages of these kinds, good or slightly wrong, and no JSON at
    all."""
    near = [_near(model) for model in models]
    return st.one_of(*near, *near, WRONG_JSON)


def _near(model: type[BaseModel]) -> Plain:
    schema = model.model_json_schema()
    fields = _object(schema, schema.get("$defs", {}))
    other = st.dictionaries(ANY_TEXT, VALUES, max_size=2)
    tag = schema["properties"]["type"].get("const", "")
    return st.builds(
        lambda extra, plain: json.dumps({**extra, **plain, "type": tag}),
        st.one_of(st.just({}), st.just({}), other),
        fields,
    )


def _object(schema: dict[str, Any], defs: dict[str, Any]) -> Plain:
    optional = {
        name: st.one_of(_value(field, defs), _value(field, defs), VALUES)
        for name, field in schema.get("properties", {}).items()
        if name != "type"
    }
    return st.fixed_dictionaries({}, optional=optional)


def _value(schema: dict[str, Any], defs: dict[str, Any], depth: int = 0) -> Plain:
    if "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]]
    if alternatives := schema.get("anyOf") or schema.get("oneOf"):
        return st.one_of(*(_value(each, defs, depth) for each in alternatives))
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    kind = schema.get("type")
    if kind == "object" and depth < 6:
        inner = {
            name: _value(field, defs, depth + 1)
            for name, field in schema.get("properties", {}).items()
        }
        return st.fixed_dictionaries({}, optional=inner)
    if kind == "array":
        return st.lists(_value(schema.get("items", {}), defs, depth + 1), max_size=4)
    plain: dict[Any, Plain] = {
        "string": st.one_of(st.sampled_from(schema.get("examples", ["en"])), ANY_TEXT),
        "integer": st.one_of(st.integers(0, 50_000), NUMBERS),
        "number": st.one_of(st.floats(0, 2), NUMBERS),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return plain.get(kind, VALUES)


@st.composite
def cut(draw: st.DrawFn, data: bytes, most_cuts: int = 12) -> list[bytes]:
    """The bytes in pieces, among them empty ones and single bytes."""
    cuts = draw(st.lists(st.integers(0, len(data)), max_size=most_cuts))
    edges = [0, *sorted(cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with a few of them changed, some left out, and perhaps no end."""
    changed = bytearray(data)
    head = st.integers(0, min(200, len(data) - 1))
    place = st.one_of(head, st.integers(0, len(data) - 1))
    for at in draw(st.lists(place, max_size=8)):
        changed[at] = draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF, at % 256]))
    start, length = draw(place), draw(st.integers(0, 40))
    if draw(st.booleans()):
        del changed[start : start + length]
    end = draw(st.one_of(st.just(len(changed)), place))
    return bytes(changed[:end])
