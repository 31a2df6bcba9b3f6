"""Reads a few facts of an ONNX file without running it.

Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from dataclasses import dataclass

from tts_app.core.piper.protobuf import NotAMessage, field, fields, inside, texts

GRAPH, FUNCTIONS = 7, 25
NODE, GRAPH_NAME, INITIALIZER, SPARSE, INPUT, OUTPUT = 1, 2, 5, 15, 11, 12
NODE_INPUT, NODE_OUTPUT, NODE_OPERATOR, NODE_ATTRIBUTE = 1, 2, 4, 5
TENSOR_NAME, TENSOR_OUTSIDE, TENSOR_LOCATION = 8, 13, 14
NAME = 1
FUNCTION_NODE = 7
ATTRIBUTE_TENSORS, ATTRIBUTE_GRAPHS = (5, 10), (6, 11)
MAX_DEPTH = 16


class NotOnnx(ValueError):
    """The bytes are not an ONNX model."""


@dataclass(frozen=True)
class GraphFacts:
    """The graph's inputs and outputs, and whether it uses external files."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    durations: str
    """The tensor with each phoneme's length in frames; empty if there is none."""
    external_data: bool


def graph_facts(model: bytes) -> GraphFacts:
    """Parse an ONNX file. Raises NotOnnx."""
    view = memoryview(model)
    try:
        graphs = list(inside(view, GRAPH))
        if not graphs:
            raise NotOnnx("it contains no graph")
        external = any(_reaches_out(graph) for graph in graphs)
        external = external or any(
            _node_reaches_out(node, 0)
            for function in inside(view, FUNCTIONS)
            for node in inside(function, FUNCTION_NODE)
        )
        return GraphFacts(
            inputs=_names(graphs, INPUT),
            outputs=_names(graphs, OUTPUT),
            durations=_durations(graphs),
            external_data=external,
        )
    except (IndexError, NotAMessage, UnicodeDecodeError) as error:
        raise NotOnnx("it is truncated or damaged") from error


def with_output(model: bytes, tensor: str) -> bytes:
    """The model with one more output. Protobuf readers merge repeated parts of a
    message, so the addition is simply appended."""
    value = field(NAME, tensor.encode("utf-8"))
    return b"".join((model, field(GRAPH, field(OUTPUT, value))))


def _names(graphs: list[memoryview], kind: int) -> tuple[str, ...]:
    return tuple(
        name
        for graph in graphs
        for value in inside(graph, kind)
        for name in texts(value, NAME)
    )


def _durations(graphs: list[memoryview]) -> str:
    """VITS rounds its durations up, and nothing else in a voice."""
    rounded = {
        output
        for graph in graphs
        for node in inside(graph, NODE)
        if texts(node, NODE_OPERATOR) == ["Ceil"]
        for output in texts(node, NODE_OUTPUT)
    }
    return rounded.pop() if len(rounded) == 1 else ""


def _reaches_out(graph: memoryview, depth: int = 0) -> bool:
    """Whether it has a tensor in another file."""
    if depth > MAX_DEPTH:
        raise NotOnnx("its graphs are nested too deeply")
    for number, part in fields(graph):
        if number == INITIALIZER and _tensor_reaches_out(part):
            return True
        if number == SPARSE and any(map(_tensor_reaches_out, inside(part, 1, 2))):
            return True
        if number == NODE and _node_reaches_out(part, depth):
            return True
    return False


def _node_reaches_out(node: memoryview, depth: int) -> bool:
    for attribute in inside(node, NODE_ATTRIBUTE):
        if any(map(_tensor_reaches_out, inside(attribute, *ATTRIBUTE_TENSORS))):
            return True
        graphs = inside(attribute, *ATTRIBUTE_GRAPHS)
        if any(_reaches_out(graph, depth + 1) for graph in graphs):
            return True
    return False


def _tensor_reaches_out(tensor: memoryview) -> bool:
    return any(
        number == TENSOR_OUTSIDE or (number == TENSOR_LOCATION and bytes(part) != b"\0")
        for number, part in fields(tensor)
    )
