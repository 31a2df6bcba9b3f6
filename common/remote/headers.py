"""The headers that tell another server how urgent a request is."""

from __future__ import annotations

import time

from common.workers import Urgency

PRIORITY_HEADER = "X-Priority"
"""The name of a `Priority` in lower case: `final`, `interim`, `file` and so on."""
DEADLINE_HEADER = "X-Request-Deadline"
"""The seconds after which the request need not be started any more."""

VOICE_HEADER = "X-Voice-Probability"
"""The audio is one utterance; the mean probability of its voice activity, 0 to 1."""


def urgency_headers(urgency: Urgency) -> dict[str, str]:
    """What a server of ours honours; others ignore it."""
    headers = {PRIORITY_HEADER: urgency.priority.name.lower()}
    if urgency.deadline is not None:
        left_seconds = max(0.0, urgency.deadline - time.monotonic())
        headers[DEADLINE_HEADER] = f"{left_seconds:.3f}"
    return headers
