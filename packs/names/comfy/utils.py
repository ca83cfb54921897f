"""`comfy.utils`: progress, tensors' files and sizes."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import safetensors
import safetensors.torch
import torch

from models.checkpoint import CheckpointError
from models.checkpoints.pickles import load_pickle
from models.resize import Crop, Method, bislerp, resize
from packs.lacking import lacking
from packs.progress_bar import ProgressBar

__all__ = ["ProgressBar", "bislerp", "common_upscale", "lanczos", "load_torch_file", "save_torch_file", "tiled_scale"]

__getattr__ = lacking(__name__)

PROGRESS_BAR_ENABLED = True
PROGRESS_BAR_HOOK = None


def load_torch_file(
    ckpt: str | Path, safe_load: bool = True, device: torch.device | None = None, return_metadata: bool = False
) -> Any:
    """The tensors of a model file by name; pickles are read without running code, whatever `safe_load` says.

    Raises:
        CheckpointError: the file is damaged, or no model file; the text is a sentence.
    """
    del safe_load
    path, place = Path(ckpt), "cpu" if device is None else str(device)
    if path.suffix.lower() in (".safetensors", ".sft"):
        try:
            opened: Any = safetensors.safe_open(str(path), "pt", device=place)
            with opened as file:
                tensors: Any = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                metadata: Any = file.metadata()
        except safetensors.SafetensorError as error:
            raise CheckpointError(f"{path.name} is damaged ({error}). Download it again.") from error
    else:
        read: Any = load_pickle(path)
        tensors, metadata = cast("Any", read).get("state_dict", read) if isinstance(read, dict) else read, None
        if device is not None and isinstance(tensors, dict):
            given = cast("dict[str, Any]", tensors)
            tensors = {name: value.to(device) if torch.is_tensor(value) else value for name, value in given.items()}
    return (tensors, metadata) if return_metadata else tensors


def save_torch_file(sd: Mapping[str, torch.Tensor], ckpt: str | Path, metadata: dict[str, str] | None = None) -> None:
    """Write tensors as a safetensors file."""
    tensors = {name: value.contiguous() for name, value in sd.items()}
    safetensors_torch: Any = safetensors.torch
    safetensors_torch.save_file(tensors, str(ckpt), metadata=metadata)


def common_upscale(samples: torch.Tensor, width: int, height: int, upscale_method: str, crop: str) -> torch.Tensor:
    """`samples` [B, C, H, W] at another size; `crop` "center" cuts to the new shape instead of stretching.

    Raises:
        ValueError: an unknown method.
    """
    return resize(samples, width, height, cast("Method", upscale_method), cast("Crop", crop))


def lanczos(samples: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """`samples` [B, C, H, W] at another size by Lanczos' method, in 8 bits."""
    return resize(samples, width, height, "lanczos")


def repeat_to_batch_size(tensor: torch.Tensor, batch_size: int, dim: int = 0) -> torch.Tensor:
    """A tensor with so many entries along `dim`: repeated from the start, or cut off."""
    present = tensor.shape[dim]
    if present == batch_size:
        return tensor
    repeats = [1] * tensor.ndim
    repeats[dim] = math.ceil(batch_size / present)
    return tensor.repeat(repeats).narrow(dim, 0, batch_size)


def get_tiled_scale_steps(width: int, height: int, tile_x: int, tile_y: int, overlap: int) -> int:
    """How many tiles `tiled_scale` makes of a picture."""
    return len(_starts(height, tile_y, overlap)) * len(_starts(width, tile_x, overlap))


