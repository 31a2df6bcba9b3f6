"""Where Whisper runs, and in which precision."""

from __future__ import annotations

from dataclasses import dataclass

import ctranslate2

AUTO = "auto"

_BATCH_ON_CPU = 4
_BATCH_ON_CUDA = 16


@dataclass(frozen=True)
class Device:
    """A place to run, as CTranslate2 names it."""

    name: str
    compute_type: str


def choose_device(device: str, compute_type: str) -> Device:
    """The device and precision that `auto` stands for on this machine."""
    if device == AUTO:
        device = "cuda" if ctranslate2.get_cuda_device_count() > 0 else "cpu"
    if compute_type == AUTO:
        # CUDA cards without fast half precision take the best that they have.
        compute_type = "int8" if device == "cpu" else best_on_cuda()
    return Device(device, compute_type)


def choose_batch_size(device: Device) -> int:
    """How many utterances are worth decoding at once. A CPU soon has enough to do."""
    return _BATCH_ON_CPU if device.name == "cpu" else _BATCH_ON_CUDA


def best_on_cuda() -> str:
    """float16 where the card can; `auto` lets CTranslate2 decide."""
    try:
        supported = ctranslate2.get_supported_compute_types("cuda")
    except (RuntimeError, ValueError):
        return "auto"
    return "float16" if "float16" in supported else "auto"
