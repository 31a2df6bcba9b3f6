"""What needs aiortc, an optional dependency; `compat_app.realtime.calls.extra` loads it."""
