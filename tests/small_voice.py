"""A voice of a few weights, built like a big one: text, latent frames, vocoder.

It is a real ONNX model; what it says is noise. One frame is one phoneme id.
"""

from __future__ import annotations

import numpy as np

from tts_app.core.piper.protobuf import field

FRAMES = "frames"
HOP_SAMPLES = 8
CHANNELS = 4
FLOAT, INT64 = 1, 7
_INT, _FLOAT, _INTS = 3, 2, 8
_ATTRIBUTE_TYPES = {_FLOAT: 1, _INT: 2, _INTS: 7}


def small_voice(speakers: int = 1, *, vocoders: int = 1, dilation: int = 1) -> bytes:
    """An ONNX file; with two vocoders it is no voice that can be cut in two.

    The vocoder looks at least three times `dilation` frames to either side.
    """
    chance = np.random.default_rng(7)

    def weights(*shape: int) -> np.ndarray:
        return chance.normal(0, 0.5, shape).astype(np.float32)

    tensors = {
        # Phoneme ids are numbers up to 150; few of its samples are at full scale.
        "spread": weights(CHANNELS, 1, 1) / 50,
        "pre": weights(CHANNELS, CHANNELS, 7),
        "up": weights(CHANNELS, 2, 2 * HOP_SAMPLES),
        "up2": weights(CHANNELS, 2, 2 * HOP_SAMPLES),
        "post": weights(1, 2, 7),
        "speakers": weights(speakers, CHANNELS),
    }
    nodes = [
        _node("Cast", ["input"], "numbers", to=FLOAT),
        _node("Ceil", ["numbers"], "durations"),
        _node("Unsqueeze", ["numbers"], "row", axes=[1]),
        _node("Conv", ["row", "spread"], FRAMES),
        _node(
            "Conv",
            [FRAMES, "pre"],
            "before",
            pads=[3 * dilation] * 2,
            dilations=[dilation],
        ),
        *_speaker_nodes(speakers),
        _node("LeakyRelu", ["sound"], "active", alpha=0.1),
        _upsampler("up", "longer"),
    ]
    last = "longer"
    if vocoders == 2:
        nodes += [_upsampler("up2", "other"), _node("Add", ["longer", "other"], "both")]
        last = "both"
    nodes += [
        _node("Conv", [last, "post"], "loud", pads=[3, 3]),
        _node("Tanh", ["loud"], "output"),
    ]
    inputs = {"input": INT64, "input_lengths": INT64, "scales": FLOAT}
    if speakers > 1:
        inputs["sid"] = INT64
    graph = [
        *nodes,
        field(2, b"voice"),
        *(_tensor(name, values) for name, values in tensors.items()),
        *(field(11, _value(name, kind)) for name, kind in inputs.items()),
        field(12, _value("output", FLOAT)),
    ]
    return _number(1, 6) + field(8, _number(2, 11)) + field(7, b"".join(graph))


def _speaker_nodes(speakers: int) -> list[bytes]:
    if speakers == 1:
        return [_node("Identity", ["before"], "sound")]
    return [
        _node("Gather", ["speakers", "sid"], "speaker", axis=0),
        _node("Unsqueeze", ["speaker"], "column", axes=[2]),
        _node("Add", ["column", "before"], "sound"),
    ]


def _upsampler(weights: str, output: str) -> bytes:
    pad = HOP_SAMPLES // 2
    return _node(
        "ConvTranspose",
        ["active", weights],
        output,
        strides=[HOP_SAMPLES],
        pads=[pad, pad],
    )


def _node(
    operator: str, inputs: list[str], output: str, **attributes: int | float | list[int]
) -> bytes:
    parts = [field(1, name.encode()) for name in inputs]
    parts += [field(2, output.encode()), field(4, operator.encode())]
    parts += [field(5, _attribute(name, each)) for name, each in attributes.items()]
    return field(1, b"".join(parts))


def _attribute(name: str, value: int | float | list[int]) -> bytes:
    if isinstance(value, float):
        number = _FLOAT
        content = bytes([_FLOAT << 3 | 5]) + np.float32(value).tobytes()
    elif isinstance(value, int):
        number, content = _INT, _number(_INT, value)
    else:
        number, content = _INTS, b"".join(_number(_INTS, each) for each in value)
    return field(1, name.encode()) + content + _number(20, _ATTRIBUTE_TYPES[number])


def _tensor(name: str, values: np.ndarray) -> bytes:
    shape = b"".join(_number(1, each) for each in values.shape)
    content = shape + _number(2, FLOAT) + field(8, name.encode())
    return field(5, content + field(9, values.tobytes()))


def _value(name: str, kind: int) -> bytes:
    return field(1, name.encode()) + field(2, field(1, _number(1, kind)))


def _number(number: int, value: int) -> bytes:
    """A field that is a number under 128."""
    key = number << 3
    return (bytes([key]) if key < 128 else bytes([key & 127 | 128, key >> 7])) + bytes(
        [value]
    )
