"""`comfy_api`: the newer style of nodes."""

from packs.lacking import lacking

__getattr__ = lacking(__name__)
