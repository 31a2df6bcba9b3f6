"""Conversations of `/v1/realtime`, whatever carries them."""
