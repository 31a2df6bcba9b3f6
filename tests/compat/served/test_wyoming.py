"""The Wyoming port of a real server process."""

from __future__ import annotations

import pytest
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize

from tests.compat.wyoming.talking import Talk, kinds
from tests.server_process import RunningServer

pytestmark = pytest.mark.server


async def test_it_is_open_once_the_server_is_ready(server: RunningServer) -> None:
    async with Talk(server.wyoming_port) as client:
        await client.say(Describe())
        info = Info.from_event(await client.next())
        assert info.asr[0].installed and info.tts[0].installed
        await client.say(Synthesize("Hello."))
        assert kinds(await client.until("audio-stop"))[0] == "audio-start"


def test_the_summary_names_its_address(server: RunningServer) -> None:
    assert f"127.0.0.1:{server.wyoming_port}, for Home Assistant" in server.log
