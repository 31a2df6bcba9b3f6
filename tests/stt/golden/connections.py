"""Sessions about how connections end, and how they are taken up again."""

from __future__ import annotations

import asyncio

from tests.fakes import FakeStt
from tests.stt.golden.fakes import HeldStt
from tests.stt.golden.speech import said
from tests.stt.golden.stage import Client, Stage

_LOST = 1006


async def _open(stage: Stage, query: str = "") -> tuple[Client, str]:
    """A client and its token."""
    client = await stage.open(query)
    ready = await client.until("ready")
    return client, ready["resume_token"]


async def resumed_where_it_was(stage: Stage) -> None:
    stage.serve(FakeStt(["one", "two, as far as it was heard", "two", "three"]))
    client, token = await _open(stage)
    await client.speak(1, -0.8)
    one = await client.until("transcript")
    await client.until("ack")
    await client.speak(0.5)
    await client.until("speech_started")
    await client.leave(_LOST)
    client, _ = await _open(stage, f"?resume={token}&audio_seconds={one['end']}")
    # What opens a resumed stream is never too short: it may be the rest of more.
    await said(client, -0.5, 0.1, -0.8)
    await said(client, 1, -0.8)
    await client.close()


async def resumed_from_the_last_acknowledgement(stage: Stage) -> None:
    stage.serve(FakeStt(["one", "two"]))
    client, token = await _open(stage)
    await said(client, 1, -0.8)
    # Its answer comes when the server has noted that the others were sent.
    await client.ask("flush")
    await client.until("flushed")
    await client.leave(_LOST)
    client, _ = await _open(stage, f"?resume={token}")
    await said(client, 1, -0.8)
    await client.close()


async def resumed_before_texts_that_were_lost(stage: Stage) -> None:
    stage.serve(FakeStt(["one", "two", "two once more"]))
    client, token = await _open(stage)
    await client.speak(1, -0.8)
    one = await client.until("transcript")
    await client.until("ack")
    await said(client, 1, -0.8)
    await client.ask("flush")
    await client.until("flushed")
    await client.leave(_LOST)
    client, _ = await _open(stage, f"?resume={token}&audio_seconds={one['end']}")
    await said(client, -0.2, 1, -0.8)
    await client.close()


async def resumed_with_an_unknown_token(stage: Stage) -> None:
    stage.serve(FakeStt(["On we go."]))
    client, _ = await _open(stage, "?resume=unknown&audio_seconds=41.5")
    await said(client, -0.2, 1, -0.8)
    await client.close()
    client, _ = await _open(stage, "?resume=unknown")
    await client.close()


async def resumed_after_a_goodbye(stage: Stage) -> None:
    stage.serve(FakeStt(["That is all."]))
    client, token = await _open(stage)
    await said(client, 1, -0.8)
    await client.close()
    await client.end()
    client, _ = await _open(stage, f"?resume={token}")
    await client.close()


async def superseded(stage: Stage) -> None:
    stage.serve(FakeStt(["one", "two, never told", "two"]))
    first, token = await _open(stage)
    await said(first, 1, -0.8)
    await first.speak(0.5)
    await first.until("speech_started")
    second, _ = await _open(stage, f"?resume={token}")
    await first.until_closed()
    await first.end()
    await said(second, 1, -0.8)
    await second.close()


async def client_disconnects(stage: Stage) -> None:
    stage.serve(FakeStt(["one", "last words"]))
    client, _ = await _open(stage)
    await said(client, 1, -0.8)
    await client.speak(0.5)
    await client.until("speech_started")
    await client.leave(1000)


async def server_drains(stage: Stage) -> None:
    stage.serve(FakeStt(["Half a sen"]))
    client, _ = await _open(stage)
    await client.speak(1)
    await client.until("speech_started")
    stage.drain()
    await client.until_closed()
    late = await stage.open()
    await late.until_closed()


async def server_drains_in_silence(stage: Stage) -> None:
    stage.serve(FakeStt(["Said before."]))
    client, _ = await _open(stage)
    await said(client, 1, -0.8)
    stage.drain()
    await client.until_closed()


async def idle(stage: Stage) -> None:
    stage.serve(FakeStt(["Said before."]), stt_idle_seconds=0.5)
    client, _ = await _open(stage)
    await client.speak(1)
    await client.until_closed()


async def expired(stage: Stage) -> None:
    stage.serve(FakeStt(["Said before."]), stt_session_seconds=0.75)
    client, _ = await _open(stage)
    await client.until("status")
    await client.speak(1)
    await client.until_closed()


async def texts_are_late(stage: Stage) -> None:
    engine = HeldStt(["Late."])
    stage.serve(engine)
    client, _ = await _open(stage)
    engine.hold()
    await client.speak(1, -0.8)
    await client.until("speech_ended")
    await asyncio.sleep(1.05)
    await client.speak(-0.1)
    await client.until("status")
    engine.release()
    await client.until("transcript", "ack")
    await client.close()


CONNECTIONS = (
    resumed_where_it_was,
    resumed_from_the_last_acknowledgement,
    resumed_before_texts_that_were_lost,
    resumed_with_an_unknown_token,
    resumed_after_a_goodbye,
    superseded,
    client_disconnects,
    server_drains,
    server_drains_in_silence,
    idle,
    expired,
    texts_are_late,
)
