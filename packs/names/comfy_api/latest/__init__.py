"""`comfy_api.latest`: the newer style of nodes."""

from packs.lacking import lacking
from packs.newer.api import ComfyAPI, ComfyAPISync, ComfyExtension

from . import io, ui

__all__ = ["IO", "UI", "ComfyAPI", "ComfyAPISync", "ComfyAPI_latest", "ComfyExtension", "io", "ui"]

__getattr__ = lacking(__name__)

IO = io  # packs import either name
UI = ui
ComfyAPI_latest = ComfyAPI
