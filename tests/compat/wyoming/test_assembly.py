"""Which ports a process opens for Wyoming, and where."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from structlog.testing import capture_logs

from compat_app.wyoming.server import WyomingServer
from tests.compat.wyoming.talking import Talk, serving
from tests.fake_services import KeptHistory, fake_services, loaded_config
from tests.fakes import FakeLlm, FakeStt, FakeTts
from voiceproject.lifecycle import ServerProcess
from voiceproject.services import ROLES, Engines, assemble

# A process reads its API keys.
pytestmark = pytest.mark.usefixtures("transactional_db")

SPLIT_PORTS = {"stt": 10_300, "tts": 10_200}


def process(
    roles: Collection[str] = ROLES, host: str = "", **changes: Any
) -> ServerProcess:
    speaks = "tts" in roles
    engines = Engines(
        stt=FakeStt() if "stt" in roles else None,
        tts=FakeTts() if speaks else None,
        llm=FakeLlm() if speaks else None,
    )
    return assemble(loaded_config(**changes), engines, KeptHistory(), host=host)


def port_of(built: ServerProcess) -> WyomingServer | None:
    return built.services.get(WyomingServer)


@pytest.mark.parametrize(
    ("given", "changes", "host"),
    [
        ("", {}, "127.0.0.1"),
        ("0.0.0.0", {}, "0.0.0.0"),
        ("", {"tts_host": "192.0.2.7"}, "192.0.2.7"),
        ("127.0.0.1", {"wyoming_host": "0.0.0.0"}, "0.0.0.0"),
    ],
)
def test_it_listens_where_the_server_does_unless_it_is_told(
    given: str, changes: dict[str, Any], host: str
) -> None:
    found = port_of(process(host=given, **changes))
    assert found is not None
    assert (found.host, found.port) == (host, 10_300)


@pytest.mark.parametrize("role", ROLES)
def test_two_services_have_a_port_each(role: str) -> None:
    found = port_of(process([role], stt_host="192.0.2.1", tts_host="192.0.2.2"))
    assert found is not None
    assert found.port == SPLIT_PORTS[role]
    assert found.host == {"stt": "192.0.2.1", "tts": "192.0.2.2"}[role]


@pytest.mark.parametrize(
    ("roles", "setting"),
    [(ROLES, "wyoming_port"), (["stt"], "wyoming_port"), (["tts"], "wyoming_tts_port")],
)
def test_port_0_turns_it_off(roles: Collection[str], setting: str) -> None:
    changes: dict[str, Any] = {setting: 0}
    assert port_of(process(roles, **changes)) is None


async def test_a_second_server_runs_without_a_port_that_the_first_one_has() -> None:
    """As when somebody starts `make run PORT=9000` beside another one."""
    async with serving(fake_services()) as first:
        second = process(wyoming_port=first.port, store_history=False)
        with capture_logs() as logs:
            await second.start()
        try:
            (warning,) = [each for each in logs if each.get("service") == "wyoming"]
            assert warning["log_level"] == "warning"
            assert f"127.0.0.1:{first.port}" in warning["reason"]
        finally:
            await second.stop()


async def test_it_listens_with_the_process_and_stops_accepting_with_it() -> None:
    async with serving(fake_services()) as free:
        port = free.port
    built = process(wyoming_port=port, store_history=False)
    await built.start()
    found = port_of(built)
    assert found is not None
    async with Talk(port) as client:
        await client.settled()
        await built.stop_accepting()
        await client.settled()
        with pytest.raises(OSError):
            await Talk(port).connect()
    await built.stop()
