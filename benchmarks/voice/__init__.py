"""The parts of `voice_to_voice`."""
