"""Whether a speaker has finished: the turn model, and the pauses that it makes longer."""
