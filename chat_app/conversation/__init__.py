"""The parts of a conversation besides its replies: options, scheduling, records, stage
times."""
