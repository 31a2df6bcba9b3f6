"""Utterances decoded together come out as they would alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ctranslate2
import numpy as np
import pytest

from stt_app.core.whisper.batching import run_batched


@dataclass
class Written:
    sequences_ids: list[list[int]]


@dataclass
class SlowModel:
    """Writes each prompt's last token, as often as the encoded number says."""

    batches: list[int] = field(default_factory=list)
    device: str = "cpu"

    def generate(self, encoded: Any, prompts: Any, **options: Any) -> list[Written]:
        self.batches.append(len(prompts))
        if options.get("bad"):
            raise ValueError("bad option")
        room = options["max_length"] - len(prompts[0])
        counts = np.array(encoded)[:, 0, 0].astype(int)
        return [
            Written([[prompt[-1]] * min(room, count)])
            for prompt, count in zip(prompts, counts, strict=True)
        ]


def encoded(count: int) -> Any:
    return ctranslate2.StorageView.from_array(np.full((1, 1, 1), count, np.float32))


def write(
    token: int, count: int, max_length: int = 50, prompt: int = 1, **options: Any
) -> Callable[[Any], list[int]]:
    def work(model: Any) -> list[int]:
        prompts = [[0] * (prompt - 1) + [token]]
        (result,) = model.generate(
            encoded(count), prompts, max_length=max_length, **options
        )
        found: list[int] = result.sequences_ids[0]
        return found

    return work


def test_one_batch_answers_all() -> None:
    model = SlowModel()
    found = dict(run_batched(model, [write(7, 1), write(8, 2), write(9, 3)]))
    assert found == {0: [7], 1: [8, 8], 2: [9, 9, 9]}
    assert model.batches == [3]


def test_prompts_of_other_lengths_and_options_go_apart() -> None:
    model = SlowModel()
    works = [write(7, 1), write(8, 1, prompt=2), write(9, 1, beam_size=5)]
    assert dict(run_batched(model, works)) == {0: [7], 1: [8], 2: [9]}
    assert model.batches == [1, 1, 1]


def test_what_is_sampled_goes_alone() -> None:
    model = SlowModel()
    works = [write(each, 1, sampling_temperature=0.2) for each in (7, 8)]
    assert dict(run_batched(model, works)) == {0: [7], 1: [8]}
    assert model.batches == [1, 1]


def test_each_keeps_its_own_limit() -> None:
    model = SlowModel()
    works = [write(7, 30, max_length=5), write(8, 30, max_length=40)]
    assert dict(run_batched(model, works)) == {0: [7] * 4, 1: [8] * 30}


def test_one_that_asks_again_does_not_hold_the_others() -> None:
    finished = threading.Event()

    def twice(model: Any) -> list[int]:
        write(1, 1)(model)
        assert finished.wait(5)
        return write(2, 1)(model)

    answers = run_batched(SlowModel(), [twice, write(8, 1)])
    assert next(answers) == (1, [8])
    finished.set()
    assert list(answers) == [(0, [2])]


def test_an_error_comes_out_after_the_answers() -> None:
    answers = run_batched(SlowModel(), [write(7, 1, bad=True), write(8, 1)])
    assert next(answers) == (1, [8])
    with pytest.raises(ValueError, match="bad option"):
        next(answers)
