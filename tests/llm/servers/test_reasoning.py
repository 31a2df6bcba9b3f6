"""Reasoning never comes out, wherever the answer is cut into pieces."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, strategies as st

from llm.engine import text_deltas
from llm.servers.openai import OpenAiEngine
from llm.servers.reasoning import ReasoningFilter
from tests.llm.helpers import QUESTION, ask, ollama, quick, started
from tests.servers import openai as openai_answers
from tests.servers.ollama import OllamaServer, last_line, line, raw
from tests.servers.openai import OpenAiServer

SECRET = "hush"
ANSWERS = [
    (f"<think>{SECRET}</think>Yes.", "Yes."),
    (f"<THINK>\n{SECRET} </b> {SECRET}</Think>\n\nYes.", "Yes."),
    (f"Well <thinking>{SECRET}</thinking>yes.", "Well yes."),
    (f"<thought>{SECRET}</thought><think>{SECRET}</think>1 < 2", "1 < 2"),
    (f"Yes.<think>{SECRET} <think> {SECRET}", "Yes."),
    ("Yes.</think> So.", "Yes. So."),
    ("a <b>bold</b> <thin> claim", "a <b>bold</b> <thin> claim"),
]


def heard(pieces: list[str]) -> str:
    thoughts = ReasoningFilter()
    return "".join(map(thoughts.push, pieces)) + thoughts.flush()


@pytest.mark.parametrize(("text", "said"), ANSWERS)
def test_it_says_the_same_for_every_pair_of_cuts(text: str, said: str) -> None:
    cuts = itertools.combinations(range(len(text) + 1), 2)
    for first, second in cuts:
        pieces = [text[:first], text[first:second], text[second:]]
        assert heard(pieces) == said, pieces


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["<", ">", "/", "think", "<b>", " ", "é"]),
            st.text(alphabet="abcde. ", min_size=1),
        )
    ),
    st.sampled_from(["think", "THINK", "thinking", "thought", "reasoning"]),
    st.data(),
)
def test_it_never_says_what_was_thought(
    answer: list[str], tag: str, data: st.DataObject
) -> None:
    text = f"<{tag}>{SECRET}</{tag}>" + "".join(answer) + f"<{tag}>{SECRET}"
    sizes = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=len(text)))
    pieces, rest = [], text
    for size in itertools.cycle(sizes):
        pieces.append(rest[:size])
        rest = rest[size:]
        if not rest:
            break
    assert SECRET not in heard(pieces)
    assert heard(pieces) == heard([text])


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<")))
def test_it_changes_no_answer_without_tags(text: str) -> None:
    assert heard(list(text)) == text.lstrip()


@pytest.mark.parametrize("cut", range(7, 60, 7))
async def test_ollama_reasoning_is_dropped_in_its_field_and_between_tags(
    cut: int,
) -> None:
    hidden = {"role": "assistant", "content": "", "thinking": SECRET}
    tagged = f"<think>{SECRET}</think>Yes."
    body = line(message=hidden) + line(tagged[: cut % 20]) + line(tagged[cut % 20 :])
    body += last_line()
    where = cut * len(body) // 60
    with OllamaServer(raw(body[:where], body[where:])) as server:
        async with ollama(server.url) as engine:
            assert await ask(engine) == "Yes."


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_openai_reasoning_fields_are_dropped(field: str) -> None:
    events = [
        openai_answers.event(**{field: SECRET, "content": ""}),
        openai_answers.event(**{field: SECRET, "content": None}),
        openai_answers.event(content="Yes."),
        openai_answers.event("stop"),
        b"data: [DONE]\n\n",
    ]
    behaviour = raw(*events, content_type=openai_answers.SSE)
    with OpenAiServer(behaviour) as server:
        config = quick(openai_url=server.url, openai_model="m")
        async with started(OpenAiEngine(config)) as engine:
            pieces = [piece async for piece in text_deltas(engine.reply(QUESTION))]
    assert pieces == ["Yes."]
    assert SECRET not in json.dumps(pieces)
