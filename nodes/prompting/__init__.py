"""Prompts made by rules: schedules, wildcards, files, LoRAs named in the text."""
