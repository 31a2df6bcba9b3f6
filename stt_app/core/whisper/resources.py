"""Chooses Whisper's device, processes, threads and batch size for a machine."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import psutil

AUTO = "auto"

_THREADS_PER_PROCESS = 4
"""More threads hardly speed up one utterance; another process serves another caller."""
_MOST_THREADS = 8
_MOST_PROCESSES = 8
_MODEL_COPIES = 2.5
"""Loading briefly holds the file and the converted weights."""
_BASE_MB = 250
"""Python, NumPy, CTranslate2 and the audio of a batch."""
_SHARE_OF_MEMORY = 0.5
"""The rest is for the system, the voices and the language model."""
_BATCH_ON_CPU = 4
"""With four, the weights are read a quarter as often; above it, arithmetic
dominates."""
_BATCH_ON_CUDA = 16
"""The batch that fits a small GPU with a large model."""


@dataclass(frozen=True)
class Machine:
    """The available resources."""

    cores: int
    memory_mb: float
    has_gpu: bool


@dataclass(frozen=True)
class Processes:
    """The number of processes, and the CPU threads of each."""

    count: int
    threads: int


def this_machine() -> Machine:
    """The cores that this process may use, the memory, and whether NVIDIA is there."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    driver = Path("/proc/driver/nvidia/version").exists()
    return Machine(
        cores=usable or os.cpu_count() or 1,
        memory_mb=psutil.virtual_memory().total / 1e6,
        has_gpu=driver or shutil.which("nvidia-smi") is not None,
    )


def share_out(
    machine: Machine, device: str, model_mb: float, *, workers: int, threads: int
) -> Processes:
    """The processes for a model of that size; 0 workers or threads leave it to us.

    On a GPU one process takes whole batches, and more would only share its memory.
    """
    on_gpu = device == "cuda" or (device == "auto" and machine.has_gpu)
    count = workers or (1 if on_gpu else _fitting(machine, model_mb))
    return Processes(count, threads or min(_per_process(machine, count), _MOST_THREADS))


def _fitting(machine: Machine, model_mb: float) -> int:
    each_mb = _BASE_MB + _MODEL_COPIES * model_mb
    by_memory = int(machine.memory_mb * _SHARE_OF_MEMORY / each_mb)
    by_cores = machine.cores // _THREADS_PER_PROCESS
    return max(1, min(by_cores, by_memory, _MOST_PROCESSES))


def _per_process(machine: Machine, count: int) -> int:
    return max(1, machine.cores // count)


@dataclass(frozen=True)
class Device:
    """A place to run, as CTranslate2 names it."""

    name: str
    compute_type: str


def choose_device(device: str, compute_type: str) -> Device:
    """The device and precision that `auto` means on this machine."""
    if device == AUTO:
        device = "cuda" if ctranslate2.get_cuda_device_count() > 0 else "cpu"
    if compute_type == AUTO:
        # CUDA cards without fast half precision take the best that they have.
        compute_type = "int8" if device == "cpu" else best_on_cuda()
    return Device(device, compute_type)


def choose_batch_size(device: Device) -> int:
    """The useful batch size; a CPU saturates early."""
    return _BATCH_ON_CPU if device.name == "cpu" else _BATCH_ON_CUDA


def best_on_cuda() -> str:
    """float16 where the card can; `auto` lets CTranslate2 decide."""
    try:
        supported = ctranslate2.get_supported_compute_types("cuda")
    except (RuntimeError, ValueError):
        return "auto"
    return "float16" if "float16" in supported else "auto"
