"""Calls over WebRTC: the Realtime API with Opus audio in both directions and events on a
data channel."""
