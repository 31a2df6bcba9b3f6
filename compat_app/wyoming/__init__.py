"""The Wyoming protocol over TCP, as Home Assistant speaks it."""
