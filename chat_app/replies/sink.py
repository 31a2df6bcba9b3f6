"""Where the events of a conversation go."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from chat_app.core import outputs as out


@dataclass(frozen=True)
class EventSink:
    """Takes the events of a conversation, in order."""

    put: Callable[[out.ConversationEvent], None]
    waiting: Callable[[], int]
    """How many events are unread."""
    clock: Callable[[], float] = time.monotonic
