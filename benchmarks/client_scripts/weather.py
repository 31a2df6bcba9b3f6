"""A function that the language model is made to call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CITIES = ["Berlin", "London", "Madrid", "Paris", "Rome"]
WEATHER: dict[str, Any] = {
    "name": "weather",
    "description": "Tells the weather in a city today.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": CITIES}},
        "required": ["city"],
    },
}


class Weather:
    """The function, and how often it was called."""

    def __init__(self) -> None:
        self.calls = 0

    def tell(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The result. Raises RuntimeError for arguments that are not those asked for."""
        if arguments.get("city") not in CITIES:
            raise RuntimeError(f"called with {dict(arguments)}")
        self.calls += 1
        return {"weather": "sunny", "celsius": 21}

    def told(self, says: str, questions: int) -> str:
        """With the calls. Raises RuntimeError if a question has led to none."""
        if self.calls < questions:
            raise RuntimeError(f"{self.calls} calls for {questions} questions")
        return f"{says}, {self.calls} calls"
