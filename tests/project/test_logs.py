"""What the log says, and what nobody can make it say."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from common.config import Config, load_config
from common.logs import configure_logs

Lines = Callable[[], list[str]]


@pytest.fixture
def log_to() -> Iterator[Callable[..., Lines]]:
    """Configures the log with some settings; what it gives back reads the lines."""

    def configure(**settings: Any) -> Lines:
        stream = io.StringIO()
        configure_logs(Config(**settings), stream)
        return lambda: stream.getvalue().splitlines()

    yield configure
    structlog.contextvars.clear_contextvars()
    configure_logs(load_config().config)


def test_it_writes_readable_lines_in_development(log_to: Any) -> None:
    lines = log_to()
    structlog.get_logger("a.room").info("voice found", voice="joe", size=3)
    (line,) = lines()
    assert "voice found" in line
    assert "voice=joe" in line
    assert not line.startswith("{")


@pytest.mark.parametrize(
    "settings", [{"log_json_mode": True}, {"environment": "production"}]
)
def test_it_writes_json_lines_for_machines(log_to: Any, settings: Any) -> None:
    lines = log_to(**settings)
    structlog.get_logger("a.room").warning("voice lost", voice="joe")
    (line,) = lines()
    entry = json.loads(line)
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {
        "event": "voice lost",
        "level": "warning",
        "logger": "a.room",
        "voice": "joe",
    }


@pytest.mark.parametrize("logger", ["django.db.backends", "daphne.server", "other"])
def test_it_carries_the_ids_of_request_and_session(log_to: Any, logger: str) -> None:
    lines = log_to(log_json_mode=True)
    with structlog.contextvars.bound_contextvars(request_id="r1", session_id="s1"):
        structlog.get_logger(logger).info("ours")
        logging.getLogger(logger).info("theirs %s", "too")
    entries = [json.loads(line) for line in lines()]
    assert [entry["event"] for entry in entries] == ["ours", "theirs too"]
    assert {entry["request_id"] for entry in entries} == {"r1"}
    assert {entry["session_id"] for entry in entries} == {"s1"}


def test_it_keeps_to_its_level(log_to: Any) -> None:
    lines = log_to(log_level="WARNING")
    structlog.get_logger("a").info("not this")
    logging.getLogger("b").info("nor this")
    logging.getLogger("b").warning("but this")
    assert len(lines()) == 1


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("evil", ["a\nb", "a\r\nb", "a\x1b[2Jb", "a\u2028b", "a\x85b"])
def test_it_cannot_be_made_to_start_a_new_line(
    log_to: Any, as_json: bool, evil: str
) -> None:
    lines = log_to(log_json_mode=as_json)
    structlog.get_logger("a").info(evil, path=evil)
    logging.getLogger("b").info("asked for %s", evil)
    assert len(lines()) == 2
    assert all(character.isprintable() for line in lines() for character in line)


def test_it_keeps_a_traceback_in_one_json_line(log_to: Any) -> None:
    lines = log_to(log_json_mode=True)
    try:
        raise ValueError("deep inside")
    except ValueError:
        structlog.get_logger("a").exception("it failed")
    (line,) = lines()
    assert "deep inside" in json.loads(line)["exception"]


@pytest.mark.parametrize("suspicion", ["DisallowedHost", "TooManyFieldsSent"])
def test_it_names_what_it_suspects_without_a_traceback(
    log_to: Any, suspicion: str
) -> None:
    lines = log_to(log_json_mode=True)
    logger = logging.getLogger(f"django.security.{suspicion}")
    try:
        raise ValueError("deep inside")
    except ValueError as error:
        logger.error("Invalid HTTP_HOST header: 'evil'", exc_info=error)
    entry = json.loads(*lines())
    assert entry["level"] == "warning"
    assert "exception" not in entry


def test_it_has_one_line_for_a_refused_request(log_to: Any) -> None:
    lines = log_to()
    logging.getLogger("django.request").warning("Not Found: /nowhere")
    assert lines() == []
    try:
        raise ValueError("deep inside")
    except ValueError as error:
        logging.getLogger("django.request").error("Server Error", exc_info=error)
    assert any("deep inside" in line for line in lines())


def test_it_may_be_configured_twice(log_to: Any) -> None:
    log_to()
    lines = log_to()
    structlog.get_logger("a").info("once")
    assert len(lines()) == 1


@pytest.mark.parametrize("name", ["django.template", "daphne.http_protocol"])
def test_at_debug_it_has_no_flood_of_what_libraries_look_up(
    log_to: Any, name: str
) -> None:
    lines = log_to(log_level="DEBUG")
    logging.getLogger(name).debug("Exception while resolving variable", exc_info=True)
    assert lines() == []
    structlog.get_logger("stt_app.service").debug("ours")
    assert len(lines()) == 1
