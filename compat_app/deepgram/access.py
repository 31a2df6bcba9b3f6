"""Whether the Deepgram API is served over HTTP."""

from __future__ import annotations

from compat_app.switches import while_on

if_served = while_on(
    "deepgram_api", "The Deepgram API is turned off here (`deepgram_api`)."
)
