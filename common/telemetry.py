"""Turns off the telemetry of the libraries.

ONNX Runtime reads its variable when the library is loaded, and its own
`disable_telemetry_events()` comes too late: by then a device id lies in the user's
cache folder and an event waits to be sent (see Privacy.md in its wheel). So
`common/__init__.py` sets the variables, and every package of this project imports
`common` first. Worker processes inherit them.
"""

from __future__ import annotations

from collections.abc import MutableMapping

SWITCHES = ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY")
"""Variables of ONNX Runtime and of huggingface_hub with its transfer library hf_xet."""

_TELEMETRY_WANTED = frozenset({"0", "false", "no", "off"})


def disable_telemetry(environment: MutableMapping[str, str]) -> None:
    """Set every variable to `1`, except an explicit opt-in.

    `0`, `false`, `no` and `off` are the operator's choice and stay. Anything else,
    such as an empty value, becomes `1`: the libraries would read it as permission.
    """
    for name in SWITCHES:
        if environment.get(name, "").strip().lower() not in _TELEMETRY_WANTED:
            environment[name] = "1"
