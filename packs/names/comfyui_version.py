"""`comfyui_version`: the version whose behaviour Weft keeps to, for packs that ask."""

__version__ = "0.3.64"
