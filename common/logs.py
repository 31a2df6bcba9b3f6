"""Logging: readable in development, JSON lines in production, one event a line."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from common.config.sections import Config

SUSPICIONS = "django.security."
"""Requests that Django refuses; the address of the client is in our line."""
_NOISY = {
    "asyncio": logging.WARNING,
    "daphne": logging.INFO,
    # At DEBUG a traceback for each variable that a template does not find.
    "django": logging.INFO,
    "httpcore": logging.WARNING,
    "httpcore2": logging.WARNING,
    "httpx": logging.WARNING,
    "httpx2": logging.WARNING,
    "twisted": logging.WARNING,
}
"""Libraries that log too much."""

EventDict = MutableMapping[str, Any]


def configure_logs(config: Config, stream: TextIO | None = None) -> None:
    """Route structlog and Python's logging to one handler. May be called again."""
    stream = stream or sys.stderr
    as_json = config.log_json_mode or config.is_production
    handler = logging.StreamHandler(stream)
    handler.name = "voice"
    handler.setFormatter(_formatter(stream, as_json=as_json))
    handler.addFilter(_without_repeats)
    root = logging.getLogger()
    root.handlers = [old for old in root.handlers if old.name != "voice"]
    root.addHandler(handler)
    root.setLevel(config.log_level)
    for name, level in _NOISY.items():
        logging.getLogger(name).setLevel(max(level, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _shared_processors() -> list[Any]:
    """The processors of every event, from any logger."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        drop_empty,
        escape_controls,
    ]


def _formatter(stream: TextIO, *, as_json: bool) -> logging.Formatter:
    last: list[Any]
    if as_json:
        last = [
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("event"),
            structlog.processors.JSONRenderer(default=str),
        ]
    else:
        colors = stream.isatty()
        last = [
            structlog.dev.ConsoleRenderer(
                colors=colors,
                pad_event_to=24,
                # With Rich installed the default takes a second, in which nothing
                # else runs, and shows local variables, which may hold secrets.
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared_processors(), processors=[remove_meta, *last]
    )


def drop_empty(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Drop empty values, such as the request id of a rejected request."""
    return {name: value for name, value in event.items() if value not in (None, "")}


def escape_controls(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Escape control characters: no external text may start a new line or move the
    cursor."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[name] = "".join(
                letter if letter.isprintable() else ascii(letter)[1:-1]
                for letter in value
            )
    return event


def _without_repeats(record: logging.LogRecord) -> bool:
    """Django logs each 4xx beside our access line, and what it suspects (a wrong host,
    too many fields) with a traceback."""
    if record.name.startswith(SUSPICIONS):
        record.exc_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return record.name != "django.request" or bool(record.exc_info)
