"""The few facts of an ONNX file that are needed before anybody runs it.

ONNX is a protocol-buffers message; what is read here is its wire format: a number,
its type, its bytes. Nothing is unpacked that is not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

GRAPH, FUNCTIONS = 7, 25
NODE, INITIALIZER, SPARSE, INPUT, OUTPUT = 1, 5, 15, 11, 12
NODE_OUTPUT, NODE_OPERATOR, NODE_ATTRIBUTE = 2, 4, 5
TENSOR_OUTSIDE, TENSOR_LOCATION = 13, 14
NAME = 1
FUNCTION_NODE = 7
ATTRIBUTE_TENSORS, ATTRIBUTE_GRAPHS = (5, 10), (6, 11)
MAX_DEPTH = 16

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class NotOnnx(ValueError):
    """The bytes are not an ONNX model."""


@dataclass(frozen=True)
class GraphFacts:
    """What the graph takes, gives, and whether it reaches outside its file."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    durations: str
    """The tensor with each phoneme's length in frames; empty when there is no such one."""
    external_data: bool


def graph_facts(model: bytes) -> GraphFacts:
    """What an ONNX file says about itself. Raises NotOnnx."""
    view = memoryview(model)
    try:
        graphs = [part for number, part in _parts(view) if number == GRAPH]
        functions = [part for number, part in _parts(view) if number == FUNCTIONS]
        if not graphs:
            raise NotOnnx("it holds no graph")
        external = any(_reaches_out(graph) for graph in graphs)
        external = external or any(
            _node_reaches_out(node, 0)
            for function in functions
            for number, node in _parts(function)
            if number == FUNCTION_NODE
        )
        return GraphFacts(
            inputs=_names(graphs, INPUT),
            outputs=_names(graphs, OUTPUT),
            durations=_durations(graphs),
            external_data=external,
        )
    except (IndexError, UnicodeDecodeError) as error:
        raise NotOnnx("it is cut short or damaged") from error


def with_output(model: bytes, tensor: str) -> bytes:
    """The model with one more output. Repeated parts of a message are merged by every
    reader, so the addition is simply written behind it."""
    value = _message(NAME, tensor.encode("utf-8"))
    return b"".join((model, _message(GRAPH, _message(OUTPUT, value))))


def _message(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def _parts(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Every part of a message that is bytes or a number, with its field number."""
    at, end = 0, len(message)
    while at < end:
        key, at = _read_varint(message, at)
        kind, number = key & 7, key >> 3
        begin = at
        if kind == _VARINT:
            _, at = _read_varint(message, at)
        elif kind == _BYTES:
            length, begin = _read_varint(message, at)
            at = begin + length
        elif kind in (_FIXED32, _FIXED64):
            at += 4 if kind == _FIXED32 else 8
        else:
            raise NotOnnx("it is no such file")
        if at > end:
            raise NotOnnx("it is cut short")
        yield number, message[begin:at]


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise NotOnnx("it is no such file")


def _inside(message: memoryview, *numbers: int) -> Iterator[memoryview]:
    return (part for number, part in _parts(message) if number in numbers)


def _text(part: memoryview) -> str:
    return str(part, "utf-8")


def _names(graphs: list[memoryview], kind: int) -> tuple[str, ...]:
    return tuple(
        _text(name)
        for graph in graphs
        for value in _inside(graph, kind)
        for name in _inside(value, NAME)
    )


def _durations(graphs: list[memoryview]) -> str:
    """VITS rounds its durations up, and nothing else in a voice is rounded so."""
    rounded = {
        _text(output)
        for graph in graphs
        for node in _inside(graph, NODE)
        if [_text(name) for name in _inside(node, NODE_OPERATOR)] == ["Ceil"]
        for output in _inside(node, NODE_OUTPUT)
    }
    return rounded.pop() if len(rounded) == 1 else ""


def _reaches_out(graph: memoryview, depth: int = 0) -> bool:
    """Whether a tensor of it lies in another file."""
    if depth > MAX_DEPTH:
        raise NotOnnx("its graphs are nested too deeply")
    for number, part in _parts(graph):
        if number == INITIALIZER and _tensor_reaches_out(part):
            return True
        if number == SPARSE and any(map(_tensor_reaches_out, _inside(part, 1, 2))):
            return True
        if number == NODE and _node_reaches_out(part, depth):
            return True
    return False


def _node_reaches_out(node: memoryview, depth: int) -> bool:
    for attribute in _inside(node, NODE_ATTRIBUTE):
        if any(map(_tensor_reaches_out, _inside(attribute, *ATTRIBUTE_TENSORS))):
            return True
        graphs = _inside(attribute, *ATTRIBUTE_GRAPHS)
        if any(_reaches_out(graph, depth + 1) for graph in graphs):
            return True
    return False


def _tensor_reaches_out(tensor: memoryview) -> bool:
    return any(
        number == TENSOR_OUTSIDE or (number == TENSOR_LOCATION and bytes(part) != b"\0")
        for number, part in _parts(tensor)
    )
