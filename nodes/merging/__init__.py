"""Models made of models, and saved."""
