"""Plain Python shared by every room of the house; nothing here imports Django."""

from __future__ import annotations

import os

from common.telemetry import disable_telemetry

# Before any library is loaded that would read the environment.
disable_telemetry(os.environ)
