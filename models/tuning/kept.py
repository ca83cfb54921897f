"""What is computed once and kept beside the job: tensors in files named by what they were made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from models.training.files import replacing
from models.tuning.errors import TuningError

MADE_BY = 1  # to be raised when other tensors are made of the same things


class Kept:
    """Tensors by a key. Files are whole or absent, so a killed job leaves nothing that misleads the next one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, key: str) -> bool:
        """Whether it was computed before."""
        return self._path(key).is_file()

    def make(self, key: str, make: Callable[[], dict[str, Tensor]]) -> None:
        """Compute it, if it is not there.

        Raises:
            TuningError: the disk refuses it.
        """
        if not self.has(key):
            tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in make().items()}
            path = self._path(key)
            try:
                with replacing(path) as temporary:
                    save_file(tensors, temporary)
            except (OSError, SafetensorError) as error:
                raise TuningError(f"{path} cannot be written ({error}). Make room on the disk and resume.") from error

    def read(self, key: str) -> dict[str, Tensor]:
        """What was computed.

        Raises:
            TuningError: the file is damaged.
        """
        path = self._path(key)
        try:
            return load_file(path)
        except (OSError, SafetensorError) as error:
            raise TuningError(
                f"{path} is damaged ({error}). Delete it and resume: what was in it is computed again."
            ) from error

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.safetensors"


def key_of(*made_of: object) -> str:
    """A key that differs wherever one of the things does."""
    return hashlib.sha256(json.dumps([MADE_BY, *made_of]).encode()).hexdigest()
