"""Why a language model's server refuses a request, beyond `common.remote.failures`."""

from __future__ import annotations

from common.remote.failures import Refused


class NoSuchModel(Refused):
    """The server does not have the model that was asked for."""


class NoTools(Refused):
    """The model that was asked for cannot call tools."""
