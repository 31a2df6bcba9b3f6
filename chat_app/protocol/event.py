"""What the events of servers have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chat_app.core.ids import new_id

ITEM: Any = Field(description="The item.", examples=["item_9f0c1f7d3a2b4c5d6e7f8"])
RESPONSE: Any = Field(
    description="The response.", examples=["resp_9f0c1f7d3a2b4c5d6e7f8"]
)
INDEX: Any = Field(0, description="The place of the item in the response.")


class ServerEvent(BaseModel):
    """An event of the server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_id: str = Field(
        default_factory=lambda: new_id("event"),
        description="The server's id of the event.",
        examples=["event_1a2b3c4d5e6f7a8b9c0d1"],
    )

    def wire(self) -> dict[str, Any]:
        """Only the fields that were set, null included."""
        always = self.model_dump(include={"type", "event_id"})
        return {**always, **self.model_dump(exclude_unset=True)}
