"""Programs of the documentation; the pages need none of them."""

from __future__ import annotations
