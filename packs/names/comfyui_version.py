"""`comfyui_version`: the version whose behaviour Weft keeps to, for packs that ask."""

from packs.lacking import lacking

__getattr__ = lacking(__name__)

__version__ = "0.3.64"
