"""What the terminal says while the server starts."""

from __future__ import annotations

import asyncio
import io

from structlog.testing import capture_logs

from common.services import Services
from voiceproject.lifecycle import Managed, ServerProcess, nothing
from voiceproject.startup.report import CLEAR_LINE, LogReport, TerminalReport

URL = "http://127.0.0.1:8000"


async def test_it_says_what_it_loads_and_how_long_each_part_took() -> None:
    out = io.StringIO()
    report = TerminalReport(out, is_live=False)
    report.listening(URL, ["stt", "tts"])
    report.loaded("tts", 1.26)
    report.loaded("stt", 9.0)
    report.close()
    assert out.getvalue().splitlines() == [
        f"Loading the models. {URL}/ already shows how far it is.",
        "  Text to speech: loaded in 1.3 s",
        "  Speech to text: loaded in 9.0 s",
    ]


async def test_a_terminal_gets_a_line_of_progress_that_goes_away() -> None:
    out = io.StringIO()
    report = TerminalReport(out, is_live=True)
    report.listening(URL, ["stt", "tts"])
    await asyncio.sleep(0)
    assert out.getvalue().endswith("  Speech to text, Text to speech: loading, 0 s\r")
    report.loaded("tts", 1.0)
    report.close()
    report.close()
    assert out.getvalue().endswith(
        f"{CLEAR_LINE}  Text to speech: loaded in 1.0 s\n{CLEAR_LINE}"
    )


def test_a_log_gets_an_event_for_each_part() -> None:
    with capture_logs() as logs:
        report = LogReport()
        report.listening(URL, ["stt"])
        report.loaded("stt", 2.345)
        report.close()
    assert [(line["event"], line.get("seconds")) for line in logs] == [
        ("server loading", None),
        ("part loaded", 2.3),
    ]


async def test_only_engines_are_reported_and_only_once_they_have_loaded() -> None:
    told = []
    managed = (
        Managed("stt", nothing, is_engine=True),
        Managed("history", nothing),
    )
    process = ServerProcess(Services(), managed)
    assert process.engines == ["stt"]
    await process.start(lambda name, seconds: told.append((name, round(seconds))))
    assert told == [("stt", 0)]
