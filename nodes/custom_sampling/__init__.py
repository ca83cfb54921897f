"""Custom sampling: noise, noise levels, samplers and guiders as nodes of their own."""
