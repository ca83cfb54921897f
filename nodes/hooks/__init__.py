"""Hooks: LoRAs that hold for single prompts and for parts of the denoising."""
