"""The generated pages of docs/, written from the declarations themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from prometheus_client import CollectorRegistry
from pydantic.fields import FieldInfo

from common import errors
from common.config import Config, SectionInfo, sections
from common.errors import VoiceError
from common.metrics import REGISTRY
from gateway_app.access.principals import Scope
from gateway_app.access.routes import (
    READING,
    SOCKET,
    Body,
    Deadline,
    Route,
    Routes,
)
from gateway_app.admission.deadlines import deadline_seconds
from gateway_app.pages.message_docs import MessageDoc, SocketDoc
from voiceproject.docs.sockets import SOCKETS
from voiceproject.routes.body_limits import BodyLimits, in_words
from voiceproject.routes.table import ROUTES

NOTE = "<!-- Written by `make docs`; change the declarations, not this page. -->"
TITLES = {
    "Listening": "Voice activity and sessions",
    "Model": "Models and engines",
    "Llm": "Language model",
    "Conversation": "Conversations",
    "Chat": "Spoken conversation",
    "Log": "Logs",
}
SIGNS = {Ge: "at least", Gt: "more than", Le: "at most", Lt: "less than"}


def settings_page(shown: Iterable[SectionInfo]) -> str:
    """Every setting: default, environment name, bounds and what it does."""
    lines = [
        NOTE,
        "# Settings",
        "",
        "Settings come from the defaults, then `config.yaml` (or the file in `CONFIG_PATH`), then the environment; later ones override earlier ones.",
        "The name of an environment variable is the key in upper case: `WHISPER_MODEL_NAME` for `whisper_model_name`. Separate the items of",
        "a list by commas there. `HOST` sets `tts_host` and `stt_host`, `PORT` sets `tts_port`; they win over the long names. `manage.py settings`",
        "prints every value and its source.",
    ]
    for section in shown:
        title = TITLES.get(section.title, section.title)
        lines += ["", f"## {title}", "", section.sentence, ""]
        lines += ["| key | type | default | what it does |", "|---|---|---|---|"]
        lines += [_setting_row(name, field) for name, field in section.fields.items()]
    return "\n".join([*lines, ""])


def _setting_row(name: str, field: FieldInfo) -> str:
    sentence = _cell(field.description or "")
    extra: Any = field.json_schema_extra
    if extra["secret"]:
        sentence += " Secret: never shown."
    default = _default(field.get_default())
    return f"| `{name}` | {_kind(field)} | {default} | {sentence} |"


def _default(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{', '.join(value)}`" if isinstance(value, list) else f"`{value}`"


def _kind(field: FieldInfo) -> str:
    """The type in words, with its bounds."""
    words = _type_words(field.annotation)
    bounds = [
        f"{sign} {_limit(limit)}"
        for limit in field.metadata
        if (sign := SIGNS.get(type(limit)))
    ]
    return ", ".join([words, *bounds])


def _limit(limit: Any) -> Any:
    return getattr(limit, type(limit).__name__.lower())


def _type_words(annotation: Any) -> str:
    plain = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    if annotation in plain:
        return plain[annotation]
    if get_origin(annotation) is list:
        return "list"
    if get_origin(annotation) is dict:
        return "mapping"
    kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
    if kinds and kinds[0] in plain:
        return f"{plain[kinds[0]]} or empty"
    return " ".join(f"`{kind}`" for kind in kinds)


def protocol_page(sockets: Iterable[SocketDoc]) -> str:
    """The WebSockets' messages, and every error's code in its three forms."""
    lines = [
        NOTE,
        "# WebSocket messages and error codes",
        "",
        "Messages are JSON text with a `type`; `/ws/stt` rejects fields that are not listed. The running server",
        "documents the HTTP interface at `/api/docs` and `/api/openapi.json`.",
    ]
    for socket in sockets:
        lines += ["", f"## `WS {socket.path}`", "", socket.sentence]
        if socket.audio:
            lines += ["", f"Binary frames: {socket.audio}"]
        lines += _direction("From the client", socket.client_messages)
        lines += _direction("From the server", socket.server_messages)
    return "\n".join([*lines, *_error_lines(), ""])


def _direction(title: str, messages: list[MessageDoc]) -> list[str]:
    lines = ["", f"### {title}"] if messages else []
    for message in messages:
        lines += ["", f"#### `{message.name}`", "", message.sentence, ""]
        lines += ["```json", message.example, "```"]
        if message.fields:
            lines += [
                "",
                "| field | type | required | meaning |",
                "|---|---|---|---|",
            ]
        lines += [
            f"| `{field.name}` | {_cell(field.kind)} | {'yes' if field.required else 'no'} | {_cell(field.sentence)} |"
            for field in message.fields
        ]
    return lines


def _error_lines() -> list[str]:
    rows = {
        f"| `{kind.code}` | {kind.http_status} | {kind.close_code} |"
        for kind in _error_kinds(VoiceError)
    }
    return [
        "",
        "## Errors",
        "",
        'HTTP responds with `{"error": {"code", "message", "field", "request_id"}}`. A WebSocket sends an `error` message first',
        "and then closes with its own code; 1000 means success. Below `/v1`, errors have the form of",
        "[OpenAI](openai.md#errors) or [Deepgram](deepgram.md#errors).",
        "",
        "| code | HTTP status | close code |",
        "|---|---|---|",
        *sorted(rows, key=lambda row: (row.split("|")[2], row)),
    ]


def _error_kinds(kind: type[VoiceError]) -> list[type[VoiceError]]:
    """The family that clients may see, declared in one module."""
    below = [each for child in kind.__subclasses__() for each in _error_kinds(child)]
    return [each for each in (kind, *below) if each.__module__ == errors.__name__]


def metrics_page(registry: CollectorRegistry) -> str:
    """Every metric with its labels and help text."""
    lines = [
        NOTE,
        "# Metrics",
        "",
        "`GET /metrics` uses the Prometheus format and covers only the process that answers. Times are in seconds. A counter's",
        "name ends in `_total` there; a histogram has `_bucket`, `_sum` and `_count`.",
        "",
        "| name | kind | labels | meaning |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{metric.name}` | {metric.type} | {_labels(metric.name, registry)} | {_cell(metric.documentation)} |"
        for metric in sorted(registry.collect(), key=lambda each: each.name)
    ]
    return "\n".join([*lines, ""])


def routes_page(routes: Routes, config: Config) -> str:
    """Every route: who may use it, its body and its deadline."""
    limits = BodyLimits(config)
    lines = [
        NOTE,
        "# Routes",
        "",
        "Each HTTP route and WebSocket with the scope that a caller needs, the largest body, and the time until the response begins.",
        "A call without the scope is 403 (4403 on a WebSocket), and the message names the scope. The scope `admin` includes all others. Below a path that ends",
        "in a slash everything is covered; `public_lists` opens the lists to callers without a key. Sizes and times are those of the default settings.",
        "",
        "| route | needs | largest body | response begins within |",
        "|---|---|---|---|",
    ]
    lines += [_route_row(row, limits, config) for row in routes.rows]
    return "\n".join([*lines, ""])


def _route_row(row: Route, limits: BodyLimits, config: Config) -> str:
    methods = "any method" if len(row.methods) > len(READING) else row.methods[0]
    words = "WebSocket" if row.methods == SOCKET else methods
    needs = f"`{row.needs}`" if isinstance(row.needs, Scope) else row.needs.value
    if row.takes_token:
        needs += ", also by a [token](browser-tokens.md)"
    body = row.body.value
    if row.body is not Body.NOTHING:
        body = f"{in_words(limits.of_kind(row.body))}: {body}"
    seconds = deadline_seconds(row.deadline, config)
    within = row.deadline.value
    if row.deadline is Deadline.SPEECH:
        seconds = config.tts_request_timeout
    if seconds is not None:
        within = f"{seconds:g} s ({within})"
    return f"| {words} `{row.path}` | {needs} | {body} | {within} |"


def _labels(name: str, registry: CollectorRegistry) -> str:
    # prometheus_client offers labels only on samples, and there are none yet.
    collector: Any = registry._names_to_collectors.get(name)
    names = getattr(collector, "_labelnames", ())
    return ", ".join(f"`{label}`" for label in names) or "none"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": lambda: settings_page(sections()),
    "protocol.md": lambda: protocol_page(SOCKETS),
    "routes.md": lambda: routes_page(ROUTES, Config()),
    "metrics.md": lambda: metrics_page(REGISTRY),
}
