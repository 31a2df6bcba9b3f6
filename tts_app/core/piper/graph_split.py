"""Splits a voice's graph in two, so that its audio can stream.

VITS first makes latent frames of all phonemes (the acoustic half), then samples of
the frames (the vocoder, a HiFi-GAN). Nearly all time goes into the vocoder, which
depends on only a few frames around each one, so it can run on chunks of frames.
Source: https://arxiv.org/abs/2106.06103
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tts_app.core.piper.onnx_graph import (
    ATTRIBUTE_GRAPHS,
    GRAPH,
    GRAPH_NAME,
    INITIALIZER,
    INPUT,
    NAME,
    NODE,
    NODE_ATTRIBUTE,
    NODE_INPUT,
    NODE_OPERATOR,
    NODE_OUTPUT,
    OUTPUT,
    TENSOR_NAME,
)
from tts_app.core.piper.protobuf import (
    NotAMessage,
    field,
    fields_with_source,
    inside,
    texts,
)

TEXT_INPUT = "input"
VALUE_TYPE, TENSOR_TYPE = 2, 1
ELEMENT_TYPE_IS_FLOAT = b"\x08\x01"
MAX_STEPS_TO_CONV = 8
_UPSAMPLER = "ConvTranspose"


@dataclass(frozen=True)
class Halves:
    """Two models that make one voice."""

    acoustic: bytes
    """Takes the voice's inputs; returns latent frames, and durations if requested."""
    vocoder: bytes
    """Takes latent frames, and the other `vocoder_inputs`; returns samples."""
    vocoder_inputs: tuple[str, ...]
    """The name of the frames first."""


def halves_of(model: bytes, durations: str = "") -> Halves | None:
    """The split voice; None if it is not a VITS voice. `durations` names a tensor that
    the acoustic half returns after the frames.
    """
    try:
        return _halves(memoryview(model), durations)
    except (IndexError, NotAMessage, UnicodeDecodeError, _OtherVoice):
        return None


class _OtherVoice(Exception):
    """The graph has no place to cut, or an unexpected one."""


@dataclass(frozen=True)
class _Node:
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nested: bool
    """Whether it contains subgraphs, which may use any tensor implicitly."""


class _Graph:
    """The nodes of a graph, and their dependencies."""

    def __init__(self, graph: memoryview) -> None:
        self.nodes = [_node(content) for content in inside(graph, NODE)]
        self.inputs = [_name(value) for value in inside(graph, INPUT)]
        self.outputs = [_name(value) for value in inside(graph, OUTPUT)]
        self._makers = {
            tensor: number
            for number, node in enumerate(self.nodes)
            for tensor in node.outputs
        }

    def needed(self, *tensors: str, without: str = "") -> tuple[set[int], set[str]]:
        """Numbers of the nodes, and the tensors that no node makes, behind `tensors`.
        What is behind the tensor `without` does not count."""
        nodes: set[int] = set()
        given: set[str] = set()
        open_ = [tensor for tensor in tensors if tensor != without]
        while open_:
            tensor = open_.pop()
            maker = self._makers.get(tensor)
            if maker is None:
                given.add(tensor)
            elif maker not in nodes:
                nodes.add(maker)
                open_ += [
                    each
                    for each in self.nodes[maker].inputs
                    if each not in ("", without)
                ]
        return nodes, given

    def frames(self, output: str) -> str:
        """The latent frames: what the convolution before the first upsampler takes."""
        behind, _ = self.needed(output)
        upsamplers = [
            self.nodes[number]
            for number in behind
            if self.nodes[number].operator == _UPSAMPLER
        ]
        first = [each for each in upsamplers if not self._upsamples(each.inputs[0])]
        if len(first) != 1:
            raise _OtherVoice
        return self._convolved(first[0].inputs[0])

    def _upsamples(self, tensor: str) -> bool:
        nodes, _ = self.needed(tensor)
        return any(self.nodes[number].operator == _UPSAMPLER for number in nodes)

    def _convolved(self, tensor: str) -> str:
        for _ in range(MAX_STEPS_TO_CONV):
            maker = self._makers.get(tensor)
            if maker is None:
                break
            node = self.nodes[maker]
            if node.operator == "Conv":
                return node.inputs[0]
            # A voice with several speakers adds the speaker embedding here.
            spoken = [each for each in node.inputs if self._says_the_text(each)]
            if len(spoken) != 1:
                break
            tensor = spoken[0]
        raise _OtherVoice

    def _says_the_text(self, tensor: str) -> bool:
        return TEXT_INPUT in self.needed(tensor)[1]


def _halves(model: memoryview, durations: str) -> Halves:
    graphs = list(inside(model, GRAPH))
    if len(graphs) != 1:
        raise _OtherVoice
    graph = _Graph(graphs[0])
    if len(graph.outputs) != 1:
        raise _OtherVoice
    frames = graph.frames(graph.outputs[0])
    vocoder, weights = graph.needed(graph.outputs[0], without=frames)
    more_inputs = tuple(each for each in graph.inputs if each in weights)
    if TEXT_INPUT in more_inputs or any(graph.nodes[each].nested for each in vocoder):
        raise _OtherVoice
    ends = [frames, durations] if durations else [frames]
    shared, shared_weights = graph.needed(*ends)
    gone, gone_weights = vocoder - shared, weights - shared_weights
    return Halves(
        _with_graph(
            model,
            _kept(graphs[0], lambda n: n not in gone, lambda t: t not in gone_weights),
            [field(OUTPUT, _value(end)) for end in ends],
        ),
        _with_graph(
            model,
            _kept(graphs[0], vocoder.__contains__, weights.__contains__),
            [field(INPUT, _value(frames)), field(OUTPUT, _value(graph.outputs[0]))],
        ),
        (frames, *more_inputs),
    )


def _kept(
    graph: memoryview,
    has_node: Callable[[int], bool],
    has_tensor: Callable[[str], bool],
) -> Iterator[memoryview]:
    """The fields of the graph for these nodes and tensors, without its outputs.

    Type information of intermediate tensors is dropped: nothing needs it.
    """
    numbers = itertools.count()
    for number, content, source in fields_with_source(graph):
        if (
            (number == NODE and has_node(next(numbers)))
            or (number == INITIALIZER and has_tensor(texts(content, TENSOR_NAME)[0]))
            or (number == INPUT and has_tensor(_name(content)))
            or number == GRAPH_NAME
        ):
            yield source


def _with_graph(
    model: memoryview, kept: Iterable[memoryview], ends: Iterable[bytes]
) -> bytes:
    """The model with another graph: these fields, and these inputs and outputs."""
    others = (
        source for number, _, source in fields_with_source(model) if number != GRAPH
    )
    return b"".join([*others, field(GRAPH, b"".join([*kept, *ends]))])


def _value(name: str) -> bytes:
    """A tensor of floats of any shape, as an input or output."""
    tensor = field(TENSOR_TYPE, ELEMENT_TYPE_IS_FLOAT)
    return field(NAME, name.encode("utf-8")) + field(VALUE_TYPE, tensor)


def _name(value: memoryview) -> str:
    return texts(value, NAME)[0]


def _node(node: memoryview) -> _Node:
    return _Node(
        texts(node, NODE_OPERATOR)[0],
        tuple(texts(node, NODE_INPUT)),
        tuple(texts(node, NODE_OUTPUT)),
        any(
            True
            for attribute in inside(node, NODE_ATTRIBUTE)
            for _ in inside(attribute, *ATTRIBUTE_GRAPHS)
        ),
    )
