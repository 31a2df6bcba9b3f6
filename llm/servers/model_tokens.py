"""The marks that families of models put around their reasoning and their turns.

Servers usually take these out. They reach us where a server does not know the model's
chat template, and must never be spoken.

Sources: the chat templates of the models named below, as they are published with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

_ATTRIBUTES = r"(?:\s[^<>]{0,100})?"
_HARMONY = "harmony"


class Meaning(Enum):
    """What a mark means for the text after it."""

    OPENS = auto()
    """Reasoning follows."""
    CLOSES = auto()
    """The answer follows."""
    SKIPPED = auto()
    """Nothing changes; the mark itself is not text."""
    ENDS = auto()
    """The model's turn is over; what follows is not part of the answer."""


@dataclass(frozen=True)
class Mark:
    """A mark, whole or cut off at the end of a piece."""

    meaning: Meaning
    whole: re.Pattern[str]
    begun: re.Pattern[str]
    """Matches, up to the end of the text, what may become this mark."""
    family: str = ""
    """Reasoning ends with a closing mark of the family that opened it."""


def _mark(
    meaning: Meaning,
    literal: str,
    attributes: str = "",
    end: str = "",
    *,
    family: str = "",
) -> Mark:
    """The mark `literal`, attributes, `end`; the last two may be empty."""
    pattern = re.escape(literal) + attributes + re.escape(end)
    begun = "|".join(
        [
            *(re.escape(literal[:size]) for size in range(1, len(literal) + 1)),
            *([re.escape(literal) + attributes] if attributes else []),
            *(
                re.escape(literal) + attributes + re.escape(end[:size])
                for size in range(1, len(end))
            ),
        ]
    )
    flags = re.IGNORECASE
    unfinished = re.compile(rf"(?:{begun})\Z", flags)
    return Mark(meaning, re.compile(pattern, flags), unfinished, family)


def _tags(*names: str) -> list[Mark]:
    marks = []
    for name in names:
        opens = _mark(Meaning.OPENS, f"<{name}", _ATTRIBUTES, ">", family=name)
        marks += [opens, _mark(Meaning.CLOSES, f"</{name}>", family=name)]
    return marks


def _pairs(*pairs: tuple[str, str]) -> list[Mark]:
    marks = []
    for opens, closes in pairs:
        marks.append(_mark(Meaning.OPENS, opens, family=opens))
        marks.append(_mark(Meaning.CLOSES, closes, family=opens))
    return marks


def _all(meaning: Meaning, *literals: str) -> list[Mark]:
    return [_mark(meaning, literal) for literal in literals]


MARKS: tuple[Mark, ...] = (
    # DeepSeek R1, Qwen 3, GLM, Nemotron, Phi 4 reasoning, EXAONE, Seed-OSS and others.
    *_tags("think", "thinking", "thought", "reasoning", "seed:think"),
    *_pairs(
        ("[THINK]", "[/THINK]"),  # Magistral
        ("◁think▷", "◁/think▷"),  # Kimi VL
        ("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A
        ("<|channel>thought", "<channel|>"),  # Gemma 4
    ),
    # Harmony, of gpt-oss: only the channel `final` is for the user.
    _mark(
        *(Meaning.CLOSES, "<|channel|>final", r"[\w <|>]{0,40}?", "<|message|>"),
        family=_HARMONY,
    ),
    _mark(Meaning.CLOSES, "<|channel|>final", family=_HARMONY),
    _mark(Meaning.OPENS, "<|channel|>analysis", family=_HARMONY),
    _mark(Meaning.OPENS, "<|channel|>commentary", family=_HARMONY),
    _mark(Meaning.OPENS, "<|start|>", family=_HARMONY),
    *_all(
        Meaning.ENDS,
        "<|im_end|>",  # ChatML: Qwen, SmolLM2, Hermes
        "<|im_start|>user",
        "<|eot_id|>",  # Llama 3
        "<|eom_id|>",
        "<|end_of_text|>",
        "<|endoftext|>",
        "<|end_of_turn|>",
        "<|endofturn|>",  # EXAONE
        "<end_of_turn>",  # Gemma 2 and 3
        "<turn|>",  # Gemma 4
        "<|user|>",  # Phi, GLM, Zephyr
        "<|observation|>",
        "<|END_RESPONSE|>",  # Command A
        "<|END_OF_TURN_TOKEN|>",
        "<｜end▁of▁sentence｜>",  # DeepSeek
        "<|return|>",  # Harmony
        "<|call|>",
    ),
    *_all(
        Meaning.SKIPPED,
        "<|im_start|>assistant",
        "<|im_start|>",
        "<|start_header_id|>assistant<|end_header_id|>",
        "<|begin_of_text|>",
        "<|assistant|>",
        "<|end|>",
        "<|message|>",
        "<|START_RESPONSE|>",
        "<|CHATBOT_TOKEN|>",
        "<|START_OF_TURN_TOKEN|>",
        "<start_of_turn>model",
        "<start_of_turn>",
        "<|turn>model",
        "<｜Assistant｜>",
        "<bos>",
        "<eos>",
        "<pad>",
        "<unk>",
        "<s>",
        "</s>",
        "[INST]",
        "[/INST]",
        "<answer>",  # Hunyuan
        "</answer>",
    ),
)
FIRST_CHARACTERS = frozenset("<[◁")
"""Every mark begins with one of these."""
LONGEST_CHARACTERS = 160
"""No mark is longer."""
