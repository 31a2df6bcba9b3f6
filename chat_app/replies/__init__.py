"""The replies of a conversation: written, spoken, sent, and truncated to what was heard."""
