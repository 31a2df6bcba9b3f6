"""Sessions with texts before the end: partial ones, and finals prepared in a pause.

With partial texts on, a frame of open speech is either shown or too short for one.
Whether another partial text is due would depend on the clock.
"""

from __future__ import annotations

from common.errors import EngineFailed
from tests.fakes import FakeStt
from tests.stt.golden.fakes import ReadingStt
from tests.stt.golden.stage import Client, Stage

_GUESSING = {"speculative_pause_seconds": 0.12}
_INTERIM = "?interim_results=true"


async def _open(stage: Stage, query: str = "") -> Client:
    client = await stage.open(query)
    await client.until("ready")
    return client


async def stable_text(stage: Stage) -> None:
    script = ["the", "The cat", "The cat sad", "the cat sat on", "The cat sat on, the"]
    script += [
        "The bat sat on the mat",
        "The cat sat on the mat.",
        "次の",
        "次の文",
        "次",
    ]
    stage.serve(FakeStt(script))
    client = await _open(stage, _INTERIM)
    await client.show(-0.5, 0.5)
    for _ in range(5):
        await client.show(0.3)
    await client.speak(-0.8)
    await client.until("transcript", "ack")
    await client.show(0.5)
    await client.show(0.3)
    await client.close()


async def growing_partials_over_a_cut(stage: Stage) -> None:
    stage.serve(ReadingStt(), max_utterance_seconds=3.0)
    client = await _open(stage, _INTERIM)
    await client.show(1)
    await client.show(0.7)
    await client.show(1, -0.14)
    # It is cut in the silence; what follows is too short to be shown yet.
    await client.speak(0.2)
    await client.until("transcript", "ack")
    await client.show(0.5)
    await client.show(0.5)
    await client.speak(-0.8)
    await client.until("transcript", "ack")
    await client.close()


async def partials_switched_on_and_off(stage: Stage) -> None:
    stage.serve(ReadingStt())
    client = await _open(stage)
    await client.speak(1)
    await client.until("speech_started")
    await client.ask("configure", interim_results=True)
    await client.show(0.5)
    await client.ask("configure", interim_results=False)
    await client.speak(0.5)
    await client.ask("flush")
    await client.until("flushed")
    await client.close()


async def a_partial_that_came_too_late(stage: Stage) -> None:
    engine = ReadingStt()
    stage.serve(engine)
    client = await _open(stage, _INTERIM)
    engine.hold()
    await client.speak(1)
    await client.until("speech_started")
    await client.speak(-0.8)
    await client.until("speech_ended")
    engine.release()
    await client.until("transcript", "ack")
    await client.close()


async def a_right_guess(stage: Stage) -> None:
    stage.serve(ReadingStt(), **_GUESSING)
    client = await _open(stage)
    await client.speak(1, -0.2)
    await client.speak(-0.6)
    await client.until("transcript", "ack")
    await client.close()


async def a_wrong_guess(stage: Stage) -> None:
    stage.serve(ReadingStt(), **_GUESSING)
    client = await _open(stage)
    await client.speak(1, -0.2)
    await client.speak(0.5)
    await client.speak(-0.2)
    await client.speak(-0.6)
    await client.until("transcript", "ack")
    await client.close()


async def guesses_shown_as_partials(stage: Stage) -> None:
    stage.serve(ReadingStt(), **_GUESSING)
    client = await _open(stage, _INTERIM)
    await client.show(1)
    await client.show(0.2, -0.2)
    await client.show(0.5)
    await client.show(0.3, -0.2)
    await client.speak(-0.6)
    await client.until("transcript", "ack")
    await client.close()


async def a_wrong_guess_that_came_late(stage: Stage) -> None:
    engine = ReadingStt()
    stage.serve(engine, **_GUESSING)
    client = await _open(stage, _INTERIM)
    await client.show(1)
    engine.hold()
    await client.speak(0.2, -0.2)
    await client.speak(0.3)
    await client.sync()
    engine.release()
    await client.until("partial")
    await client.close()


async def a_guess_taken_by_a_flush(stage: Stage) -> None:
    stage.serve(ReadingStt(), **_GUESSING)
    client = await _open(stage)
    await client.speak(1, -0.2)
    await client.speak(-0.1)
    await client.ask("flush")
    await client.until("flushed")
    await client.close()


async def a_guess_that_failed(stage: Stage) -> None:
    stage.serve(FakeStt([EngineFailed("It broke."), "Heard again."]), **_GUESSING)
    client = await _open(stage)
    await client.speak(1, -0.2)
    await client.speak(-0.6)
    await client.until("transcript", "ack")
    await client.close()


async def a_guess_made_useless_by_configure(stage: Stage) -> None:
    stage.serve(ReadingStt(), **_GUESSING)
    client = await _open(stage)
    await client.speak(1, -0.2)
    await client.ask("configure", language="de")
    await client.speak(-0.6)
    await client.until("transcript", "ack")
    await client.close()


async def a_recording(stage: Stage) -> None:
    stage.serve(ReadingStt(), **_GUESSING)
    client = await _open(stage, f"{_INTERIM}&purpose=file")
    await client.speak(1, -0.2)
    await client.speak(-0.6)
    await client.until("transcript", "ack")
    await client.close()


LIVE = (
    stable_text,
    growing_partials_over_a_cut,
    partials_switched_on_and_off,
    a_partial_that_came_too_late,
    a_right_guess,
    a_wrong_guess,
    guesses_shown_as_partials,
    a_wrong_guess_that_came_late,
    a_guess_taken_by_a_flush,
    a_guess_that_failed,
    a_guess_made_useless_by_configure,
    a_recording,
)
