"""Ends as `sounddevice` does without PortAudio."""

from __future__ import annotations

raise OSError("PortAudio library not found")
