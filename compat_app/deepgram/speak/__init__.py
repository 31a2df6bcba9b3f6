"""Text to speech: `/v1/speak`."""
