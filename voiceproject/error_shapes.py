"""Which error shape applies to which address: one table for every route."""

from __future__ import annotations

from compat_app.deepgram.errors import DeepgramShape
from compat_app.openai.errors import OpenAiShape
from gateway_app.error_shapes import ErrorShapes

_DEEPGRAM = DeepgramShape()
ERROR_SHAPES = ErrorShapes(
    {
        "/v1/": OpenAiShape(),
        "/v1/listen": _DEEPGRAM,
        "/v1/speak": _DEEPGRAM,
        "/v2/listen": _DEEPGRAM,
    }
)
