"""Pictures as prompts: CLIP vision and what is built on it."""
