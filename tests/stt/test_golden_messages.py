"""What clients of `/ws/stt` get, compared with recordings byte for byte.

Each file in `tests/data/golden` is one session. It holds what the client does and
the exact text of each message, in which only ids and numbers that depend on the
clock are masked. Clients rely on these streams, so a change inside the server must
not change them. When the protocol itself gains something, record the sessions again
and read the difference before you commit it:

    RECORD_GOLDEN=1 .venv/bin/python -m pytest tests/stt/test_golden_messages.py
    git diff tests/data/golden
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.stt.golden.connections import CONNECTIONS
from tests.stt.golden.control import CONTROL
from tests.stt.golden.live import LIVE
from tests.stt.golden.speech import SPEECH
from tests.stt.golden.stage import Astray, MakeServices, Mask, Stage

FOLDER = Path(__file__).parents[1] / "data" / "golden"
SESSIONS = {play.__name__: play for play in (*SPEECH, *LIVE, *CONTROL, *CONNECTIONS)}
KINDS = {
    "ready",
    "speech_started",
    "partial",
    "speech_ended",
    "transcript",
    "ack",
    "flushed",
    "buffer_limit_reached",
    "status",
    "closed",
    "error",
}
CLOSE_CODES = {1000, 4400, 4408, 4409, 4413, 4415, 4440, 4500, 4503, 4512}


async def played(
    play: Callable[[Stage], Awaitable[None]], make_services: MakeServices
) -> list[str]:
    """The session's log. It says so when the session leaves its script."""
    stage = Stage(make_services)
    try:
        await play(stage)
    except Astray as error:
        stage.astray(str(error))
    finally:
        await stage.end()
    return stage.lines


def record(name: str, lines: list[str]) -> None:
    assert [line for line in lines if "astray" in json.loads(line)] == []
    text = "".join(f"{line}\n" for line in lines)
    (FOLDER / f"{name}.jsonl").write_text(text, encoding="utf-8")


def recorded(name: str) -> list[str]:
    # Not `splitlines`, because a message may hold other separators of lines.
    return (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")[:-1]


@pytest.mark.parametrize("name", SESSIONS)
async def test_its_messages_are_as_recorded(
    name: str, make_services: MakeServices
) -> None:
    lines = await played(SESSIONS[name], make_services)
    if os.environ.get("RECORD_GOLDEN"):
        record(name, lines)
        pytest.skip("recorded")
    assert lines == recorded(name)


def test_each_recording_has_its_session() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(SESSIONS)


def test_they_hold_every_kind_of_message_and_close_code() -> None:
    lines = [json.loads(line) for name in SESSIONS for line in recorded(name)]
    assert {line["type"] for line in lines if "type" in line} == KINDS
    assert {line["close"] for line in lines if "close" in line} == CLOSE_CODES


ID = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('{"lag_ms": 12.5}', '{"lag_ms": "<float>"}'),
        ('{"latency_ms": 0.0, "end": 1.5}', '{"latency_ms": "<float>", "end": 1.5}'),
        ('{"latency_ms": 12}', '{"latency_ms": 12}'),
        ('{"latency_ms": 12.345}', '{"latency_ms": 12.345}'),
        ('{"latency_ms":12.5}', '{"latency_ms":12.5}'),
        ('{"latency_ms": null}', '{"latency_ms": null}'),
        (f'{{"session_id": "{ID}"}}', '{"session_id": "<session_id 1>"}'),
        ('{"session_id": "short"}', '{"session_id": "short"}'),
    ],
)
def test_it_masks_no_more_than_what_differs(text: str, masked: str) -> None:
    assert Mask()(text) == masked


def test_an_id_keeps_its_name_and_another_gets_another() -> None:
    mask = Mask()
    found = [mask(f'{{"resume_token": "{each}"}}') for each in (ID, ID[::-1], ID)]
    assert found[0] == found[2] != found[1]
    assert mask(f"?resume={ID}") == "?resume=<resume_token 1>"
