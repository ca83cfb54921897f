"""`comfy.sd`: loading model files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.adapters.embeddings import EmbeddingFolders
from models.checkpoint import load_checkpoint, load_unet
from models.checkpoint import load_clip as load_text_encoders
from models.memory import DeviceMemory
from models.sdxl.text import Clip as CLIP
from models.types import Vae as VAE
from packs.handles import PackClip, PackModel, PackVae, for_packs
from packs.lacking import lacking

from .. import host

__all__ = ["CLIP", "VAE"]
__getattr__ = lacking(__name__)


def _memory() -> DeviceMemory:
    return host.context().service(DeviceMemory)


def _embeddings(folders: str | Sequence[str] | None) -> EmbeddingFolders | None:
    if folders is None:
        return None
    return EmbeddingFolders(tuple(Path(one) for one in ([folders] if isinstance(folders, str) else folders)))


def load_checkpoint_guess_config(
    ckpt_path: str,
    output_vae: bool = True,
    output_clip: bool = True,
    output_clipvision: bool = False,
    embedding_directory: str | Sequence[str] | None = None,
    output_model: bool = True,
    **_options: Any,
) -> tuple[PackModel | None, PackClip | None, PackVae | None, None]:
    """The model, text encoders and VAE of a checkpoint file.

    Raises:
        CheckpointError: the file is damaged, or of a kind that Weft does not run.
    """
    del output_clipvision
    loaded = load_checkpoint(Path(ckpt_path), _memory())
    clip = loaded.clip.with_embeddings(_embeddings(embedding_directory))
    return (
        for_packs(loaded.model) if output_model else None,
        for_packs(clip) if output_clip else None,
        for_packs(loaded.vae) if output_vae else None,
        None,
    )


def load_diffusion_model(unet_path: str, model_options: Any = None) -> PackModel:
    """A denoising network.

    Raises:
        CheckpointError: as `load_checkpoint_guess_config`.
    """
    del model_options
    return for_packs(load_unet(Path(unet_path), _memory()))


def load_clip(
    ckpt_paths: Sequence[str], embedding_directory: str | Sequence[str] | None = None, *_more: Any, **_options: Any
) -> PackClip:
    """Text encoders of one or two files.

    Raises:
        CheckpointError: as `load_checkpoint_guess_config`.
    """
    clip = load_text_encoders([Path(one) for one in ckpt_paths], _memory())
    return for_packs(clip.with_embeddings(_embeddings(embedding_directory)))
