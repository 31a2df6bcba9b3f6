"""A WebSocket client in the process of the application, which waits for a busy machine."""

from __future__ import annotations

from typing import Any

from channels.testing import WebsocketCommunicator

PATIENCE_SECONDS = 30.0


class PatientSocket(WebsocketCommunicator):  # type: ignore[misc]
    """A WebsocketCommunicator that waits longer than a second unless it is told to."""

    async def connect(self, timeout: float = PATIENCE_SECONDS) -> Any:
        return await super().connect(timeout)

    async def receive_output(self, timeout: float = PATIENCE_SECONDS) -> Any:
        return await super().receive_output(timeout)

    async def receive_from(self, timeout: float = PATIENCE_SECONDS) -> Any:
        return await super().receive_from(timeout)

    async def receive_json_from(self, timeout: float = PATIENCE_SECONDS) -> Any:
        return await super().receive_json_from(timeout)

    async def wait(self, timeout: float = PATIENCE_SECONDS) -> None:
        await super().wait(timeout)

    async def disconnect(
        self, code: int = 1000, timeout: float = PATIENCE_SECONDS
    ) -> None:
        await super().disconnect(code, timeout)
