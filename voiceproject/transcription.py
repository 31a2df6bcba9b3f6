"""One run of `manage.py transcribe`: its engine, its files, its progress bar."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from common.config import Config
from common.errors import VoiceError
from gateway_app.access.principals import LOCAL
from gateway_app.history.records import NO_HISTORY
from stt_app.core.events import Progress, UtteranceTranscribed
from stt_app.core.files.file_transcriber import FileDuration, SilentTrack
from stt_app.core.files.journal import Journal, write_whole
from stt_app.core.files.request import FileRequest
from stt_app.core.files.transcript_formats import FORMATS, SUFFIXES
from stt_app.core.session.options import Options
from stt_app.service import ListeningService
from stt_app.services import build_listening
from voiceproject.services import build_stt

PRINTED = "-"
_BAR = "{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} s [{elapsed}<{remaining}]"


@dataclass(frozen=True)
class OutputOptions:
    """What is to be written, and where."""

    formats: tuple[str, ...]
    output: str | None
    options: Options
    track: int | None = None
    """One of the audio tracks, counted from 1; None is the first."""


def output_paths(source: Path, requested: OutputOptions) -> dict[str, Path]:
    """Where each format of a recording goes; nothing when it is printed.

    Raises ValueError when the place cannot hold it.
    """
    if requested.output == PRINTED:
        return {}
    if requested.output is None:
        base = source.parent
    elif (base := Path(requested.output)).suffix and not base.is_dir():
        if len(requested.formats) > 1:
            raise ValueError("Several formats need a folder in `--output`.")
        return {requested.formats[0]: base}
    found = {
        name: base / f"{source.stem}{SUFFIXES[name]}" for name in requested.formats
    }
    for path in found.values():
        if path == source:
            raise ValueError(f"{source} would be overwritten; name an `--output`.")
    return found


class Transcription:
    """Loads the engine once and works through the files."""

    def __init__(
        self,
        config: Config,
        requested: OutputOptions,
        write: Callable[[str], object],
        warn: Callable[[str], object],
    ) -> None:
        self._config = config
        self._requested = requested
        self._write = write
        self._warn = warn

    async def run(self, work: Sequence[tuple[Path, Mapping[str, Path]]]) -> list[str]:
        """Transcribe all. A sentence for each file that could not be read."""
        failed = []
        async with self._listening() as listening:
            for source, places in work:
                try:
                    await self._file(listening, source, places)
                except OSError as error:
                    failed.append(f"{source}: {error.strerror or error}")
                except VoiceError as error:
                    failed.append(f"{source}: {error.message}")
        return failed

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[ListeningService]:
        # Nobody speaks live here, so files need not give way.
        config = self._config.model_copy(update={"whisper_background": False})
        services = build_listening(config, build_stt(config), NO_HISTORY)
        try:
            await services.listening.start()
            await services.engine.start()
            yield services.listening
        finally:
            await services.listening.stop()
            await services.engine.stop()

    async def _file(
        self, listening: ListeningService, source: Path, places: Mapping[str, Path]
    ) -> None:
        if not places:
            self._print(await self._transcribed(listening, source, None))
            return
        journal = self._journal(source, next(iter(places.values())))
        utterances = await self._transcribed(listening, source, journal)
        for name, path in places.items():
            write_whole(path, FORMATS[name](utterances))
        journal.remove()

    def _journal(self, source: Path, place: Path) -> Journal:
        place.parent.mkdir(parents=True, exist_ok=True)
        options = self._requested.options.model_dump(exclude_none=True)
        settings_used = {"model": self._config.whisper_model_name, **options}
        if self._requested.track is not None:
            settings_used["track"] = self._requested.track
        return Journal(place.with_name(f"{place.name}.part"), source, settings_used)

    async def _transcribed(
        self, listening: ListeningService, source: Path, journal: Journal | None
    ) -> list[UtteranceTranscribed]:
        utterances = journal.utterances if journal else []
        start = journal.seconds if journal else 0.0
        with tqdm(
            total=0, initial=start, desc=source.name, bar_format=_BAR, disable=None
        ) as bar:
            request = FileRequest(
                source, self._requested.options, start, track=self._requested.track
            )
            events = listening.transcribe_file(request, principal=LOCAL)
            async for each in events:
                if isinstance(each, FileDuration):
                    bar.total = max(each.audio_seconds, bar.n)
                    bar.refresh()
                elif isinstance(each, SilentTrack):
                    self._warn(f"{source}: {each.hint}")
                elif isinstance(each, Progress):
                    bar.update(each.audio_seconds - bar.n)
                    if journal:
                        journal.settle(each.audio_seconds)
                elif journal:
                    journal.add(each)
                else:
                    utterances.append(each)
            bar.update(max(0.0, (bar.total or 0) - bar.n))
        return utterances

    def _print(self, utterances: Sequence[UtteranceTranscribed]) -> None:
        for name in self._requested.formats:
            self._write(FORMATS[name](utterances).rstrip("\n"))
