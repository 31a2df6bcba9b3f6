"""Headers that pages of an allowed origin may send and read.

A preflight has to name every header, so OpenAI's JavaScript SDK needs its own listed.
Source: `src/client.ts` and `src/internal/detect-platform.ts` of openai-node 7.5.0.
"""

from __future__ import annotations

_OPENAI_SDK = (
    "openai-beta",
    "openai-organization",
    "openai-project",
    "x-stainless-arch",
    "x-stainless-custom-poll-interval",
    "x-stainless-helper-method",
    "x-stainless-lang",
    "x-stainless-os",
    "x-stainless-package-version",
    "x-stainless-poll-helper",
    "x-stainless-retry-count",
    "x-stainless-runtime",
    "x-stainless-runtime-version",
    "x-stainless-timeout",
)
BROWSER_HEADERS = ("x-api-key", "x-request-id", *_OPENAI_SDK)
"""Besides those that every page may send."""

EXPOSED_HEADERS = (
    "X-Request-ID",
    "X-Voice",
    "X-Sample-Rate",
    "X-Channels",
    "Retry-After",
    "Location",
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
)
