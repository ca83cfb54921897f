"""Switches, comparisons, mathematics, loops and lists."""
