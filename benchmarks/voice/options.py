"""What `voice_to_voice` can be told on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDINGS = 20
QUICK_RECORDINGS = 4
CONVERSATIONS = 5
BARGE_IN_PARTS = ("speech", "words", "echo", "coughs")


@dataclass(frozen=True)
class VoiceOptions:
    """The choices of one run."""

    models: tuple[str, ...] = ("tiny.en",)
    recordings: int = RECORDINGS
    """Questions in all, or interruptions."""
    conversations: int = CONVERSATIONS
    """The questions are asked in so many conversations, one after the other."""
    sessions: int = 1
    """People who talk at once; each asks all questions, in conversations of their own."""
    silence_ms: int | None = None
    """A fixed pause that ends a turn; None leaves it to the server."""
    uses_turn_model: bool = True
    barge_in: str = ""
    """One of BARGE_IN_PARTS, or `all` of them; empty: ask questions instead."""
    csv: Path | None = None

    @property
    def server_settings(self) -> dict[str, Any]:
        return {} if self.uses_turn_model else {"turn_model": "none"}

    @property
    def session(self) -> dict[str, Any]:
        """The fields of `session.update`."""
        audio: dict[str, Any] = {"transcription": {"language": "en"}}
        if self.silence_ms is not None:
            audio["turn_detection"] = {
                "type": "server_vad",
                "silence_duration_ms": self.silence_ms,
            }
        return {"audio": {"input": audio}}

    @property
    def told(self) -> str:
        """In words, for the title of a table."""
        parts = [
            f"{self.sessions} at once" if self.sessions > 1 else "",
            f"fixed pause of {self.silence_ms} ms" if self.silence_ms else "",
            "" if self.uses_turn_model else "without the turn model",
        ]
        return "".join(f", {part}" for part in parts if part)


def parse(arguments: Sequence[str]) -> VoiceOptions:
    """The choices of a run. Exits on anything else."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks voice_to_voice")
    parser.add_argument(
        "--model", action="append", dest="models", help="Whisper model; may come twice"
    )
    parser.add_argument(
        "--recordings",
        type=_positive,
        help=f"how many questions, or interruptions; default {RECORDINGS}",
    )
    parser.add_argument(
        "--conversations",
        type=_positive,
        default=CONVERSATIONS,
        help=f"one after the other, with as many questions each; default {CONVERSATIONS}",
    )
    parser.add_argument(
        "--sessions", type=_positive, default=1, help="people at once; default 1"
    )
    parser.add_argument(
        "--silence-ms", type=_positive, help="end turns after this pause, always"
    )
    parser.add_argument(
        "--no-turn-model", action="store_true", help="run the server without it"
    )
    parser.add_argument(
        "--barge-in",
        nargs="?",
        const="all",
        default="",
        choices=("all", *BARGE_IN_PARTS),
        help="interrupt replies instead; then with echo and coughs alone; or a part",
    )
    parser.add_argument("--csv", type=Path, help="write each turn to this file")
    parser.add_argument("--quick", action="store_true", help="few recordings")
    found = parser.parse_args(arguments)
    usual = QUICK_RECORDINGS if found.quick else RECORDINGS
    return VoiceOptions(
        models=tuple(found.models or VoiceOptions.models),
        recordings=found.recordings or usual,
        conversations=found.conversations,
        sessions=found.sessions,
        silence_ms=found.silence_ms,
        uses_turn_model=not found.no_turn_model,
        barge_in=found.barge_in,
        csv=found.csv,
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
