"""What a rule for the end of a turn costs, and the rule that recordings would choose.

A calibrated rule is chosen on nine tenths of the recordings and counted on the others,
in turns, so that none is counted by a rule which has seen it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from chat_app.core.timing import CommitDelays

PLAIN_SECONDS = 0.3
"""The usual timer, with which the others are compared."""
CUT_IN_SHARE = 0.45
"""Of the false cut-ins of the plain timer, what a calibrated rule may have."""
FOLDS = 10


@dataclass
class Pause:
    """One pause of a recording."""

    end_sample: int
    """The end of the speech before it."""
    seconds: float | None = None
    """Its length; None at the end of the recording."""
    probability: float = 0.0
    hangs: bool = False
    spoken: str = ""
    """What is said in the recording: copies with noise have the same."""


Rule = Callable[[Pause], float]
"""The pause that ends the turn, in seconds."""


def is_cut(pause: Pause, seconds: float) -> bool:
    """Whether a turn that ends after so many seconds ends in this pause by mistake."""
    return pause.seconds is not None and seconds <= pause.seconds


def in_conversation(delays: CommitDelays) -> Rule:
    """The rule of a conversation with these delays."""
    return lambda pause: delays.after(
        pause.probability, hangs=pause.hangs, patience=1.0
    )


def calibrated(pauses: Sequence[Pause]) -> Rule:
    """For each pause the delay of a rule that was chosen without its recording."""
    said = list(dict.fromkeys(pause.spoken for pause in pauses))
    fold_of = {text: number % FOLDS for number, text in enumerate(said)}
    rules = [
        _chosen([each for each in pauses if fold_of[each.spoken] != fold])
        for fold in range(FOLDS)
    ]
    return lambda pause: rules[fold_of[pause.spoken]](pause)


def _chosen(pauses: Sequence[Pause]) -> Rule:
    """Of those with few enough cut-ins, the one with the shortest mean delay."""
    plain = sum(is_cut(each, PLAIN_SECONDS) for each in pauses)

    def cost(rule: Rule) -> tuple[float, float]:
        cut_ins = sum(is_cut(each, rule(each)) for each in pauses)
        delays = [rule(each) for each in pauses if each.seconds is None]
        return max(0.0, cut_ins - CUT_IN_SHARE * plain), float(np.mean(delays))

    return min(_candidates(), key=cost)


def _candidates() -> list[Rule]:
    choices = product(
        (0.384, 0.448, 0.512, 0.576),
        (0.576, 0.64),
        (0.8, 0.9, 0.95),
        (0.5, 0.7),
        (0.1, 0.15, 0.2),
    )
    return [
        in_conversation(
            CommitDelays(
                probable=probable,
                undecided=undecided,
                complete_from=complete_from,
                probable_from=probable_from,
                undecided_from=undecided_from,
            )
        )
        for probable, undecided, complete_from, probable_from, undecided_from in choices
    ]
