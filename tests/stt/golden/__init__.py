"""Scripted sessions on `/ws/stt` whose messages are compared with recorded ones."""
