"""Other servers over HTTP: their addresses, failures, health and choice."""
