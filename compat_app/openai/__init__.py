"""The OpenAI audio API: `/v1/audio/...` and `/v1/models`."""
