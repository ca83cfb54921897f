"""Changes to how a model is guided and to what its network computes."""
