"""The worker of Smart Turn: runs only inside a worker process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from common.audio import Samples
from stt_app.core.turns.features import turn_features


class SmartTurnWorker:
    """Rates one pause after the other, on one core: two are not faster."""

    def __init__(self, model: Path) -> None:
        self._path = model
        self._session: Any = None

    def load(self) -> dict[str, Any]:
        """Load the model and run it once. Raises the library's error."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            str(self._path), options, providers=["CPUExecutionProvider"]
        )
        self.probability(np.zeros(0, np.float32))
        return {"model": self._path.stem}

    def handle(self, request: Samples) -> Iterator[float]:
        """The probability for one turn."""
        yield self.probability(request)

    def probability(self, samples: Samples) -> float:
        """The probability, 0 to 1, that the turn is over; as `TurnModel.end_of_turn`."""
        given = {"input_features": turn_features(samples)[np.newaxis]}
        # Called `logits` in the model, but its last layer is a sigmoid.
        answer = self._session.run(None, given)[0]
        return float(answer.reshape(-1)[0])
