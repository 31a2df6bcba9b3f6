"""Checks a voice's ONNX file without loading it: reads its structure, not its weights,
which takes a few milliseconds. Whole files are checked when they are installed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tts_app.core.piper.onnx_graph import GRAPH, INPUT, NAME, NotOnnx, graph_facts
from tts_app.core.piper.protobuf import NotAMessage, texts
from tts_app.core.piper.voice import SPEAKER_INPUT
from tts_app.core.piper.voice_config import BadVoiceFile, DamagedVoiceFile

NEEDED_INPUTS = frozenset({"input", "input_lengths", "scales"})
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10


def check_graph(onnx: Path, speakers: int) -> None:
    """Raises BadVoiceFile unless it is a Piper voice with this number of speakers."""
    try:
        with onnx.open("rb") as file:
            inputs = _inputs(file)
    except OSError as error:
        raise DamagedVoiceFile(f"it cannot be read ({error.strerror})") from error
    except (NotAMessage, IndexError, UnicodeDecodeError) as error:
        raise DamagedVoiceFile(
            "this is not an ONNX model: it is truncated or damaged"
        ) from error
    needed = NEEDED_INPUTS | ({SPEAKER_INPUT} if speakers > 1 else set())
    if missing := needed - inputs:
        given = ", ".join(sorted(inputs)) or "nothing"
        raise BadVoiceFile(
            f"this is not a Piper voice with {speakers} speaker"
            f"{'' if speakers == 1 else 's'}: it takes {given}, but not "
            f"{', '.join(sorted(missing))}"
        )


def check_whole_model(onnx: Path) -> None:
    """Raises BadVoiceFile unless all of it can be read, and it needs no other file."""
    try:
        facts = graph_facts(onnx.read_bytes())
    except NotOnnx as error:
        raise DamagedVoiceFile(f"this is not an ONNX model: {error}") from error
    if facts.external_data:
        raise BadVoiceFile("it stores weights in other files")


def _inputs(file: BinaryIO) -> frozenset[str]:
    """The names of the graph's inputs. Raises NotAMessage or IndexError."""
    names: set[str] = set()
    size = os.fstat(file.fileno()).st_size
    graphs = [place for number, place in _fields(file, range(size)) if number == GRAPH]
    if not graphs:
        raise NotAMessage("it contains no graph")
    for graph in graphs:
        for number, place in _fields(file, graph):
            if number == INPUT:
                file.seek(place.start)
                names.update(texts(memoryview(file.read(len(place))), NAME))
    return frozenset(names)


def _fields(file: BinaryIO, message: range) -> Iterator[tuple[int, range]]:
    """The number of each field of a message, and where its content lies."""
    at = message.start
    while at < message.stop:
        file.seek(at)
        key = _varint(file)
        kind, begin = key & 7, file.tell()
        if kind == _BYTES:
            length = _varint(file)
            begin = file.tell()
            at = begin + length
        elif kind == _VARINT:
            _varint(file)
            at = file.tell()
        elif kind in (_FIXED32, _FIXED64):
            at = begin + (4 if kind == _FIXED32 else 8)
        else:
            raise NotAMessage("it is not a valid ONNX file")
        if at > message.stop:
            raise NotAMessage("it is truncated")
        yield key >> 3, range(begin, at)


def _varint(file: BinaryIO) -> int:
    value = 0
    for place in range(_LONGEST_VARINT):
        byte = file.read(1)[0]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value
    raise NotAMessage("it is not a valid ONNX file")
