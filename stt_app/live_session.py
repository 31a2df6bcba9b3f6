"""One live session of one caller, as an endpoint sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from common.audio import Samples
from gateway_app.usage.accounts import Account
from stt_app.core.events import SessionEvent
from stt_app.core.session.options import Options
from stt_app.core.session.session import SttSession
from stt_app.core.turns.pauses import TurnPauses
from stt_app.history import UtteranceRecorder
from stt_app.metering import feed
from stt_app.owed import OwedTexts
from stt_app.resume.streams import Stream, Streams, superseded


class LiveSession:
    """One connection: opened by `ListeningService.open_live`.

    `feed` never waits; the caller awaits `wait_for_capacity` after each frame. `events`
    is the only output. `close` must be awaited in the end.
    """

    def __init__(
        self,
        session: SttSession,
        stream: Stream,
        streams: Streams,
        recorder: UtteranceRecorder,
        owed: OwedTexts,
        account: Account,
    ) -> None:
        self._session = session
        self._account = account
        self._owed = owed
        self._stream = stream
        self._streams = streams
        self._recorder = recorder
        stream.on_superseded = lambda: session.fail(superseded())

    @property
    def session_id(self) -> str:
        """The id of the stream in logs and history, unchanged by a resume."""
        return self._stream.session_id

    @property
    def audio_seconds(self) -> float:
        """The position of the end of the received audio."""
        return self._session.audio_seconds

    @property
    def slice_bytes(self) -> int:
        """The most bytes to feed at once, so that other tasks do not wait."""
        return self._session.slice_bytes

    def feed(self, frame: bytes) -> None:
        """Audio in the session's encoding, rate and channels, of any length.

        Raises UnsupportedAudio, and QuotaExceeded when nothing is left of the day's
        quota; this frame is then ignored.
        """
        feed(self._session, frame, self._account)

    async def wait_for_capacity(self) -> None:
        """Return when there is room for another frame. Always yields to other tasks."""
        await self._session.wait_for_capacity()

    def configure(self, options: Options, model: str | None = None) -> None:
        """Change the client's options and the model; None leaves them unchanged.

        `model` is one that the engine offers; empty is its default.
        """
        self._session.configure(options, model)

    def flush(self) -> int | None:
        """End the current utterance now. Always answered with FlushDone.

        Returns the number of the utterance; None if there was no speech.
        """
        return self._session.flush()

    def discard(self, *, restarts: bool = False) -> None:
        """Drop the current utterance. Those that have ended are still transcribed.

        With `restarts` the next one may begin within its end: it was no speech so far.
        """
        self._session.discard(restarts=restarts)

    def mark(self, mark: object) -> None:
        """Put a mark of the endpoint's own behind the events so far: it comes as Marked."""
        self._session.mark(mark)

    def wait_for_silence(
        self, seconds: float, pauses: TurnPauses | None = None
    ) -> None:
        """How long a pause must be to end an utterance, from now on.

        With `pauses` the turn model, if there is one, decides it for each pause.
        """
        self._session.wait_for_silence(seconds, pauses)

    @property
    def voiced_seconds(self) -> float:
        """The duration of the open utterance's speech, without pauses; 0 in silence."""
        return self._session.voiced_seconds

    def open_audio(self) -> Samples | None:
        """The open utterance as mono float32 at 16 kHz, shape (n,); None in silence."""
        return self._session.open_audio()

    def warn_of_end(self, seconds: float) -> None:
        """Tell the client that the connection ends in this many seconds."""
        self._session.warn_of_end(seconds)

    def finish(self) -> None:
        """End of the audio: transcribe the rest, then end the events."""
        self._session.finish()

    async def drain(self, reason: str) -> None:
        """Finish at the server's request; return when every event has been read."""
        await self._session.drain(reason)

    def events(self) -> AsyncIterator[SessionEvent]:
        """Every event. Raises Superseded once another connection has the stream."""
        return self._stream.watching(self._session.events())

    async def close(self, *, lost: bool = False) -> None:
        """The connection has ended; `lost`, when its client may come back."""
        held = self._recorder.hold()
        kept = await self._owed.finish(self._session)
        await self._streams.leave(self._stream, held if kept else [], lost=lost)
