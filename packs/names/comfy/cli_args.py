"""`comfy.cli_args`: the settings that packs look at. Those of Weft's command line are not among them."""

from __future__ import annotations

from argparse import Namespace
from enum import Enum
from typing import Any

from packs.lacking import lacking

from .. import folder_paths
from .model_management import get_torch_device

__getattr__ = lacking(__name__)


class LatentPreviewMethod(Enum):
    """How previews are made of latents."""

    NoPreviews = "none"
    Auto = "auto"
    Latent2RGB = "latent2rgb"
    TAESD = "taesd"


class Settings(Namespace):
    """Those that packs look at; a setting that Weft does not have is None."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return None


args = Settings(
    base_directory=folder_paths.base_path,
    output_directory=folder_paths.get_output_directory(),
    input_directory=folder_paths.get_input_directory(),
    temp_directory=folder_paths.get_temp_directory(),
    user_directory=folder_paths.get_user_directory(),
    cpu=get_torch_device().type == "cpu",
    preview_method=LatentPreviewMethod.Auto,
    preview_size=512,
    disable_metadata=False,
    multi_user=False,
    verbose="INFO",
    deterministic=False,
)
