"""A running conversation: speech to text, turns and replies, joined."""
