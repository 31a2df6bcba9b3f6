"""A running conversation: speech to text, turns, language model and speech, joined."""
