"""Conversations of `/v1/realtime`, over WebSocket and WebRTC."""
