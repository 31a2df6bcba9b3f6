"""The items of a conversation, and how the language model reads them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat_app.core.dialogue import (
    NO_RESULT_YET,
    ROOT,
    Dialogue,
    Item,
    chat_messages,
)
from common.errors import BadValue
from llm.engine import ChatMessage, ToolCall

QUESTION = Item("i-1", "user", "Is it raining in Paris?")
SAID = Item("i-2", "assistant", "Let me look.")
CALL = Item(
    "i-3", kind="function_call", call_id="c-1", name="rain", arguments='{"in": "Paris"}'
)
OTHER = Item("i-4", kind="function_call", call_id="c-2", name="time", arguments="{}")
RESULT = Item("i-5", kind="function_call_output", call_id="c-1", output="yes")
SYSTEM = ChatMessage("system", "Be brief.")
ASKED = ChatMessage("user", QUESTION.text)
CALLED = ToolCall("c-1", "rain", '{"in": "Paris"}')
YES = ChatMessage("tool", "yes", tool_call_id="c-1")


def read(*items: Item, text: str = "") -> list[ChatMessage]:
    return chat_messages(items, "Be brief.", text)


def test_it_reads_a_call_with_what_was_said_before_it() -> None:
    called = ChatMessage("assistant", "Let me look.", (CALLED,))
    assert read(QUESTION, SAID, CALL, RESULT) == [SYSTEM, ASKED, called, YES]


def test_it_reads_a_call_alone_and_several_at_once() -> None:
    both = (CALLED, ToolCall("c-2", "time", "{}"))
    assert read(QUESTION, CALL, OTHER, RESULT) == [
        SYSTEM,
        ASKED,
        ChatMessage("assistant", "", both),
        YES,
        ChatMessage("tool", NO_RESULT_YET, tool_call_id="c-2"),
    ]


def test_the_model_reads_the_call_ids_that_its_server_gave() -> None:
    first = replace(CALL, model_call_id="call_0")
    again = replace(OTHER, model_call_id="call_0")
    no = Item("i-6", kind="function_call_output", call_id="c-2", output="no")
    answer = Item("i-7", "assistant", "It is raining.")
    assert read(QUESTION, first, RESULT, answer, again, no)[2:] == [
        ChatMessage("assistant", "", (replace(CALLED, id="call_0"),)),
        replace(YES, tool_call_id="call_0"),
        ChatMessage("assistant", "It is raining.", (ToolCall("call_0", "time", "{}"),)),
        ChatMessage("tool", "no", tool_call_id="call_0"),
    ]


def test_calls_of_one_message_with_the_same_id_are_told_apart() -> None:
    first = replace(CALL, model_call_id="call_0")
    again = replace(OTHER, model_call_id="call_0")
    assert read(QUESTION, first, RESULT, again)[2:] == [
        ChatMessage("assistant", "", (CALLED, ToolCall("c-2", "time", "{}"))),
        YES,
        ChatMessage("tool", NO_RESULT_YET, tool_call_id="c-2"),
    ]


def test_a_result_follows_its_call_whatever_was_said_between() -> None:
    between = Item("i-9", "user", "Hurry!")
    assert read(QUESTION, CALL, between, RESULT)[2:] == [
        ChatMessage("assistant", "", (CALLED,)),
        YES,
        ChatMessage("user", "Hurry!"),
    ]


def test_a_result_without_its_call_is_not_read() -> None:
    assert read(QUESTION, RESULT) == [SYSTEM, ASKED]


def test_it_reads_what_the_user_has_just_said_last() -> None:
    assert read(QUESTION, SAID, text="Well?")[-2:] == [
        ChatMessage("assistant", "Let me look."),
        ChatMessage("user", "Well?"),
    ]


def test_the_instructions_are_the_question_when_nothing_was_said() -> None:
    assert read() == [ChatMessage("user", "Be brief.")]
    assert read(Item("i", "assistant", "")) == [ChatMessage("user", "Be brief.")]


@pytest.mark.parametrize(
    ("after", "previous", "order"),
    [
        (None, "i-2", ["i-1", "i-2", "new"]),
        ("i-1", "i-1", ["i-1", "new", "i-2"]),
        (ROOT, None, ["new", "i-1", "i-2"]),
    ],
)
def test_an_item_goes_where_it_belongs(
    after: str | None, previous: str | None, order: list[str]
) -> None:
    dialogue = Dialogue(10, [QUESTION, SAID])
    assert dialogue.put(Item("new", "user", "Hm."), after) == previous
    assert [each.id for each in dialogue.items] == order


def test_an_item_after_one_that_does_not_exist_is_refused() -> None:
    dialogue = Dialogue(10, [QUESTION])
    with pytest.raises(BadValue, match="There is no item `nowhere`"):
        dialogue.put(SAID, "nowhere")
    assert dialogue.items == [QUESTION]


def test_it_replaces_an_item_in_its_place() -> None:
    dialogue = Dialogue(2, [QUESTION, SAID])
    dialogue.put(Item("i-1", "user", "Is it?"))
    assert [each.text for each in dialogue.items] == ["Is it?", "Let me look."]


def test_it_cleans_what_no_model_reads() -> None:
    dialogue = Dialogue(2)
    dialogue.put(Item("i", "user", "a\0b\ud83d"))
    dialogue.put(
        Item("o", kind="function_call_output", call_id="c", output="\ud83dyes")
    )
    assert [(each.text, each.output) for each in dialogue.items] == [
        ("ab", ""),
        ("", "yes"),
    ]
