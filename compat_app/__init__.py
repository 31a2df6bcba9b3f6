"""Endpoints in other people's protocols: OpenAI, OpenAI Realtime, Deepgram, Wyoming.

Each folder is one protocol. It maps the domain events of `ListeningService` and
`SpeechService` to its own wire format. No folder imports another, so each can be deleted
alone; what several of them use is in the modules at the top.
"""

from __future__ import annotations

import common  # noqa: F401 - telemetry is off before a library is loaded
