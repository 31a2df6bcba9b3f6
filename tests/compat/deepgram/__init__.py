"""The Deepgram API, in the application itself and on fakes."""
