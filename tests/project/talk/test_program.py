"""A conversation as `manage.py talk` holds it, with a server that answers with tones."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.audio import SPEECH_RATE_HZ, Audio, read_wav
from tests.servers.voice import Answer, VoiceServer, voice_server
from voiceproject.talk.client import conversation
from voiceproject.talk.connection import NoServer, Refused
from voiceproject.talk.display import Display
from voiceproject.talk.program import Program, TalkOptions
from voiceproject.talk.script import STANDARD_INPUT, Line, Pacing
from voiceproject.talk.sound import FileMicrophone, TimedLoudspeaker

QUICK = Pacing(pause_seconds=0.1, answer_seconds=5)
SOUND = np.full(SPEECH_RATE_HZ * 3 // 10, 0.5, np.float32)
QUESTION = Line("question.wav", Audio(SOUND, SPEECH_RATE_HZ))


async def hold(
    server: VoiceServer, *lines: Line, typed: str = "", **options: Any
) -> tuple[str, list[str]]:
    """Hold a conversation; what was printed, and what got no reply."""
    out = io.StringIO()
    chosen = TalkOptions(server.url, lines=lines, **{"pacing": QUICK, **options})
    unanswered = await Program(chosen, out, io.StringIO(typed)).run()
    return out.getvalue(), unanswered


def events(printed: str, kind: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in printed.splitlines()]
    return [each for each in found if each["type"] == kind]


async def test_it_says_a_recording_and_prints_the_reply(tmp_path: Path) -> None:
    heard = tmp_path / "reply.wav"
    async with voice_server() as server:
        printed, unanswered = await hold(
            server, QUESTION, out=heard, session={"instructions": "Be brief."}
        )
    assert unanswered == []
    said, reply, waited, *rest = printed.splitlines()
    assert (said, reply, rest) == ("you: What is it?", "it:  Hello, you.", [])
    assert waited.startswith("     answered after ")
    assert waited.endswith(" ms (turn over 200, sent 210)")
    (update,) = server.of("session.update")
    assert update["session"] == {"instructions": "Be brief."}
    recorded = read_wav(heard)
    assert np.count_nonzero(recorded.samples) / recorded.rate_hz == pytest.approx(
        0.4, abs=0.01
    )


async def test_it_records_only_what_was_heard_of_an_interrupted_reply(
    tmp_path: Path,
) -> None:
    heard = tmp_path / "reply.wav"
    answers = (Answer(("A long story", "with no end."), 3.0), Answer(("Yes.",)))
    pacing = Pacing(pause_seconds=0.1, interrupt_seconds=0.5, answer_seconds=5)
    async with voice_server(answers=answers) as server:
        printed, unanswered = await hold(
            server, QUESTION, QUESTION, out=heard, pacing=pacing
        )
    assert unanswered == []
    assert "it:  A long story —" in printed
    assert "with no end." not in printed
    assert "heard: 'Hello')" in printed
    assert "it:  Yes." in printed
    recorded = read_wav(heard)
    seconds = np.count_nonzero(recorded.samples) / recorded.rate_hz
    # Two clauses of three seconds, and the second reply.
    assert 0.6 <= seconds < 3.2


async def test_it_reports_how_much_was_played() -> None:
    async with voice_server(answers=(Answer(("One.",), 0.8),)) as server:
        await hold(server, QUESTION)
    played = [each["ms"] for each in server.of("x.played")]
    assert played == sorted(played)
    assert 0 < played[0] < played[-1] <= 800


async def test_it_writes_texts_and_the_lines_of_standard_input() -> None:
    answers = (Answer(("One.",)), Answer(("Two.",)), Answer(("Three.",)))
    lines = (Line("First?"), Line(STANDARD_INPUT))
    async with voice_server(answers=answers) as server:
        printed, unanswered = await hold(server, *lines, typed="Second?\n\nThird?\n")
    assert unanswered == []
    written = [
        each["item"]["content"][0]["text"]
        for each in server.of("conversation.item.create")
    ]
    assert written == ["First?", "Second?", "Third?"]
    turns = [line for line in printed.splitlines() if line[0] != " "]
    assert turns == [
        *("you: First?", "it:  One.", "you: Second?"),
        *("it:  Two.", "you: Third?", "it:  Three."),
    ]


async def test_it_names_what_was_not_answered() -> None:
    async with voice_server(answers=(None, Answer(("Yes.",)))) as server:
        printed, unanswered = await hold(server, QUESTION, Line("Again?"))
    assert unanswered == ["question.wav"]
    assert "(no words were heard)" in printed


async def test_it_gives_up_a_reply_that_does_not_come() -> None:
    pacing = Pacing(answer_seconds=0.3)
    async with voice_server(answers=()) as server:
        _, unanswered = await hold(server, Line("Well?"), pacing=pacing)
    assert unanswered == ["Well?"]


async def test_it_prints_everything_as_json_lines() -> None:
    async with voice_server() as server:
        printed, _ = await hold(server, QUESTION, as_json=True)
    (created,) = events(printed, "session.created")
    (audible,) = events(printed, "talk.audible")
    (reply,) = events(printed, "talk.reply")
    spoken = [each["text"] for each in events(printed, "talk.spoken")]
    floors = [each["floor"] for each in events(printed, "talk.floor")]
    assert created["at_ms"] < audible["at_ms"] < reply["at_ms"]
    # The silence after the turn, and the buffer of 60 ms.
    assert 200 <= audible["waited_ms"] < 2_000
    assert reply["heard"] == "Hello, you."
    assert spoken == ["Hello,", "you."]
    assert floors == ["hearing", "thinking", "speaking", "listening"]


async def test_it_shows_its_key() -> None:
    async with voice_server() as server:
        await hold(server, Line("Hi."), key="secret")
    assert server.headers[0]["Authorization"] == "Bearer secret"


async def test_it_says_why_the_server_refuses_the_options() -> None:
    async with voice_server(refusal="There is no voice `x`.") as server:
        with pytest.raises(Refused, match="There is no voice `x`"):
            await hold(server, QUESTION, session={"instructions": "x"})


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        (4503, "The models are loading.", "The models are loading."),
        (4401, "", "needs a key: use --key or EARLARK_KEY"),
    ],
)
async def test_it_says_why_the_server_ends_the_conversation(
    code: int, message: str, said: str
) -> None:
    async with voice_server(closes=(code, message)) as server:
        with pytest.raises(Refused, match=said):
            await hold(server, QUESTION)


async def test_it_goes_on_after_a_lost_connection_with_all_that_was_said() -> None:
    async with voice_server(drops_at=0.2) as server:
        printed, unanswered = await hold(server, QUESTION)
    assert unanswered == []
    lost, back, said, *_ = printed.splitlines()
    assert lost == "(the connection is lost; what you say now is kept)"
    assert (back, said) == ("(connected again)", "you: What is it?")
    assert server.loud_samples == len(SOUND), "something was lost, or came twice"


async def test_a_reply_that_the_loss_has_cut_is_told_with_what_was_heard() -> None:
    answers = (Answer(("A long story",), 3.0),)
    async with voice_server(answers=answers, drops_at=1.5) as server:
        printed, _ = await hold(server, QUESTION, as_json=True)
    (reply,) = events(printed, "talk.reply")
    assert (reply["status"], reply["reason"]) == ("cancelled", "connection_lost")
    assert reply["heard"] == "Hello"
    assert 0 < reply["heard_ms"] < 2_800
    kinds = [json.loads(line)["type"] for line in printed.splitlines()]
    assert kinds.index("talk.lost") < kinds.index("talk.resumed")


async def test_a_server_that_has_forgotten_the_conversation_ends_it() -> None:
    async with voice_server(drops_at=0.1, forgets=True) as server:
        with pytest.raises(Refused, match="no longer has the conversation"):
            await hold(server, QUESTION)


async def test_it_notices_that_no_server_answers() -> None:
    async with voice_server() as server:
        pass
    with pytest.raises(NoServer):
        await hold(server, QUESTION)


async def test_it_tells_the_rate_of_a_microphone_that_has_another() -> None:
    microphone = FileMicrophone()
    microphone.rate_hz = 48_000
    speaker, out = TimedLoudspeaker(), Display(io.StringIO(), is_live=False)
    session = {"audio": {"input": {"transcription": {"language": "en"}}}}
    async with (
        voice_server() as server,
        conversation(server.url, microphone, speaker, out, session=session),
    ):
        pass
    (update,) = server.of("session.update")
    assert update["session"]["audio"]["input"] == {
        "transcription": {"language": "en"},
        "format": {"type": "audio/pcm", "rate": 48_000},
    }
