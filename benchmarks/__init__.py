"""Programs that measure the server beside the bare libraries: `make bench`."""
