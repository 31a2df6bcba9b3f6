"""Which items of a long conversation are summarised, and how the model reads them."""

from __future__ import annotations

import pytest

from chat_app.core.dialogue import SO_FAR, Dialogue, Item, Summary
from chat_app.session.summary import Plan, SummaryLimits, limits_for, plan
from llm.engine import ChatMessage

LIMITS = SummaryLimits(tokens=200, source_tokens=1_000, summary_tokens=50)
WORDS = "word " * 30
"""50 tokens as they are estimated, and 8 for the message."""


def turns(count: int, text: str = WORDS, longest: int = 40) -> Dialogue:
    """So many questions with their replies."""
    dialogue = Dialogue(longest)
    for number in range(count):
        dialogue.put(Item(f"q{number}", "user", text))
        dialogue.put(Item(f"a{number}", "assistant", text))
    return dialogue


def ids(due: Plan | None) -> list[str]:
    assert due is not None
    return [item.id for item in due.items]


@pytest.mark.parametrize(
    ("dialogue", "expected"),
    [
        # Half of the tokens stays word for word.
        (turns(2), ["q0", "a0", "q1", "a1"][:2]),
        (turns(4), ["q0", "a0", "q1", "a1", "q2", "a2"]),
        # The window is full: half of it stays.
        (turns(4, "Hi.", longest=8), ["q0", "a0", "q1", "a1"]),
    ],
)
def test_the_older_half_is_due(dialogue: Dialogue, expected: list[str]) -> None:
    assert ids(plan(dialogue, "", LIMITS)) == expected


@pytest.mark.parametrize(
    ("dialogue", "limits"),
    [
        (turns(1), LIMITS),
        (turns(3, "Hi.", longest=8), LIMITS),
        (turns(9), SummaryLimits(tokens=0)),
        # One question that is too long alone.
        (turns(1, WORDS * 20), LIMITS),
        (turns(0), LIMITS),
    ],
)
def test_nothing_is_due(dialogue: Dialogue, limits: SummaryLimits) -> None:
    assert plan(dialogue, "", limits) is None


def test_long_instructions_leave_less_room() -> None:
    dialogue = turns(1)
    assert plan(dialogue, "", LIMITS) is None
    dialogue = turns(2, "word " * 10)
    assert plan(dialogue, "", LIMITS) is None
    assert ids(plan(dialogue, WORDS * 3, LIMITS)) == ["q0", "a0"]


def test_no_more_is_summarised_at_once_than_the_model_can_read() -> None:
    limits = SummaryLimits(tokens=200, source_tokens=130, summary_tokens=50)
    assert ids(plan(turns(9), "", limits)) == ["q0", "a0"]


def test_a_text_that_is_longer_than_that_is_cut() -> None:
    limits = SummaryLimits(tokens=200, source_tokens=100, summary_tokens=50)
    due = plan(turns(2, WORDS * 20), "", limits)
    assert due is not None
    assert len(due.messages("", limits)[1].content) < 400


def test_a_function_call_stays_with_its_result() -> None:
    dialogue = Dialogue(40)
    dialogue.put(Item("q0", "user", WORDS))
    call = Item("f0", kind="function_call", call_id="c", name="look", arguments="{}")
    dialogue.put(call)
    dialogue.put(Item("q1", "user", WORDS))
    dialogue.put(Item("q2", "user", WORDS))
    dialogue.put(Item("q3", "user", WORDS))
    assert plan(dialogue, "", LIMITS) is None
    result = Item("r0", kind="function_call_output", call_id="c", output="yes")
    dialogue.put(result, after="q1")
    due = plan(dialogue, "", LIMITS)
    assert ids(due) == ["q0", "f0", "q1", "r0", "q2"]
    assert due is not None
    said = due.messages("", LIMITS)[1].content.splitlines()
    assert said[1] == "Assistant calls look({})"
    assert said[3] == "Result: yes"


def test_the_model_is_asked_in_the_language_and_told_what_was_before() -> None:
    due = Plan((Item("q", "user", "Bonjour."), Item("a", text="Salut !")), "Ann came.")
    system, user = due.messages("French", LIMITS)
    assert "at most 30 words, in French" in system.content
    assert user.content == "Before this: Ann came.\nUser: Bonjour.\nAssistant: Salut !"
    system, _ = due.messages("", LIMITS)
    assert "in the language of the conversation" in system.content


def summarised() -> Dialogue:
    """Four turns, of which the first two are in the summary."""
    dialogue = turns(4, "Hi.")
    due = Plan(tuple(dialogue.items[:4]))
    dialogue.summary = due.summary("They greeted.", None)
    return dialogue


def test_the_model_reads_the_summary_in_place_of_its_items() -> None:
    system, *said = summarised().messages("Be brief.", "Well?")
    assert system.content == f"Be brief.\n\n{SO_FAR} They greeted."
    assert [each.role for each in said] == ["user", "assistant"] * 2 + ["user"]
    assert said[-1] == ChatMessage("user", "Well?")


def test_the_next_summary_replaces_the_one_before() -> None:
    dialogue = summarised()
    due = plan(dialogue, "", SummaryLimits(tokens=30, source_tokens=1_000))
    assert due is not None
    assert (due.earlier, ids(due)) == ("They greeted.", ["q2", "a2"])
    assert due.summary("Twice.", dialogue.summary) == Summary(
        "Twice.", frozenset({"q0", "a0", "q1", "a1", "q2", "a2"})
    )


@pytest.mark.parametrize("item_id", ["q0", "a1"])
def test_a_deleted_item_is_not_remembered_by_the_summary(item_id: str) -> None:
    dialogue = summarised()
    assert dialogue.remove(item_id)
    assert dialogue.summary is None
    assert len(dialogue.messages("")) == 1 + 7


def test_an_item_that_is_only_in_the_summary_can_be_deleted() -> None:
    dialogue = summarised()
    del dialogue.items[:2]
    assert dialogue.remove("q0")
    assert dialogue.summary is None
    assert not dialogue.remove("q0")


def test_a_reply_that_is_cut_later_is_not_remembered_whole() -> None:
    dialogue = summarised()
    dialogue.put(Item("a1", "assistant", "H", is_complete=False))
    assert dialogue.summary is None


@pytest.mark.parametrize("change", ["other item", "same text"])
def test_other_changes_keep_the_summary(change: str) -> None:
    dialogue = summarised()
    if change == "other item":
        dialogue.remove("a3")
    else:
        dialogue.put(Item("a1", "assistant", "Hi."))
    assert dialogue.summary is not None


def test_items_outside_the_window_are_kept_for_a_while_but_not_read() -> None:
    dialogue = turns(20, "Hi.", longest=4)
    assert [each.id for each in dialogue.items][:2] == ["q12", "a12"]
    assert len(dialogue.messages("Be brief.")) == 1 + 4


@pytest.mark.parametrize(
    ("context", "tokens", "source"), [(2_048, 922, 824), (4_096, 2_150, 1_848)]
)
def test_its_limits_follow_from_the_context(
    context: int, tokens: int, source: int
) -> None:
    limits = limits_for(context, 512, share=0.6, summary_tokens=200, idle_seconds=1)
    assert (limits.tokens, limits.source_tokens) == (tokens, source)
    assert limits.summary_tokens == 200


def test_a_share_of_nothing_turns_it_off() -> None:
    limits = limits_for(4_096, 512, share=0, summary_tokens=200, idle_seconds=1)
    assert plan(turns(40), "", limits) is None
