"""`comfy_api.v0_0_1`: the same as `latest`."""

from packs.lacking import lacking
from packs.newer.api import ComfyAPI, ComfyAPISync, ComfyExtension

from .latest import io, ui

__all__ = ["ComfyAPI", "ComfyAPISync", "ComfyExtension", "io", "ui"]

__getattr__ = lacking(__name__)
