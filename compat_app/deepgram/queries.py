"""The URL parameters that several addresses of the Deepgram API share."""

from __future__ import annotations

import re
from typing import Any, TypeVar, get_origin
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from common.errors import BadValue
from common.messages import validate
from stt_app.core.codecs.decoders import Encoding
from stt_app.core.session.options import MAX_PROMPT_CHARACTERS, Options

_ENCODINGS: dict[str, Encoding] = {
    "linear16": "pcm_s16le",
    "linear32": "pcm_f32le",
    "mulaw": "mulaw",
    "alaw": "alaw",
    "opus": "opus",
    "ogg-opus": "opus",
}
TELEPHONE = ("mulaw", "alaw")
TELEPHONE_RATE_HZ = 8_000
_WEIGHT = re.compile(r":-?[\d.]+$")
OPTIONS: TypeAdapter[Options] = TypeAdapter(Options)


class Query(BaseModel):
    """Parameters by name. Unknown ones are ignored, as clients send many."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class AudioQuery(Query):
    """The parameters of speech to text that all its addresses have."""

    encoding: str | None = Field(None, max_length=20)
    sample_rate: int | None = Field(None, ge=8_000, le=48_000)
    language: str | None = Field(None, max_length=40)
    model: str = Field("", max_length=200)
    keyterm: list[str] = []
    keywords: list[str] = []
    redact: list[str] = []
    callback: str | None = None

    @property
    def stt_encoding(self) -> Encoding | None:
        """The engine's name for `encoding`; None without it. Raises BadValue."""
        if self.encoding is None:
            return None
        if self.encoding not in _ENCODINGS:
            known = ", ".join(_ENCODINGS)
            raise BadValue(
                f"`encoding` {self.encoding[:20]} is not supported; use {known}, or "
                "leave it out for audio in a container.",
                field="encoding",
            )
        return _ENCODINGS[self.encoding]

    @property
    def rate_hz(self) -> int | None:
        """The sample rate; telephone audio has its own default."""
        if self.sample_rate is None and self.encoding in TELEPHONE:
            return TELEPHONE_RATE_HZ
        return self.sample_rate

    @property
    def stt_language(self) -> str | None:
        """The engine's code of the language; None leaves it to the configuration."""
        return self.language

    @property
    def hotwords(self) -> str | None:
        """The words to expect, without weights. Raises BadValue if they are too long."""
        words = [_WEIGHT.sub("", word) for word in self.keywords]
        return joined_terms([*self.keyterm, *words])

    def check_supported(self) -> None:
        """Raises BadValue for what must not be ignored silently."""
        if self.callback is not None:
            raise BadValue(
                "`callback` is not supported; the response holds the transcript.",
                field="callback",
            )
        if [each for each in self.redact if each.lower() != "false"]:
            raise BadValue(
                "`redact` is not supported: nothing would be removed from the text.",
                field="redact",
            )


AnyQuery = TypeVar("AnyQuery", bound=Query)


def read_query(query: bytes, kind: type[AnyQuery]) -> AnyQuery:
    """Parse URL parameters; empty ones count as absent. Raises BadValue."""
    given: dict[str, Any] = {}
    for name, value in parse_qsl(query.decode("ascii", "replace")):
        field = kind.model_fields.get(name)
        if field is not None and get_origin(field.annotation) is list:
            given.setdefault(name, []).append(value)
        else:
            given[name] = value
    adapter: TypeAdapter[AnyQuery] = TypeAdapter(kind)
    return validate(given, adapter)


def joined_terms(terms: list[str]) -> str | None:
    """The terms as hotwords; None without any. Raises BadValue if they are too long."""
    joined = ", ".join(term.strip() for term in terms if term.strip())
    if len(joined) > MAX_PROMPT_CHARACTERS:
        raise BadValue(
            f"`keyterm` has {len(joined)} characters in all; at most "
            f"{MAX_PROMPT_CHARACTERS} are allowed.",
            field="keyterm",
        )
    return joined or None


def live_options(query: AudioQuery, **further: Any) -> Options:
    """The options of a live session with words and their times. Raises BadValue."""
    given = {
        "encoding": query.stt_encoding or "webm",
        "sample_rate": query.rate_hz,
        "language": query.stt_language,
        "hotwords": query.hotwords,
        "word_timestamps": True,
        **further,
    }
    return validate(given, OPTIONS)
