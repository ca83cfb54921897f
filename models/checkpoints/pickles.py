"""`.ckpt`, `.pt` and `.bin` files: Python pickles, read without running any code they may carry."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from models.checkpoints.errors import CheckpointError

_ZIP = b"PK\x03\x04"
_PICKLE_PROTOCOLS = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_WRAPPERS = ("state_dict", "model", "params_ema", "params")  # under which trainers keep the tensors

# What the official Stable Diffusion 1.x files hold beside tensors: their trainer's records, and numbers of numpy
_RECORDS = (
    "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
    "lightning.pytorch.callbacks.model_checkpoint.ModelCheckpoint",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.dtype",
    "_codecs.encode",
)


class _Ignored:
    """Stands for an object of no use here: takes whatever the file would make it of, and keeps none of it."""

    def __init__(self, *_values: object) -> None:
        pass

    def __setstate__(self, _state: object) -> None:
        pass


def is_pickle(start: bytes) -> bool:
    """Whether a file's first bytes are those of `torch.save`.

    The length that begins a safetensors file can look like the start of a pickle; the brace after it tells.
    """
    return start.startswith(_ZIP) or (start.startswith(_PICKLE_PROTOCOLS) and start[8:9] != b"{")


def load_pickle(path: Path) -> Any:
    """What `torch.save` wrote: tensors in plain containers.

    The records that official files hold besides become `_Ignored`; any other object in the file is an error.

    Raises:
        CheckpointError: for code in the file, a compressed (possibly exploding) or damaged archive.
    """
    if path.suffix.lower() == ".safetensors":
        raise CheckpointError(
            f"{path.name} is a Python pickle, not the safetensors file that its name promises. If you trust where it "
            "comes from, rename it to end in .ckpt."
        )
    zipped = zipfile.is_zipfile(path)
    if zipped:
        _check_archive(path)
    try:
        records: Any = [(_Ignored, name) for name in _RECORDS]
        # tensors made in inference mode, in which nodes run, could not become a module's parameters
        with torch.inference_mode(False), warnings.catch_warnings(), torch.serialization.safe_globals(records):
            warnings.simplefilter("ignore")  # of protocols and storage classes, which say nothing to the user
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path.name} holds more than weights: Python code that could do anything, or a damaged pickle. Weft does "
            "not run it. Use the model's safetensors version."
        ) from error
    except Exception as error:  # a damaged pickle can make torch raise anything
        reason = str(error).partition("\n")[0][:200]
        raise CheckpointError(f"{path.name} is damaged ({reason}). Download it again.") from error


def read_pickle(path: Path) -> Mapping[str, torch.Tensor]:
    """The tensors of a pickled model by name.

    Raises:
        CheckpointError: as `load_pickle`; also if there are no tensors in it.
    """
    found = load_pickle(path)
    for wrapper in _WRAPPERS:
        if isinstance(found, Mapping) and isinstance(found.get(wrapper), Mapping):
            found = found[wrapper]
    items = found.items() if isinstance(found, Mapping) else ()
    tensors = {name: value for name, value in items if isinstance(name, str) and isinstance(value, torch.Tensor)}
    if not tensors:
        raise CheckpointError(f"{path.name} holds no tensors by name: it is not a model. Choose another file.")
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise CheckpointError(
                f"{path.name}: tensor {name[:200]!r} claims more values than the file has. Get it from another source."
            )
    return tensors


def _check_archive(path: Path) -> None:
    """`torch.save` stores without compression, so an archive that unpacks to more than its size is a bomb."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise CheckpointError(f"{path.name} is a damaged archive. Download it again.") from error
    stored = all(member.compress_type == zipfile.ZIP_STORED for member in members)
    if not stored or sum(member.file_size for member in members) > path.stat().st_size:
        raise CheckpointError(
            f"{path.name} is compressed, which no model is: unpacking it could fill the machine. Use the model's "
            "safetensors version."
        )
