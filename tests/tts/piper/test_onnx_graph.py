"""What an ONNX file says about itself, before anybody runs it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from tts_app.core.piper.onnx_graph import GraphFacts, NotOnnx, graph_facts, with_output


def part(number: int, content: bytes | int) -> bytes:
    """One field of a protocol-buffers message; contents under 128 bytes."""
    if isinstance(content, int):
        return bytes([number << 3, content])
    key = number << 3 | 2
    return (
        (bytes([key]) if key < 128 else bytes([key & 127 | 128, key >> 7]))
        + bytes([len(content)])
        + content
    )


def model(*graph_parts: bytes) -> bytes:
    return part(1, 8) + part(7, b"".join(graph_parts))


def node(operator: bytes, output: bytes, *more: bytes) -> bytes:
    return part(1, part(2, output) + part(4, operator) + b"".join(more))


INPUT = part(11, part(1, b"input"))
OUTPUT = part(12, part(1, b"output"))
OUTSIDE = part(14, 1)


def test_it_reads_inputs_outputs_and_the_durations() -> None:
    facts = graph_facts(model(INPUT, OUTPUT, node(b"Ceil", b"lengths")))
    assert (facts.inputs, facts.outputs) == (("input",), ("output",))
    assert facts.durations == "lengths"
    assert not facts.external_data


@pytest.mark.parametrize("count", [0, 2])
def test_it_names_no_durations_that_it_is_not_sure_of(count: int) -> None:
    nodes = [node(b"Ceil", b"c%d" % number) for number in range(count)]
    assert graph_facts(model(OUTPUT, *nodes)).durations == ""


def test_an_output_can_be_added() -> None:
    longer = with_output(model(OUTPUT, node(b"Ceil", b"lengths")), "lengths")
    assert graph_facts(longer).outputs == ("output", "lengths")


@pytest.mark.parametrize(
    "graph",
    [
        part(5, OUTSIDE),
        part(5, part(13, b"weights.bin")),
        part(15, part(1, OUTSIDE)),
        node(b"Constant", b"c", part(5, part(5, OUTSIDE))),
        node(b"Constant", b"c", part(5, part(10, OUTSIDE))),
        node(b"If", b"c", part(5, part(6, part(5, OUTSIDE)))),
    ],
    ids=["initializer", "entry", "sparse", "attribute", "attributes", "subgraph"],
)
def test_it_sees_weights_in_another_file(graph: bytes) -> None:
    assert graph_facts(model(OUTPUT, graph)).external_data
    assert not graph_facts(model(OUTPUT, part(5, part(14, 0)))).external_data


@pytest.mark.parametrize("data", [b"", b"RIFF" * 20, b"\xff" * 40, model(OUTPUT)[:-3]])
def test_it_refuses_what_is_no_model(data: bytes) -> None:
    with pytest.raises(NotOnnx):
        graph_facts(data)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_it_reads_or_refuses_any_bytes(data: bytes) -> None:
    try:
        facts = graph_facts(data)
    except NotOnnx:
        return
    assert isinstance(facts, GraphFacts)
