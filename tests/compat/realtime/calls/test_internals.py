"""What the calls use of aiortc and aioice beneath their public interfaces is still there.

If one of these fails after an update, read compat_app/realtime/calls/media/internals.py
against the new version before you change the pin.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from aioice.ice import Connection
from aiortc import RTCPeerConnection
from aiortc.jitterbuffer import JitterBuffer

from compat_app.realtime.calls.media import internals
from compat_app.realtime.calls.media.packets import PromptBuffer

REQUIREMENTS = Path(__file__).parents[4] / "requirements" / "webrtc.in"


@pytest.fixture
async def pc() -> RTCPeerConnection:
    pc = RTCPeerConnection()
    pc.addTransceiver("audio")
    pc.createDataChannel("oai-events")
    return pc


@pytest.mark.parametrize("name", internals.PINNED)
def test_the_installed_version_is_the_one_that_was_read(name: str) -> None:
    pinned = internals.PINNED[name]
    assert version(name).startswith(f"{pinned}."), (
        f"{name} {version(name)} is installed, but internals.py was read in {pinned}"
    )
    assert f"{name}>={pinned},<" in REQUIREMENTS.read_text()


async def test_there_is_an_ice_connection_beneath_each_transport(
    pc: RTCPeerConnection,
) -> None:
    found = internals.ice_connections(pc)
    assert found
    for connection in found:
        assert isinstance(connection, Connection), "RTCIceGatherer._connection changed"
        assert connection._protocols == [], "Connection._protocols changed"
    await pc.close()


async def test_candidates_are_gathered_by_the_method_that_is_replaced(
    pc: RTCPeerConnection,
) -> None:
    asked = []

    async def gather(component: int, addresses: list[str], timeout: int = 5) -> list:
        asked.append(component)
        return []

    for connection in internals.ice_connections(pc):
        internals.gather_with(connection, gather)
    await pc.setLocalDescription(await pc.createOffer())
    assert asked, "Connection.get_component_candidates is not called any more"
    await pc.close()


async def test_a_receiver_has_a_jitter_buffer_to_replace(pc: RTCPeerConnection) -> None:
    receiver = pc.getTransceivers()[0].receiver
    before = getattr(receiver, internals.JITTER_BUFFER, None)
    assert isinstance(before, JitterBuffer), "RTCRtpReceiver keeps it elsewhere now"
    buffer = PromptBuffer()
    assert internals.replace_jitter_buffer(receiver, buffer)
    assert getattr(receiver, internals.JITTER_BUFFER) is buffer
    assert not internals.replace_jitter_buffer(object(), buffer)  # type: ignore[arg-type]
    await pc.close()


async def test_the_window_of_messages_can_be_read(pc: RTCPeerConnection) -> None:
    assert internals.window_left(pc) > 0, "RTCSctpTransport._advertised_rwnd changed"
    await pc.close()
