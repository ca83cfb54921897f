"""Arithmetic on pictures [B, H, W, C] in 0..1 and [B, C, H, W] alike; each function says which."""
