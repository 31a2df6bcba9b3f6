"""Reasoning never comes out, wherever the answer is cut into pieces."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, strategies as st

from llm.engine import text_deltas
from llm.servers.model_tokens import MARKS, Meaning
from llm.servers.ollama_wire import opens_reasoning
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


FAMILIES = {
    "deepseek": (f"<think>\n{SECRET}\n</think>\n\nYes.<｜end▁of▁sentence｜>", "Yes."),
    "attributes": (f'<think lang="en">{SECRET}</think>Yes.', "Yes."),
    "seed": (f"<seed:think>{SECRET}</seed:think>Yes.", "Yes."),
    "magistral": (f"[THINK]{SECRET}[/THINK]Yes.</s>", "Yes."),
    "kimi": (f"◁think▷{SECRET}◁/think▷Yes.", "Yes."),
    "command": (
        f"<|START_THINKING|>{SECRET}<|END_THINKING|><|START_RESPONSE|>Yes."
        "<|END_RESPONSE|><|END_OF_TURN_TOKEN|>",
        "Yes.",
    ),
    "gemma 3": ("Yes.<end_of_turn>\n<start_of_turn>user\nhush", "Yes."),
    "gemma 4": (f"<|channel>thought\n{SECRET}<channel|>Yes.<turn|>", "Yes."),
    "harmony": (
        f"<|channel|>analysis<|message|>{SECRET}<|end|><|start|>assistant"
        "<|channel|>final<|message|>Yes.<|return|>",
        "Yes.",
    ),
    "harmony with a tool": (
        f"<|channel|>commentary to=functions.time <|constrain|>json<|message|>{SECRET}"
        "<|call|>",
        "",
    ),
    "harmony as JSON": (
        f"<|start|>assistant<|channel|>analysis<|message|>{SECRET}<|end|>"
        "<|start|>assistant<|channel|>final <|constrain|>json<|message|>Yes.",
        "Yes.",
    ),
    "hunyuan": (f"<think>{SECRET}</think><answer>Yes.</answer>", "Yes."),
    "chatml": ("<|im_start|>assistant\nYes.<|im_end|>\n<|im_start|>user\nhush", "Yes."),
    "llama": (
        "<|start_header_id|>assistant<|end_header_id|>\n\nYes.<|eot_id|>hush",
        "Yes.",
    ),
    "phi": ("<|assistant|>Yes.<|end|><|user|>hush", "Yes."),
    "mistral": ("<s>[INST] [/INST] Yes.</s>", "Yes."),
    "two families": (f"<think>{SECRET} </thought> {SECRET}</think>Yes.", "Yes."),
    "an ending in the reasoning": (f"<think>{SECRET}<|im_end|>", ""),
}
UNTOUCHED = (
    "x < y and [see] <b>this</b>",
    "a <thin> line, <strong> and [INSTEAD]",
    "<|unknown|> ◁ <|",
    "Press <start> or [THIN",
)


@pytest.mark.parametrize("family", FAMILIES)
def test_it_knows_the_marks_of_every_family_in_any_split(family: str) -> None:
    text, said = FAMILIES[family]
    for size in range(1, len(text) + 1):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert heard(pieces).strip() == said, size


@pytest.mark.parametrize("text", UNTOUCHED)
def test_it_leaves_other_brackets_alone(text: str) -> None:
    assert heard(list(text)) == text
    assert heard([text]) == text


@pytest.mark.parametrize("meaning", [Meaning.OPENS, Meaning.CLOSES, Meaning.SKIPPED])
def test_every_mark_is_dropped_alone(meaning: Meaning) -> None:
    marks = [mark for mark in MARKS if mark.meaning is meaning]
    assert marks
    for mark in marks:
        literal = mark.whole.pattern.replace("\\", "")
        if "(?" in literal or "{" in literal:
            continue  # with attributes: the families show it
        after = "" if meaning is Meaning.OPENS else " there"
        assert heard(list(f"Yes{literal} there")) == f"Yes{after}"


def test_an_answer_of_the_template_that_opened_it_begins_as_reasoning() -> None:
    thoughts = ReasoningFilter(begins_reasoning=True)
    said = (
        thoughts.push(f"{SECRET} ")
        + thoughts.push("</th")
        + thoughts.push("ink>\nYes.")
    )
    assert said + thoughts.flush() == "Yes."


def test_an_answer_that_never_closes_what_its_template_opened_was_no_reasoning() -> (
    None
):
    thoughts = ReasoningFilter(begins_reasoning=True)
    assert thoughts.push("Yes, ") + thoughts.push("it is.") == ""
    assert thoughts.flush(complete=True) == "Yes, it is."
    cut = ReasoningFilter(begins_reasoning=True)
    assert cut.push(SECRET) + cut.flush(complete=False) == ""
    assert cut.dropped_any


@pytest.mark.parametrize(
    ("template", "opens"),
    [
        ("{{ .Prompt }}<|Assistant|><think>\n", True),
        ("{{ if .Last }}<|im_start|>assistant\n<think>\n{{ end }}{{- end }}", True),
        ("<think>{{ .Thinking }}</think>{{ .Content }}", False),
        ("", False),
        (None, False),
    ],
)
def test_it_reads_from_the_template_whether_reasoning_is_open(
    template: str | None, opens: bool
) -> None:
    assert opens_reasoning(template) is opens


async def test_ollama_says_that_the_template_opens_the_reasoning() -> None:
    body = line(f"{SECRET}</think>") + line("Yes.") + last_line()
    with OllamaServer(raw(body), raw(body)) as server:
        server.template = "{{ .Prompt }}<think>\n"
        async with ollama(server.url) as engine:
            assert await ask(engine) == "Yes."
            assert await ask(engine) == "Yes."
        assert len(server.asked("/api/show")) == 1


async def test_a_server_that_shows_no_template_is_asked_all_the_same() -> None:
    with OllamaServer() as server:
        server.template = None
        async with ollama(server.url) as engine:
            assert await ask(engine) == "Hello there."


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
