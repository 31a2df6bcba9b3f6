"""Plain Python shared by all packages; nothing here imports Django."""

from __future__ import annotations

import os

from common.telemetry import disable_telemetry

# Before any library that reads these variables is loaded.
disable_telemetry(os.environ)
