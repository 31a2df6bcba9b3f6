"""The replies of a conversation: what is asked for, made, held back, sent, cancelled."""
