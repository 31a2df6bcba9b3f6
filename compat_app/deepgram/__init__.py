"""The Deepgram API: `/v1/listen`, `/v1/speak` and Flux on `/v2/listen`."""
