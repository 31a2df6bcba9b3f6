"""How long a pause must be to end a turn, by the probability that the turn is complete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

COMPLETE = 0.5
INCOMPLETE = 0.2
"""Probabilities; between them it may be either."""
_UNDECIDED_SHARE = 0.4
"""Of the longest pause."""


class TurnPauses(Protocol):
    """The rule of one endpoint."""

    def seconds(self, probability: float, *, hangs: bool) -> float:
        """The pause that ends the turn.

        `probability`, 0 to 1, is that of a complete turn; `hangs` says that its last
        word leaves the sentence open.
        """


@dataclass(frozen=True)
class SemanticPauses:
    """Three lengths. The model makes a pause shorter or longer and never forbids it."""

    shortest: float
    """For a turn that seems complete, in seconds."""
    longest: float
    """For one that does not."""

    def seconds(self, probability: float, *, hangs: bool) -> float:
        """See TurnPauses."""
        if hangs or probability < INCOMPLETE:
            return self.longest
        if probability < COMPLETE:
            return min(
                max(self.shortest, _UNDECIDED_SHARE * self.longest), self.longest
            )
        return min(self.shortest, self.longest)
