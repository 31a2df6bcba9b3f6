"""Bar charts as SVG shapes, drawn by the server, so they need no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BAR_STEP = 20.0
BAR_WIDTH = 14.0
HEIGHT = 120.0
LEAST_VISIBLE = 2.0


@dataclass(frozen=True)
class Slot:
    """What one bar stands for; the values are stacked in their order."""

    label: str
    """The label under the bar; empty if there is no room."""
    name: str
    """For tooltips and screen readers."""
    values: tuple[int, ...]


@dataclass(frozen=True)
class Piece:
    """One rectangle of a bar."""

    series: int
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """One bar, from left to right."""

    x: float
    middle: float
    slot: Slot
    pieces: list[Piece]


@dataclass(frozen=True)
class Chart:
    """Everything that the template draws."""

    width: float
    height: float
    bars: list[Bar]
    top: int
    total: int

    @property
    def bar_width(self) -> float:
        return BAR_WIDTH


def bar_chart(slots: Sequence[Slot]) -> Chart:
    """Bars of whole numbers on one scale that starts at zero."""
    top = max((sum(slot.values) for slot in slots), default=0)
    bars = [_bar(number, slot, top) for number, slot in enumerate(slots)]
    total = sum(sum(slot.values) for slot in slots)
    return Chart(len(slots) * BAR_STEP, HEIGHT, bars, top, total)


def _bar(number: int, slot: Slot, top: int) -> Bar:
    pieces, base = [], HEIGHT
    for series, value in enumerate(slot.values):
        if value:
            height = max(LEAST_VISIBLE, round(value / top * HEIGHT, 1))
            base = max(0.0, base - height)
            pieces.append(Piece(series, round(base, 1), height))
    x = number * BAR_STEP + (BAR_STEP - BAR_WIDTH) / 2
    return Bar(x, number * BAR_STEP + BAR_STEP / 2, slot, pieces)
