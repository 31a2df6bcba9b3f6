"""The figures of spoken conversations, told from what a client saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.labels import end_of_sound
from benchmarks.noises import cough
from benchmarks.voice.bare import BareStages
from benchmarks.voice.figures import (
    differences_ms,
    row,
    stage_table,
    summary,
    write_csv,
)
from benchmarks.voice.interruption import (
    Interruption,
    words_told,
    write_csv as write_interruptions,
)
from benchmarks.voice.options import VoiceOptions, parse
from benchmarks.voice.turn import Question, Turn
from benchmarks.voice_to_voice import chosen
from common.audio import SPEECH_RATE_HZ, Audio
from tests.stt.sounds import sound
from tests.word_errors import words_apart

BARE = BareStages(whisper_ms=400.0, clause_ms=200.0, piper_ms=200.0)


def turn(total_ms: float | None, position: int = 1, **changes: object) -> Turn:
    """One whose stages add up to 500 ms."""
    fields: dict[str, object] = {
        "name": f"recording {position}",
        "conversation": 0,
        "position": position,
        "voice_to_voice_ms": total_ms,
        "cut_ins": 0,
        "vad_offset_ms": 100.0,
        "leading_ms": 10.0,
        "stages_ms": {"committed": 320.0, "first_sent": 330.0},
        **changes,
    }
    return Turn(**fields)  # type: ignore[arg-type]


def question(number: int) -> Question:
    return Question(
        name=str(number),
        audio=Audio(sound(1), SPEECH_RATE_HZ),
        start_seconds=0,
        end_seconds=1,
        end_of_sound_seconds=1,
    )


def test_the_last_sound_is_that_within_40_db_of_the_loudest() -> None:
    samples = np.concatenate([sound(-0.5, 1), 0.02 * sound(1), 0.005 * sound(1)])
    assert end_of_sound(samples) == pytest.approx(2.5, abs=0.011)
    with pytest.raises(ValueError, match="no sound"):
        end_of_sound(sound(-1))


def test_the_summary_separates_first_turns_and_counts_failures() -> None:
    turns = [
        turn(900, position=0),
        turn(400),
        turn(500, cut_ins=2),
        turn(None, stages_ms={}),
    ]
    told = summary("T", turns, [BARE])
    assert "| voice to voice | 3 | 500 ms | 820 ms | 860 ms | 900 ms |" in told
    assert "| first turns of a conversation | 1 | 900 ms" in told
    assert "| later turns | 2 | 450 ms" in told
    assert "| bare stages, in turn | 1 | 800 ms" in told
    assert "Unanswered: 1 of 4. False cut-ins: 1 of 4." in told
    assert "Median beside the bare stages: 0.62." in told


def test_a_run_without_any_answer_has_a_table() -> None:
    told = summary("T", [turn(None)], [])
    assert "| voice to voice | 0 |" in told
    assert "Unanswered: 1 of 1." in told
    assert "beside" not in told


def test_the_stages_of_the_server_add_up_to_what_the_client_measured() -> None:
    turns = [turn(505), turn(560), turn(None), turn(500, stages_ms={})]
    assert differences_ms(turns) == pytest.approx([5, 60])
    told = stage_table(turns)
    assert "| committed | 3 | 320 ms" in told
    assert "Within 30 ms: 1 of 2." in told


def test_unknown_times_are_left_out_of_a_row() -> None:
    assert row("x", [None, 10.0, 30.0])[:3] == ["x", "2", "20 ms"]


def test_each_turn_is_a_row_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "turns.csv"
    write_csv(path, [turn(505.04), turn(None, position=2)], {"recording 1": BARE})
    header, answered, unanswered = path.read_text().splitlines()
    columns = header.split(",")
    assert columns[:3] == ["recording", "conversation", "position"]
    found = dict(zip(columns, answered.split(","), strict=True))
    assert found["voice_to_voice_ms"] == "505.0"
    assert (found["first_sent"], found["bare_ms"]) == ("330.0", "800.0")
    assert dict(zip(columns, unanswered.split(","), strict=True))["bare_ms"] == ""


def test_recordings_are_spread_or_taken_again() -> None:
    few = [question(number) for number in range(5)]
    assert [each.name for each in chosen(few, 3)] == ["0", "2", "4"]
    assert [each.name for each in chosen(few, 7)] == [*"01234", "0", "1"]


def test_the_choices_of_a_run_reach_the_server_and_the_session() -> None:
    options = parse(["--silence-ms", "300", "--no-turn-model", "--sessions", "4"])
    assert options.server_settings == {"turn_model": "none"}
    detection = options.session["audio"]["input"]["turn_detection"]
    assert detection == {"type": "server_vad", "silence_duration_ms": 300}
    assert options.told == (
        ", 4 at once, fixed pause of 300 ms, without the turn model"
    )


def test_a_run_without_choices_leaves_the_turns_to_the_server() -> None:
    options = parse([])
    assert options == VoiceOptions()
    assert options.server_settings == {}
    assert "turn_detection" not in options.session["audio"]["input"]
    assert options.told == ""


def test_coughs_are_the_same_every_time_and_short() -> None:
    first, again = (cough(np.random.default_rng(7)) for _ in range(2))
    assert first == pytest.approx(again)
    assert 0.3 <= len(first) / SPEECH_RATE_HZ <= 0.65


@pytest.mark.parametrize(
    ("kept", "heard", "apart"),
    [
        ("the old light", "The old light house.", (1, 0)),
        ("the old light house", "the old light", (0, 1)),
        ("the old light", "the cold light", (0, 0)),
        ("a story of", "A story of...", (0, 0)),
        ("", "the old", (2, 0)),
        ("the old", "", (0, 2)),
    ],
)
def test_words_heard_and_words_kept_are_compared(
    kept: str, heard: str, apart: tuple[int, int]
) -> None:
    assert words_apart(kept, heard) == apart


@pytest.mark.parametrize(
    ("arguments", "part"),
    [([], ""), (["--barge-in"], "all"), (["--barge-in", "echo"], "echo")],
)
def test_interruptions_are_measured_whole_or_in_part(
    arguments: list[str], part: str
) -> None:
    assert parse(arguments).barge_in == part


INTERRUPTIONS = (
    Interruption(recording="one", stopped_ms=180.0, missing_words=1),
    Interruption(recording="two", stopped_ms=220.0, missing_words=1, extra_words=1),
    Interruption(recording="three"),
)


def test_the_words_of_replies_that_went_on_do_not_count() -> None:
    told = words_told(INTERRUPTIONS)
    assert told.startswith("Not interrupted: 1 of 3.")
    assert "lacks: 1.0 an interruption, most 1;" in told
    assert "not heard: 0.5, most 1;" in told
    assert told.endswith("at most 1 together in 1 of 2.")
    assert words_told(INTERRUPTIONS[2:]) == "Not interrupted: 1 of 1."


def test_each_interruption_is_a_row_of_its_own(tmp_path: Path) -> None:
    write_interruptions(tmp_path / "found.csv", INTERRUPTIONS)
    rows = (tmp_path / "found.csv").read_text().splitlines()
    assert rows[0].startswith("recording,stopped_ms,paused_ms,decided_ms,")
    assert [row.split(",")[:2] for row in rows[1:]] == [
        ["one", "180.0"],
        ["two", "220.0"],
        ["three", ""],
    ]
