"""Speech to text in turns: Flux, `/v2/listen`."""
