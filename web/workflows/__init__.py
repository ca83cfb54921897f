"""Workflows as requests bring them: read, converted, judged, and with models that are there in place of others."""
