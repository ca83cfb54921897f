"""The colours of previews: known for each VAE that was loaded, also by earlier processes."""

import json
import threading
from pathlib import Path

import torch

from models.latent_colours import Colours, fit
from models.types import Vae


class PreviewColours:
    """The colours of each VAE met so far, by the digest of its file; a service of the engine.

    `folder` keeps them between processes.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: dict[str, Colours] = {}  # met last comes last
        self._lock = threading.Lock()

    def learn(self, vae: Vae) -> None:
        """Get to know a VAE, unless it is known. To be called where the VAE may be used: on the device's thread."""
        found = self._known.get(vae.digest) or self._read(vae.digest)
        if found is None:
            try:
                found = fit(vae)
            except torch.OutOfMemoryError:
                return  # previews are not worth failing for
            self._write(vae.digest, found)
        with self._lock:
            self._known.pop(vae.digest, None)
            self._known[vae.digest] = found

    def of(self, model: str, channels: int) -> Colours | None:
        """The colours of the VAE that came with a model, else of the one met last that has as many channels."""
        with self._lock:
            own = self._known.get(model)
            there = [found for found in (*self._known.values(), own) if found and len(found.weights) == channels]
        return there[-1] if there else None

    def _path(self, digest: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{digest}.json"

    def _read(self, digest: str) -> Colours | None:
        path = self._path(digest)
        try:
            return None if path is None else Colours.from_numbers(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError):
            return None

    def _write(self, digest: str, found: Colours) -> None:
        path = self._path(digest)
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(found.numbers()), "utf-8")
        except OSError:
            return  # they are learned again next time
