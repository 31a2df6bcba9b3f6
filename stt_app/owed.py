"""What clients that have gone leave behind: texts that only the history keeps."""

from __future__ import annotations

import structlog

from stt_app.core.session.session import SttSession

log = structlog.get_logger(__name__)


class OwedTexts:
    """The sessions whose clients have gone while texts were pending."""

    def __init__(self, limit_seconds: float) -> None:
        """`limit_seconds` bounds their audio; 0 keeps none."""
        self._limit_seconds = limit_seconds
        self._sessions: set[SttSession] = set()

    @property
    def seconds(self) -> float:
        """The audio that is still to be transcribed for the history."""
        return sum(session.pending_seconds for session in self._sessions)

    async def finish(self, session: SttSession) -> bool:
        """The client has gone: transcribe the rest within the limit, or give it up.

        Returns whether the texts are worth a record.
        """
        left_seconds = self._limit_seconds - self.seconds
        kept = session.pending_seconds <= left_seconds and self._limit_seconds > 0
        if not kept and session.pending_seconds:
            log.info("texts given up", audio_seconds=round(session.pending_seconds, 1))
        self._sessions.add(session)
        try:
            await session.close(for_history=kept)
        finally:
            self._sessions.discard(session)
        return kept
