"""`python -m benchmarks [NAME ...] [--quick]`: runs the programs, prints their tables.

`structure`, which counts in the source, and `voice_to_voice` have options of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import (
    agreement,
    calls,
    calls_heard,
    clients,
    files,
    first_answer,
    first_audio,
    function_calls,
    heard_back,
    limits,
    live,
    long,
    normalisation,
    pauses,
    remote,
    short_words,
    soak,
    soak_speech,
    start,
    streams,
    structure,
    stt_protocols,
    throughput,
    tts_protocols,
    turn_ends,
    voice_to_voice,
    window,
)
from benchmarks.flags import Flags, parse
from benchmarks.report import commit, machine

PROGRAMS: dict[str, Callable[[], str]] = {
    "start": start.run,
    "first_audio": first_audio.run,
    "first_answer": first_answer.run,
    "first_audio_long": first_audio.run_long,
    "heard_back": heard_back.run,
    "soak_speech": soak_speech.run,
    "throughput": throughput.run,
    "remote": remote.run,
    "calls": calls.run,
    "normalisation": normalisation.run,
}
LISTENING: dict[str, Callable[[Flags], str]] = {
    "live": live.run,
    "agreement": agreement.run,
    "limits": limits.run,
    "pauses": pauses.run,
    "turn_ends": turn_ends.run,
    "short_words": short_words.run,
    "window": window.run,
    "streams": streams.run,
    "soak": soak.run,
    "files": files.run,
    "long": long.run,
    "tts_protocols": tts_protocols.run,
    "stt_protocols": stt_protocols.run,
    "clients": clients.run,
    "function_calls": function_calls.run,
    "calls_heard": calls_heard.run,
    "voice_to_voice": voice_to_voice.run,
}
"""Those that take the flags."""


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["structure"]:
        return structure.main(arguments[1:])
    print(f"Machine: {machine()}\nCommit: {commit()}\n", flush=True)
    if arguments[:1] == ["voice_to_voice"]:
        return voice_to_voice.main(arguments[1:])
    names, flags = parse(arguments, [*PROGRAMS, *LISTENING])
    for name in names:
        plain = PROGRAMS.get(name)
        print(plain() if plain else LISTENING[name](flags), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
