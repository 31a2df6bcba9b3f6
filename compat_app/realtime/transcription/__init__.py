"""Sessions of `/v1/realtime` that only transcribe."""
