"""Summaries of long conversations."""

from __future__ import annotations
