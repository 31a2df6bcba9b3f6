"""The items of conversations: as clients send them, see them, and ask for them."""
