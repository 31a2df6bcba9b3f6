"""The replies of conversations: made, held back, sent, cancelled."""
