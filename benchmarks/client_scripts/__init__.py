"""Real client software, driven as its users drive it; see `benchmarks/clients.py`.

These modules run in an environment that has the clients and nothing of this project's
dependencies, so they import only each other and the standard library.
"""

from __future__ import annotations
