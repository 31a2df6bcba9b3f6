"""The fields of a request, in the form of a client or in that of another.

Source: `audio/transcription_create_params.py` of the openai package 3.54.0. Unknown
fields are ignored.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common.bounded_json import read_json
from common.errors import BadRequest
from common.text_cleaning import clean_text
from compat_app.hotwords import fitting
from compat_app.openai.transcriptions.languages import language_code
from gateway_app.responses import explain_validation
from stt_app.core.engine import Task
from stt_app.core.files.file_transcriber import MAX_TRACKS
from stt_app.core.languages import AUTO
from stt_app.core.session.options import MAX_PROMPT_CHARACTERS, Options

ResponseFormat = Literal["json", "text", "srt", "verbose_json", "vtt", "diarized_json"]
SUBTITLES = ("srt", "vtt")
Raw = Mapping[str, list[str]]
"""The values of each field by its name without brackets, as texts."""

_NUMBERED = re.compile(r"\[\d*\]$")
_STRATEGY = "chunking_strategy"
_LONGEST_STRATEGY = 1_000
_LONGEST_LANGUAGE = 100


class Fields(BaseModel):
    """What a client asks for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str = Field("", description="Empty or unknown: the configured model.")
    language: str = Field(
        "",
        max_length=_LONGEST_LANGUAGE,
        description="The language of the speech: `en`, `en-US` or `English`.",
    )
    languages: list[Annotated[str, Field(max_length=_LONGEST_LANGUAGE)]] = Field(
        [], description="Its possible languages; several mean that it is detected."
    )
    prompt: str = Field("", description="Text that sets style and spelling.")
    keywords: list[str] = Field([], description="Words that are likely to occur.")
    response_format: ResponseFormat = Field(
        "json", description="The form of the answer."
    )
    temperature: float = Field(
        0.0, ge=0, le=1, description="Accepted; decoding starts at 0 in any case."
    )
    timestamp_granularities: list[str] = Field(
        [], description="`word` adds words with times to `verbose_json`."
    )
    include: list[str] = Field(
        [], description="`logprobs` adds log probabilities of the words to `json`."
    )
    stream: bool = Field(
        default=False, description="Whether to send server-sent events."
    )
    track: int | None = Field(
        None,
        ge=1,
        le=MAX_TRACKS,
        description="The audio track to transcribe, counted from 1; the first by default.",
    )
    chunking_strategy: str = Field(
        "",
        max_length=_LONGEST_STRATEGY,
        description="`auto`, or `server_vad` with its options.",
    )

    @property
    def streamed(self) -> bool:
        """Subtitles cannot be, and `stream` is ignored then."""
        return self.stream and self.response_format not in SUBTITLES

    @property
    def wants_words(self) -> bool:
        return (
            self.response_format == "verbose_json"
            and "word" in self.timestamp_granularities
        )

    @property
    def wants_logprobs(self) -> bool:
        return self.response_format == "json" and "logprobs" in self.include

    def options(self, task: Task) -> Options:
        """Those of the transcription. Raises BadValue."""
        subtitles = self.response_format in SUBTITLES
        return Options(
            task=task,
            language=self._language(),
            prompt=self.prompt[-MAX_PROMPT_CHARACTERS:] or None,
            hotwords=fitting(each.strip() for each in self.keywords) or None,
            word_timestamps=self.wants_words or self.wants_logprobs or subtitles,
            **_vad_options(self.chunking_strategy),
        )

    def _language(self) -> str | None:
        """None leaves it to the configuration."""
        if self.language:
            return language_code(self.language)
        codes = {language_code(each, "languages") for each in self.languages}
        return (codes.pop() if len(codes) == 1 else AUTO) if codes else None


def read_fields(raw: Raw) -> Fields:
    """The fields with their types. Raises BadValue, which names the field."""
    values: dict[str, Any] = {}
    for name, field in Fields.model_fields.items():
        given = [text for text in raw.get(name, []) if text.strip()]
        if given:
            is_list = get_origin(field.annotation) is list
            values[name] = given if is_list else given[-1]
    try:
        return Fields(**values)
    except ValidationError as error:
        problems: list[dict[str, Any]] = [
            {**each, "loc": ("form", "fields", *each["loc"])} for each in error.errors()
        ]
        raise explain_validation(problems) from error


def form_values(given: Iterable[tuple[str, list[str]]]) -> dict[str, list[str]]:
    """Those of a form, in which a list is `name[]`, `name[0]` or `name` several times,
    and an object is `name[key]`."""
    values: dict[str, list[str]] = {}
    strategy: dict[str, str] = {}
    for name, texts in given:
        if name.startswith(f"{_STRATEGY}[") and texts:
            strategy[name[len(_STRATEGY) + 1 : -1]] = texts[-1]
        else:
            values.setdefault(_NUMBERED.sub("", name), []).extend(texts)
    if strategy:
        values[_STRATEGY] = [json.dumps(strategy)]
    return values


def json_values(body: Mapping[str, Any]) -> dict[str, list[str]]:
    """Those of a JSON object."""
    return {_NUMBERED.sub("", name): _texts(value) for name, value in body.items()}


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [clean_text(value) if isinstance(value, str) else json.dumps(value)]


def _vad_options(strategy: str) -> dict[str, float]:
    """Of `{"type": "server_vad", "threshold", "silence_duration_ms"}`.

    The values are brought into our bounds; anything else means the configuration's.
    """
    try:
        given = read_json(strategy, _STRATEGY)
    except BadRequest:
        return {}
    if not isinstance(given, dict):
        return {}
    options = {}
    with contextlib.suppress(KeyError, TypeError, ValueError):
        options["vad_threshold"] = min(0.95, max(0.05, float(given["threshold"])))
    with contextlib.suppress(KeyError, TypeError, ValueError):
        seconds = float(given["silence_duration_ms"]) / 1_000
        options["silence_max_seconds"] = min(10.0, max(0.1, seconds))
    return options