@torch.inference_mode()
def tiled_scale(
    samples: torch.Tensor,
    function: Callable[[torch.Tensor], torch.Tensor],
    tile_x: int = 64,
    tile_y: int = 64,
    overlap: int = 8,
    upscale_amount: float = 4,
    out_channels: int = 3,
    output_device: str | torch.device = "cpu",
    pbar: ProgressBar | None = None,
) -> torch.Tensor:
    """`function` of `samples` [B, C, H, W] in tiles that fade into each other over `overlap` entries.

    The result is [B, out_channels, H * upscale_amount, W * upscale_amount].
    """
    height, width = samples.shape[-2:]
    out_size = (out_channels, round(height * upscale_amount), round(width * upscale_amount))
    results: list[torch.Tensor] = []
    for row in range(samples.shape[0]):
        entry = samples[row : row + 1]
        total = torch.zeros((1, *out_size), device=output_device)
        weight = torch.zeros((1, 1, *out_size[1:]), device=output_device)
        for top in _starts(height, tile_y, overlap):
            for left in _starts(width, tile_x, overlap):
                tile = entry[..., top : top + tile_y, left : left + tile_x]
                made = function(tile).to(output_device)
                fade = _fade(made.shape[-2:], round(overlap * upscale_amount)).to(output_device)
                y, x = round(top * upscale_amount), round(left * upscale_amount)
                place = (..., slice(y, y + made.shape[-2]), slice(x, x + made.shape[-1]))
                total[place] += made * fade
                weight[place] += fade
                if pbar is not None:
                    pbar.update(1)
        results.append(total / weight)
    return torch.cat(results)


def _starts(size: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin so that they cover a side, the last one ending with it."""
    if size <= tile:
        return [0]
    return sorted({min(start, size - tile) for start in range(0, size - overlap, tile - overlap)})


def _fade(size: Sequence[int], width: int) -> torch.Tensor:
    """[1, 1, H, W]: 1 in the middle, falling towards each side over `width` entries, never 0."""
    sides: list[torch.Tensor] = []
    for length in size:
        from_side = torch.minimum(torch.arange(1, length + 1), torch.arange(length, 0, -1)).float()
        sides.append((from_side / max(1, width)).clamp(max=1))
    return (sides[0][:, None] * sides[1][None, :])[None, None]


def state_dict_prefix_replace(
    state_dict: dict[str, Any], replace_prefix: Mapping[str, str], filter_keys: bool = False
) -> dict[str, Any]:
    """Tensors by names that begin otherwise; changes the given dict, or gives the renamed ones (`filter_keys`)."""
    out = {} if filter_keys else state_dict
    for old, new in replace_prefix.items():
        for name in [name for name in state_dict if name.startswith(old)]:
            out[f"{new}{name.removeprefix(old)}"] = state_dict.pop(name)
    return out


def state_dict_key_replace(state_dict: dict[str, Any], keys_to_replace: Mapping[str, str]) -> dict[str, Any]:
    """Tensors by other names; changes the given dict."""
    for old, new in keys_to_replace.items():
        if old in state_dict:
            state_dict[new] = state_dict.pop(old)
    return state_dict


def calculate_parameters(sd: Mapping[str, torch.Tensor], prefix: str = "") -> int:
    """How many numbers the tensors hold whose names begin so."""
    return sum(tensor.numel() for name, tensor in sd.items() if name.startswith(prefix))


def weight_dtype(sd: Mapping[str, torch.Tensor], prefix: str = "") -> torch.dtype | None:
    """The format that most numbers have; None without any."""
    counts: dict[torch.dtype, int] = {}
    for name, tensor in sd.items():
        if name.startswith(prefix):
            counts[tensor.dtype] = counts.get(tensor.dtype, 0) + tensor.numel()
    return max(counts, key=lambda dtype: counts[dtype], default=None)


def get_attr(obj: Any, attr: str) -> Any:
    """What a dotted name leads to."""
    for name in attr.split("."):
        obj = getattr(obj, name)
    return obj


def set_attr(obj: Any, attr: str, value: Any) -> Any:
    """Set what a dotted name leads to; gives what was there before."""
    owner, _, name = attr.rpartition(".")
    holder = get_attr(obj, owner) if owner else obj
    before = getattr(holder, name)
    setattr(holder, name, value)
    return before


def copy_to_param(obj: Any, attr: str, value: torch.Tensor) -> None:
    """Write a tensor's numbers into the one that a dotted name leads to."""
    get_attr(obj, attr).data.copy_(value)


def string_to_seed(data: str) -> int:
    """A number 0 .. 2**32 - 1 that only depends on the text (CRC-32)."""
    return zlib.crc32(data.encode())
