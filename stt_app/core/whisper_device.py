"""Where Whisper runs, and in which precision."""

from __future__ import annotations

from dataclasses import dataclass

import ctranslate2

AUTO = "auto"


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


def best_on_cuda() -> str:
    """float16 where the card can; `auto` lets CTranslate2 decide."""
    try:
        supported = ctranslate2.get_supported_compute_types("cuda")
    except (RuntimeError, ValueError):
        return "auto"
    return "float16" if "float16" in supported else "auto"
