"""The picture of the README."""

from __future__ import annotations
