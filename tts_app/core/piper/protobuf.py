"""The wire format of protocol buffers: a field's number, its type, its bytes.

ONNX files are such messages. Fields are unpacked only on demand.
Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class NotAMessage(ValueError):
    """The bytes are not a protocol-buffers message."""


def fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Every field of a message: its number and its content, without the length.

    Raises NotAMessage, or IndexError where the message is cut short.
    """
    return ((number, content) for number, content, _ in fields_with_source(message))


def fields_with_source(
    message: memoryview,
) -> Iterator[tuple[int, memoryview, memoryview]]:
    """The same with all bytes of the field, as they stand. Raises NotAMessage."""
    at, end = 0, len(message)
    while at < end:
        start = at
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
            raise NotAMessage("it is not a valid ONNX file")
        if at > end:
            raise NotAMessage("it is truncated")
        yield number, message[begin:at], message[start:at]


def inside(message: memoryview, *numbers: int) -> Iterator[memoryview]:
    """The contents of the fields with these numbers."""
    return (content for number, content in fields(message) if number in numbers)


def texts(message: memoryview, number: int) -> list[str]:
    """The field as text, once for each occurrence."""
    return [str(content, "utf-8") for content in inside(message, number)]


def field(number: int, content: bytes | memoryview) -> bytes:
    """One encoded field of bytes."""
    return b"".join(
        (_varint(number << 3 | _BYTES), _varint(len(content)), bytes(content))
    )


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise NotAMessage("it is not a valid ONNX file")


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])
