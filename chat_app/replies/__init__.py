"""Replies of a conversation: written, spoken, sent, and cut to what was heard."""
