"""The fields of a session object that every kind of session has.

Source: `RealtimeSession` and `RealtimeTranscriptionSession` of the openai library,
version 3.54.
"""

from __future__ import annotations

import time

from compat_app.realtime.shared.kinds import Kind

_LONGEST_SECONDS = 1e9
"""In place of a time limit that is infinite: Unix time must be a whole number."""


def session_base(kind: Kind, session_id: str) -> dict[str, str]:
    """`type`, `object` and `id`."""
    transcribes = kind is Kind.TRANSCRIPTION
    what = "realtime.transcription_session" if transcribes else "realtime.session"
    return {"type": kind.value, "object": what, "id": session_id}


def expiry_time(session_seconds: float) -> int:
    """`expires_at` of a session that begins now, in Unix time."""
    return int(time.time() + min(session_seconds, _LONGEST_SECONDS))
