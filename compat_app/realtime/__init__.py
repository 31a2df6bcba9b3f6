"""The OpenAI Realtime API over WebSocket: `/v1/realtime`."""
