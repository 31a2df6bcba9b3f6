"""Calls by WebRTC: the Realtime API with Opus both ways, and events on a data channel."""
