"""JSON from strangers is read only when it holds few values."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from common.bounded_json import MOST_LEVELS, MOST_VALUES, read_json
from common.errors import BadRequest, BadValue

TEN_MEGABYTES = 10_000_000


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        None,
        3.5,
        "text",
        {"text": ",[{" * MOST_VALUES},
        {"text": '\\",[{' * MOST_VALUES},
        {"text": '"' * MOST_VALUES * 10},
        {"text": "\\" * 9 + '"'},
        {'"\\': {"a": [1, 2, {"b": "\\\\"}]}},
        list(range(MOST_VALUES)),
    ],
)
def test_it_reads_what_json_writes(value: Any) -> None:
    assert read_json(json.dumps(value), "body") == value


@pytest.mark.parametrize("text", ["", "{", "[1,]", '"a', "9" * 10_000, '{"a": "\\'])
def test_it_refuses_what_is_not_json(text: str) -> None:
    with pytest.raises(BadRequest, match="not valid JSON"):
        read_json(text, "body")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (r'"\ud800"', None),
        (r'{"a": ["\uD83D"]}', "a"),
        (r'{"a": {"b": {"\udfff": 1}}}', "b"),
    ],
)
def test_it_refuses_half_a_surrogate_pair_and_names_the_field(
    text: str, field: str | None
) -> None:
    with pytest.raises(BadValue, match="half a surrogate pair") as refused:
        read_json(text, "body")
    assert refused.value.field == field
    assert read_json(text, "body", takes_halves=True) == json.loads(text)


def test_it_reads_a_whole_surrogate_pair() -> None:
    assert read_json(r'["\ud83d\ude00", "\\ud800"]', "body") == ["😀", r"\ud800"]


@pytest.mark.parametrize(
    "unit", ['"a":1,', "[],", "{},", "[", '{"a":', '"",', '"" ', ",", '"\\\\",']
)
def test_it_refuses_many_values_in_little_time(unit: str) -> None:
    text = "[" + unit * (TEN_MEGABYTES // len(unit))
    began = time.process_time()
    with pytest.raises(BadRequest, match=f"more than {MOST_VALUES} values"):
        read_json(text, "body")
    assert time.process_time() - began < 0.5


def test_one_value_too_many_is_too_many() -> None:
    with pytest.raises(BadRequest, match="more than"):
        read_json(json.dumps(list(range(MOST_VALUES + 1))), "body")


@pytest.mark.parametrize("unit", [("[", "]"), ('{"a":', "}")])
def test_it_refuses_what_is_nested_deeper_than_it_can_be_written(
    unit: tuple[str, str],
) -> None:
    opening, closing = unit
    fits = opening * MOST_LEVELS + "1" + closing * MOST_LEVELS
    assert json.loads(json.dumps(read_json(fits, "body"))) == json.loads(fits)
    with pytest.raises(BadRequest, match=f"more than {MOST_LEVELS} levels"):
        read_json(opening + fits + closing, "body")
