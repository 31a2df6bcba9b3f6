"""Sessions in which somebody speaks: utterances, flushes, words and cuts."""

from __future__ import annotations

from common.errors import EngineFailed, Overloaded
from tests.fakes import FakeStt
from tests.stt.golden.fakes import ReadingStt
from tests.stt.golden.stage import Client, Stage


async def said(client: Client, *seconds: float) -> None:
    """An utterance that its pause ends, and its text."""
    await client.speak(*seconds)
    await client.until("transcript", "ack")


async def one_utterance(stage: Stage) -> None:
    stage.serve(FakeStt(["Hello world."]))
    client = await stage.open()
    await client.until("ready")
    await client.speak(-0.5, 1)
    await client.close()


async def two_utterances(stage: Stage) -> None:
    stage.serve(FakeStt(["Grüße, 世界 \U0001f600", 'She said "no\\yes"\nand left.']))
    client = await stage.open()
    await client.until("ready")
    await said(client, -0.2, 1, -0.8)
    await said(client, -0.5, 0.6, -0.8)
    await client.close()


async def nothing_said(stage: Stage) -> None:
    stage.serve()
    client = await stage.open()
    await client.until("ready")
    await client.close()


async def an_utterance_and_another_at_the_close(stage: Stage) -> None:
    engine = ReadingStt()
    stage.serve(engine)
    client = await stage.open()
    await client.until("ready")
    engine.hold()
    await client.speak(0.4, -0.8, 0.7)
    await client.until("speech_ended", "speech_started")
    await client.ask("close")
    await client.until("speech_ended")
    engine.release()
    await client.until_closed()


async def flush_in_speech(stage: Stage) -> None:
    stage.serve(FakeStt(["The first half", "and the second.", "And more."]))
    client = await stage.open()
    await client.until("ready")
    await client.speak(-0.5, 1)
    await client.ask("flush")
    await client.until("flushed")
    await client.speak(0.7)
    await client.send(" flush\n")
    await client.until("flushed")
    await said(client, -0.5, 0.5, -0.8)
    await client.close()


async def flush_in_silence(stage: Stage) -> None:
    stage.serve(FakeStt(["Now."]))
    client = await stage.open()
    await client.until("ready")
    await client.send("flush")
    await client.until("flushed")
    await client.speak(-1)
    await client.ask("flush")
    await client.until("flushed")
    await said(client, 1, -0.8)
    await client.send("flush")
    await client.until("flushed")
    await client.close()


async def frames_that_split_samples(stage: Stage) -> None:
    stage.serve(FakeStt(["In small pieces."]))
    client = await stage.open()
    await client.until("ready")
    await client.speak(-0.5, 1, -0.5, frame_bytes=999)
    await said(client, -0.3)
    await client.close()


async def word_timestamps(stage: Stage) -> None:
    stage.serve(FakeStt(["Words have their times.", "Not any more."]))
    client = await stage.open("?word_timestamps=true&language=en")
    await client.until("ready")
    await said(client, -0.7, 0.5, -0.8)
    await client.ask("configure", word_timestamps=False)
    await said(client, 1, -0.8)
    await client.close()


async def too_short_to_be_speech(stage: Stage) -> None:
    stage.serve(FakeStt(["Speech."]), min_utterance_seconds=0.35)
    client = await stage.open()
    await client.until("ready")
    await client.speak(-0.5, 0.1, -0.8)
    await client.until("speech_ended")
    await client.speak(0.2)
    await client.ask("flush")
    await client.until("flushed")
    await said(client, 0.5, -0.8)
    await client.speak(0.1)
    await client.close()


async def cut_at_its_longest(stage: Stage) -> None:
    engine = FakeStt(["The first,", "the second", "and the rest."])
    stage.serve(engine, max_utterance_seconds=3.0)
    client = await stage.open()
    await client.until("ready")
    await client.speak(-1, 1)
    await client.speak(1.2, -0.14)
    await said(client, 0.8)
    await client.speak(1.4, -0.14)
    await said(client, 1)
    await said(client, 0.1, -0.8)
    await client.close()


async def buffer_limit_in_one_breath(stage: Stage) -> None:
    stage.serve(FakeStt(["In one breath."]), max_buffer_seconds=5.0)
    client = await stage.open()
    await client.until("ready")
    for _ in range(6):
        await client.speak(2)
    await client.until("buffer_limit_reached", "buffer_limit_reached")
    await said(client, -1)
    await client.close()


async def buffer_limit_while_texts_wait(stage: Stage) -> None:
    engine = ReadingStt()
    stage.serve(engine, max_buffer_seconds=5.0)
    client = await stage.open()
    await client.until("ready")
    engine.hold()
    for _ in range(2):
        await client.speak(2)
        await client.speak(0.5, -1)
        await client.until("speech_ended")
    await client.until("buffer_limit_reached")
    engine.release()
    await client.until("transcript", "ack", "transcript", "ack")
    await said(client, 0.5, -0.8)
    await client.close()


async def acknowledgements(stage: Stage) -> None:
    stage.serve(FakeStt(["After a long silence."]))
    client = await stage.open()
    await client.until("ready")
    for _ in range(3):
        await client.speak(-2)
    await client.until("ack")
    await said(client, 1, -0.8)
    await client.speak(-1.25)
    await client.speak(-1.25)
    await client.until("ack")
    await client.close()


async def engine_failures(stage: Stage) -> None:
    failure = EngineFailed("The whisper worker died at work.", retry_after_seconds=1)
    again, busy = EngineFailed("It broke."), Overloaded("busy")
    stage.serve(FakeStt(["one", failure, "", again, busy, "five"]))
    client = await stage.open()
    await client.until("ready")
    await said(client, 1, -0.8)
    await client.speak(1, -0.8)
    await client.until("error", "ack")
    # The model finds no words in the third one.
    await client.speak(1, -0.8)
    await client.until("ack")
    await client.speak(1)
    await client.ask("flush")
    await client.until("flushed")
    await said(client, 1, -0.8)
    await client.close()


async def a_failure_at_the_close(stage: Stage) -> None:
    stage.serve(FakeStt([EngineFailed("It broke.")]))
    client = await stage.open()
    await client.until("ready")
    await client.speak(1)
    await client.close()


async def a_bug_in_the_engine(stage: Stage) -> None:
    stage.serve(FakeStt([ZeroDivisionError("a secret")]))
    client = await stage.open()
    await client.until("ready")
    await client.speak(1, -0.8)
    await client.until_closed()


SPEECH = (
    one_utterance,
    two_utterances,
    nothing_said,
    an_utterance_and_another_at_the_close,
    flush_in_speech,
    flush_in_silence,
    frames_that_split_samples,
    word_timestamps,
    too_short_to_be_speech,
    cut_at_its_longest,
    buffer_limit_in_one_breath,
    buffer_limit_while_texts_wait,
    acknowledgements,
    engine_failures,
    a_failure_at_the_close,
    a_bug_in_the_engine,
)
