"""Counts the audio of live sessions and files against the quota of their callers."""

from __future__ import annotations

from gateway_app.access.principals import Principal
from gateway_app.usage.accounts import Account, Accounts, Quota, Resource
from stt_app.core.events import Progress
from stt_app.core.files.file_transcriber import FileDuration, FileEvent
from stt_app.core.session.session import SttSession


async def admitted(accounts: Accounts, principal: Principal, client: str) -> Account:
    """The account of a caller who may send audio. Raises QuotaExceeded."""
    account = accounts.account(principal, client)
    await account.admit(Quota.AUDIO_IN)
    return account


def feed(session: SttSession, frame: bytes, account: Account) -> None:
    """Feed a live session and count the audio. Raises QuotaExceeded, with the frame
    ignored, when nothing is left; and UnsupportedAudio."""
    account.check(Quota.AUDIO_IN)
    seconds_before = session.audio_seconds
    session.feed(frame)
    account.spend(Resource.AUDIO_IN, session.audio_seconds - seconds_before)


class FileMeter:
    """Counts the length that the file names as soon as it is known, so that files at the
    same time cannot use the same rest; in the end only what was read counts."""

    def __init__(self, account: Account, start_seconds: float = 0.0) -> None:
        self._account = account
        self._start_seconds = start_seconds
        self._counted_seconds = 0.0
        self._read_seconds = 0.0

    async def take(self, event: FileEvent) -> None:
        """An event of its transcription. Raises QuotaExceeded for a file that is longer
        than what is left."""
        if isinstance(event, FileDuration):
            seconds = max(0.0, event.audio_seconds - self._start_seconds)
            await self._account.admit(Quota.AUDIO_IN, seconds)
            self._count(seconds)
        elif isinstance(event, Progress):
            self._read_seconds = max(0.0, event.audio_seconds - self._start_seconds)
            if self._read_seconds > self._counted_seconds:
                # It names no length, or one that is too short.
                self._account.check(Quota.AUDIO_IN)
                self._count(self._read_seconds)

    def settle(self) -> None:
        """The transcription has ended, for any reason."""
        self._count(self._read_seconds)

    def _count(self, seconds: float) -> None:
        self._account.spend(Resource.AUDIO_IN, seconds - self._counted_seconds)
        self._counted_seconds = seconds
