"""Services are found by the class of their package."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from common.services import Services


@dataclass(frozen=True)
class Kitchen:
    spoons: int


@dataclass(frozen=True)
class Cellar:
    bottles: int


def test_it_finds_a_room_by_its_class() -> None:
    services = Services(Kitchen(spoons=6), Cellar(bottles=3))
    assert services[Cellar].bottles == 3
    assert services.get(Kitchen) == Kitchen(spoons=6)


def test_it_says_that_a_room_does_not_run_here() -> None:
    services = Services(Kitchen(spoons=6))
    assert services.get(Cellar) is None
    with pytest.raises(KeyError):
        services[Cellar]
