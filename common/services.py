"""What runs in this process: one frozen dataclass of services per package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar, cast

Room = TypeVar("Room")


class Services:
    """The services of all packages, found by their class. It is `scope["state"]`. A
    package whose role does not run in this process is absent.
    """

    def __init__(self, *rooms: object) -> None:
        self._rooms = {type(room): room for room in rooms}

    def get(self, room: type[Room]) -> Room | None:
        """The services of this class, or None if they do not run here."""
        return cast("Room | None", self._rooms.get(room))

    def __getitem__(self, room: type[Room]) -> Room:
        """The services of this class. Raises KeyError if they do not run here."""
        return cast("Room", self._rooms[room])

    def __iter__(self) -> Iterator[object]:
        """The dataclass of each package that runs here."""
        return iter(self._rooms.values())
