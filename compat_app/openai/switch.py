"""What every route of the OpenAI API checks first."""

from __future__ import annotations

from compat_app.switches import while_on

while_switched_on = while_on(
    "openai_api", "The OpenAI API is switched off here (`openai_api`)."
)
