"""Learning from pictures."""
