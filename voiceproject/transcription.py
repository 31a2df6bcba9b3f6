"""One run of `manage.py transcribe`: its engine, its files, its progress bar."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from common.config import Config
from common.errors import VoiceError
from stt_app.core.endpointing.vad import SileroVad
from stt_app.core.files.file_transcriber import FileTranscriber, Length, Settled
from stt_app.core.files.journal import Journal, write_whole
from stt_app.core.files.media_decoder import MediaDecoder
from stt_app.core.files.transcript_formats import FORMATS, SUFFIXES
from stt_app.core.messages import TranscriptReady
from stt_app.core.session.options import Options
from voiceproject.services import build_stt

PRINTED = "-"
_BAR = "{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} s [{elapsed}<{remaining}]"


@dataclass(frozen=True)
class Wish:
    """What is to be written, and where."""

    formats: tuple[str, ...]
    output: str | None
    options: Options


def targets(source: Path, wish: Wish) -> dict[str, Path]:
    """Where each format of a recording goes; nothing when it is printed.

    Raises ValueError when the place cannot hold it.
    """
    if wish.output == PRINTED:
        return {}
    if wish.output is None:
        base = source.parent
    elif (base := Path(wish.output)).suffix and not base.is_dir():
        if len(wish.formats) > 1:
            raise ValueError("Several formats need a folder in `--output`.")
        return {wish.formats[0]: base}
    found = {name: base / f"{source.stem}{SUFFIXES[name]}" for name in wish.formats}
    for path in found.values():
        if path == source:
            raise ValueError(f"{source} would be overwritten; name an `--output`.")
    return found


class Transcription:
    """Loads the engine once and works through the files."""

    def __init__(
        self, config: Config, wish: Wish, write: Callable[[str], object]
    ) -> None:
        self._config = config
        self._wish = wish
        self._write = write

    async def run(self, work: Sequence[tuple[Path, Mapping[str, Path]]]) -> list[str]:
        """Transcribe all. A sentence for each file that could not be read."""
        failed = []
        async with self._speech() as speech:
            for source, places in work:
                try:
                    await self._file(speech, source, places)
                except OSError as error:
                    failed.append(f"{source}: {error.strerror or error}")
                except VoiceError as error:
                    failed.append(f"{source}: {error.message}")
        return failed

    @contextlib.asynccontextmanager
    async def _speech(self) -> AsyncIterator[FileTranscriber]:
        # Nobody speaks live here, so files need not give way.
        config = self._config.model_copy(update={"whisper_background": False})
        engine, vad = build_stt(config), SileroVad()
        media = MediaDecoder(config.file_max_seconds, isolation=config.engine_isolation)
        try:
            vad.start()
            await engine.start()
            await media.start()
            yield FileTranscriber(engine, vad, media, config)
        finally:
            await media.stop()
            await engine.stop()

    async def _file(
        self, speech: FileTranscriber, source: Path, places: Mapping[str, Path]
    ) -> None:
        if not places:
            self._print(await self._heard(speech, source, None))
            return
        journal = self._journal(source, next(iter(places.values())))
        utterances = await self._heard(speech, source, journal)
        for name, path in places.items():
            write_whole(path, FORMATS[name](utterances))
        journal.remove()

    def _journal(self, source: Path, place: Path) -> Journal:
        place.parent.mkdir(parents=True, exist_ok=True)
        options = self._wish.options.model_dump(exclude_none=True)
        wishes = {"model": self._config.whisper_model_name, **options}
        return Journal(place.with_name(f"{place.name}.part"), source, wishes)

    async def _heard(
        self, speech: FileTranscriber, source: Path, journal: Journal | None
    ) -> list[TranscriptReady]:
        utterances = journal.utterances if journal else []
        start = journal.seconds if journal else 0.0
        with tqdm(
            total=0, initial=start, desc=source.name, bar_format=_BAR, disable=None
        ) as bar:
            async for each in speech.transcribe(source, self._wish.options, start):
                if isinstance(each, Length):
                    bar.total = max(each.seconds, bar.n)
                    bar.refresh()
                elif isinstance(each, Settled):
                    bar.update(each.seconds - bar.n)
                    if journal:
                        journal.settle(each.seconds)
                elif journal:
                    journal.add(each)
                else:
                    utterances.append(each)
            bar.update(max(0.0, (bar.total or 0) - bar.n))
        return utterances

    def _print(self, utterances: Sequence[TranscriptReady]) -> None:
        for name in self._wish.formats:
            self._write(FORMATS[name](utterances).rstrip("\n"))
