"""Conversations that outlive their connection."""
