"""Voice to voice: from the acoustic end of a question to the first sound of the reply.

Recordings are spoken over `/ws/voice` in real time, to the smallest language model, and
the replies are played through a buffer of 60 ms. After each conversation the same
recordings go through the bare libraries, one stage after the other, so that a busy
machine is as busy for the one as for the other.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

import numpy as np

from benchmarks.corpus import LEFT_OUT, audio_of, short_english
from benchmarks.flags import Flags
from benchmarks.labels import acoustic_bounds, end_of_sound
from benchmarks.voice import barge_in
from benchmarks.voice.bare import Bare, BareStages
from benchmarks.voice.figures import stage_table, summary, write_csv
from benchmarks.voice.options import VoiceOptions, parse
from benchmarks.voice.turn import Question, Turn, ask
from tests.chat.talker import talker
from tests.server_process import RunningServer, running_server
from tests.word_errors import Recording

SHORTEST_END_SECONDS = 0.05
"""A recording that goes on to its last moment has no end to measure from."""
BEFORE_SECONDS = 0.5
"""Between the start of a conversation and its first question."""
REPLY_TOKENS = 60
STAGGER_SECONDS = 1.7
"""Between the starts of people who talk at once."""


def run(flags: Flags) -> str:
    """The tables of the usual run."""
    options = ["--quick"] if flags.quick else []
    for model in flags.models:
        options += ["--model", model]
    return measured(parse(options))


def main(arguments: Sequence[str]) -> int:
    print(measured(parse(arguments)), flush=True)
    return 0


def measured(options: VoiceOptions) -> str:
    asked = [
        question for clip in short_english(Flags()) if (question := _question(clip))
    ]
    if not asked:
        return LEFT_OUT.format(name="voice_to_voice")
    questions = chosen(asked, options.recordings)
    if options.barge_in:
        return "\n".join(
            barge_in.run(each, questions, options) for each in options.models
        )
    return "\n".join(_measured(model, questions, options) for model in options.models)


def chosen(questions: Sequence[Question], count: int) -> list[Question]:
    """So many of them, spread evenly; the first ones again when there are too few."""
    if count >= len(questions):
        return [questions[index % len(questions)] for index in range(count)]
    places = np.linspace(0, len(questions) - 1, count)
    return [questions[round(place)] for place in places]


def _question(clip: Recording) -> Question | None:
    audio = audio_of(clip)
    bounds = acoustic_bounds(audio.samples)
    if audio.seconds - bounds.end_seconds < SHORTEST_END_SECONDS:
        return None
    return Question(
        name=clip.path.stem,
        audio=audio,
        start_seconds=bounds.start_seconds,
        end_seconds=bounds.end_seconds,
        end_of_sound_seconds=end_of_sound(audio.samples),
    )


def _measured(model: str, questions: Sequence[Question], options: VoiceOptions) -> str:
    bare = Bare(model)
    bare.answer(questions[0].audio.samples)
    with running_server(
        whisper_model_name=model, llm_backend="embedded", **options.server_settings
    ) as server:
        turns, stages = asyncio.run(_talk(server, questions, options, bare))
    if options.csv is not None:
        write_csv(options.csv, turns, stages)
    title = f"Voice to voice, {model}{options.told}"
    load = f"Load average at the end: {os.getloadavg()[0]:.1f}.\n"
    return "\n".join(
        (summary(title, turns, list(stages.values())), load, stage_table(turns))
    )


async def _talk(
    server: RunningServer,
    questions: Sequence[Question],
    options: VoiceOptions,
    bare: Bare,
) -> tuple[list[Turn], dict[str, BareStages]]:
    """All turns, and the bare stages by the name of the recording."""
    turns: list[Turn] = []
    stages: dict[str, BareStages] = {}
    parts = np.array_split(np.arange(len(questions)), options.conversations)
    for number, part in enumerate(part for part in parts if len(part)):
        asked = [questions[index] for index in part]
        people = [
            _converse(server, asked[turn:] + asked[:turn], options, number, person)
            for person in range(options.sessions)
            for turn in [person % len(asked)]
        ]
        for found in await asyncio.gather(*people):
            turns += found
        for question in asked:
            stages[question.name] = await asyncio.to_thread(
                bare.answer, question.audio.samples
            )
    return turns, stages


async def _converse(
    server: RunningServer,
    questions: Sequence[Question],
    options: VoiceOptions,
    number: int,
    person: int,
) -> list[Turn]:
    await asyncio.sleep(person * STAGGER_SECONDS)
    async with talker(
        server.ws_url, max_output_tokens=REPLY_TOKENS, **options.session
    ) as talking:
        await asyncio.sleep(BEFORE_SECONDS)
        conversation = number * options.sessions + person
        return [
            await ask(talking, each, conversation=conversation, position=position)
            for position, each in enumerate(questions)
        ]
