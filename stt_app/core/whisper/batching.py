"""Several utterances decoded at once, each by faster-whisper's own code.

Every utterance runs in its own thread, as if it were alone. When the threads call the
decoder, they wait for each other, and one batch serves them all: the weights, which
dominate the cost of decoding on a CPU, are read once for four sentences.
"""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from stt_app.core.whisper.short_window import states_array, storage

Answer = TypeVar("Answer")


@dataclass(eq=False)
class _Call:
    """One thread's call to `generate`, and its result."""

    encoded: Any
    prompt: list[int]
    options: dict[str, Any]
    result: Any = None
    error: Exception | None = None
    done: bool = False

    @property
    def kind(self) -> str:
        """Calls of one kind may share a batch; CTranslate2 wants prompts of one length."""
        shared = {name: self.options[name] for name in self.options.keys() - _OWN}
        # Sampled text is random, and only failed texts are sampled.
        alone = id(self) if "sampling_temperature" in shared else 0
        return f"{len(self.prompt)} {alone} {sorted(shared.items())}"

    @property
    def most_tokens(self) -> int:
        return int(self.options["max_length"]) - len(self.prompt)

    @property
    def overrun(self) -> bool:
        """Whether the batch gave it more tokens than it may have."""
        return len(self.result.sequences_ids[0]) > self.most_tokens


_OWN = {"max_length"}


class BatchedGenerate:
    """A proxy for CTranslate2's model that joins the calls of several threads.

    A call to `generate` waits until each of the `participants` has made one or left.
    """

    def __init__(self, model: Any, participants: int) -> None:
        self._model = model
        self._participants = participants
        self._waiting: list[_Call] = []
        self._changed = threading.Condition()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def generate(self, encoded: Any, prompts: list[list[int]], **options: Any) -> Any:
        """What CTranslate2's `generate` gives for this one prompt. Raises its errors."""
        call = _Call(encoded, prompts[0], options)
        with self._changed:
            self._waiting.append(call)
            self._generate_when_all_wait()
            while not call.done:
                self._changed.wait()
        if call.error is not None:
            raise call.error
        return [call.result]

    def leave(self) -> None:
        """One thread has finished; the others no longer wait for it."""
        with self._changed:
            self._participants -= 1
            self._generate_when_all_wait()

    def _generate_when_all_wait(self) -> None:
        if len(self._waiting) < self._participants:
            return
        groups: dict[str, list[_Call]] = defaultdict(list)
        for call in self._waiting:
            groups[call.kind].append(call)
        for group in groups.values():
            self._answer(group)
        self._waiting = []
        self._changed.notify_all()

    def _answer(self, calls: Sequence[_Call]) -> None:
        try:
            for call, result in zip(calls, self._generate(calls), strict=True):
                call.result = result
            if len(calls) > 1:
                for call in calls:
                    if call.overrun:
                        call.result = self._generate([call])[0]
        except Exception as error:  # noqa: BLE001 - raised again in each thread
            for call in calls:
                call.error = error
        for call in calls:
            call.done = True

    def _generate(self, calls: Sequence[_Call]) -> list[Any]:
        encoded = calls[0].encoded
        if len(calls) > 1:
            states = [states_array(call.encoded) for call in calls]
            encoded = storage(np.concatenate(states))
        options = {
            **calls[0].options,
            "max_length": max(call.options["max_length"] for call in calls),
        }
        prompts = [call.prompt for call in calls]
        return list(self._model.generate(encoded, prompts, **options))


def run_batched(
    model: Any, works: Sequence[Callable[[Any], Answer]]
) -> Iterator[tuple[int, Answer]]:
    """Run each work in a thread, with a model whose `generate` calls are batched.

    Gives number and answer as they finish.

    Raises the first error that a work raises, after all have finished.
    """
    joined = BatchedGenerate(model, len(works))
    finished: queue.Queue[tuple[int, Answer | None, Exception | None]] = queue.Queue()

    def run(number: int, work: Callable[[Any], Answer]) -> None:
        try:
            finished.put((number, work(joined), None))
        except Exception as error:  # noqa: BLE001 - raised again for the caller
            finished.put((number, None, error))
        finally:
            joined.leave()

    threads = [
        threading.Thread(target=run, args=each, daemon=True)
        for each in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    failure = None
    try:
        for _ in works:
            number, answer, error = finished.get()
            failure = failure or error
            if error is None:
                yield number, answer  # type: ignore[misc]
    finally:
        for thread in threads:
            thread.join()
    if failure is not None:
        raise failure
