"""What runs in this process: one frozen dataclass of services per package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar, cast

ServicesT = TypeVar("ServicesT")


class Services:
    """The services of all packages, found by their class. It is `scope["state"]`. A
    package whose role does not run in this process is absent.
    """

    def __init__(self, *services: object) -> None:
        self._services = {type(each): each for each in services}

    def get(self, kind: type[ServicesT]) -> ServicesT | None:
        """The services of this class, or None if they do not run here."""
        return cast("ServicesT | None", self._services.get(kind))

    def __getitem__(self, kind: type[ServicesT]) -> ServicesT:
        """The services of this class. Raises KeyError if they do not run here."""
        return cast("ServicesT", self._services[kind])

    def __iter__(self) -> Iterator[object]:
        """The dataclass of each package that runs here."""
        return iter(self._services.values())
