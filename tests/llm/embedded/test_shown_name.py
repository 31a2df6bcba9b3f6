"""The name of the embedded model as people read it."""

from __future__ import annotations

import pytest

from llm.embedded.engine import shown_name


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("SmolLM2-135M-Instruct.Q4_1", "SmolLM2 135M"),
        ("Qwen2.5-0.5B-Instruct-Q4_K_M", "Qwen2.5 0.5B"),
        ("gemma-3-1b-it-IQ4_XS", "gemma 3 1b"),
        ("Llama-3.2-1B.f16", "Llama 3.2 1B"),
        ("my-model", "my model"),
    ],
)
def test_it_leaves_the_quantisation_out(file: str, name: str) -> None:
    assert shown_name(file) == name
