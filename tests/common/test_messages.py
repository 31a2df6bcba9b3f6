"""Messages are decoded strictly, and a refusal names the field."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import pytest
from pydantic import Field, TypeAdapter

from common.errors import BadRequest, BadValue
from common.messages import Message, decode, encode


class Tune(Message):
    type: Literal["tune"] = "tune"
    rate: int = Field(16_000, ge=8_000)
    name: str | None = None


class Stop(Message):
    type: Literal["stop"] = "stop"


AnyMessage = Annotated[Tune | Stop, Field(discriminator="type")]
FAMILY: TypeAdapter[AnyMessage] = TypeAdapter(AnyMessage)


def test_it_decodes_what_it_encodes() -> None:
    message = Tune(rate=48_000, name="left")
    assert decode(encode(message), FAMILY) == message


def test_it_leaves_out_what_is_unset() -> None:
    assert json.loads(encode(Tune())) == {"type": "tune", "rate": 16_000}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"type":"tune","rate":1}', "rate"),
        ('{"type":"tune","rate":"fast"}', "rate"),
        ('{"type":"tune","volume":3}', "volume"),
        ('{"type":"sing"}', "type"),
        ('{"rate":16000}', "type"),
    ],
)
def test_it_names_the_field_that_is_wrong(text: str, field: str) -> None:
    with pytest.raises(BadValue) as refused:
        decode(text, FAMILY)
    assert refused.value.field == field
    assert refused.value.message.endswith(".")


class Sine(Message):
    type: Literal["sine"]
    hertz: float


class Noise(Message):
    type: Literal["noise"]


class Play(Message):
    type: Literal["play"] = "play"
    waves: list[Annotated[Sine | Noise, Field(discriminator="type")]] = []
    where: Literal["left", "right"] | Tune | None = None


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"waves": [{"type": "noise"}, {"type": "x"}]}, "waves.1.type", "'sine'"),
        ({"waves": [{}]}, "waves.0.type", "missing"),
        ({"waves": [{"type": "sine"}]}, "waves.0.hertz", "missing"),
        ({"waves": [{"type": "sine", "hertz": "?"}]}, "waves.0.hertz", "number"),
        ({"waves": [{"type": "noise", "noise": 1}]}, "waves.0.noise", "Unknown"),
        ({"waves": [5]}, "waves.0", "dictionary"),
        ({"where": {"type": "tune", "rate": 1}}, "where.rate", "8000"),
        ({"where": "up"}, "where", "'left'"),
    ],
)
def test_it_names_the_whole_path_of_the_field(
    fields: dict[str, object], field: str, says: str
) -> None:
    family: TypeAdapter[Play] = TypeAdapter(Play)
    with pytest.raises(BadValue, match=says) as refused:
        decode(json.dumps(fields), family)
    assert refused.value.field == field
    assert f"`{field}`" in refused.value.message


def test_it_refuses_a_message_of_many_values() -> None:
    fields = ",".join(f'"{number}":1' for number in range(1_001))
    with pytest.raises(BadRequest, match="more than 1000 values"):
        decode("{" + fields + "}", FAMILY)


@pytest.mark.parametrize(
    "text",
    ["", "flush", "[]", "null", "3", '"x"', "[" * 10_000, "{" * 5_000, "NaN"],
)
def test_it_refuses_what_is_not_a_json_object(text: str) -> None:
    with pytest.raises(BadRequest):
        decode(text, FAMILY)
