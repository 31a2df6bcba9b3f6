"""Speech to text over HTTP: `/v1/audio/transcriptions` and `/v1/audio/translations`."""
