"""Conversations that are resumed after a lost connection."""
