"""The product's name, wherever a person reads it."""

from __future__ import annotations

NAME = "Earlark"
SLUG = "earlark"
"""In file names, addresses and image names."""
