"""Which error shape applies to which address: one table for every route."""

from __future__ import annotations

from compat_app.openai.errors import OpenAiShape
from gateway_app.error_shapes import ErrorShapes

ERROR_SHAPES = ErrorShapes({"/v1/": OpenAiShape()})
