"""LoRAs and weights that hold for single prompts and parts of the denoising."""
