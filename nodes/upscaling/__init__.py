"""Enlarging pictures by networks made for it."""
