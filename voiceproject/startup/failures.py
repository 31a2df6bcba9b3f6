"""Why the server cannot start, as a sentence that says what to do."""

from __future__ import annotations

import structlog

from common.errors import VoiceError

log = structlog.get_logger(__name__)


class CannotStart(Exception):
    """The message says why, and how to fix it."""


def cannot_start(error: Exception) -> CannotStart:
    """The same for any error that came up during the start."""
    if isinstance(error, VoiceError):
        return CannotStart(error.message)
    log.debug("start failed", exc_info=error)
    if isinstance(error, OSError) and error.filename is not None:
        return CannotStart(
            f"The server cannot use {error.filename}: {error.strerror}. Check that it "
            "exists and that this user may read and write it."
        )
    reason = f"{type(error).__name__}: {error}".rstrip(".: ")
    return CannotStart(
        f"The server cannot start: {reason}. LOG_LEVEL=DEBUG shows where this happened."
    )
