"""Work on texts."""
