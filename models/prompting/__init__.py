"""Prompts by rules: what texts with schedules, alternatives, wildcards and named LoRAs mean."""
