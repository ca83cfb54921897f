"""Where a saved picture came from: what wrote it, on what, from which seeds and files. Read by `main.py verify`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch

from models.memory import DeviceMemory

KEYWORD = "weft"
"""The name of the text in a picture's file, beside the usual `prompt` and `workflow`."""

FORMAT = 1  # of the text; a reader refuses later ones


class ProvenanceError(ValueError):
    """A text that is no provenance of ours; it says why in a sentence."""


@dataclass(frozen=True, slots=True)
class Program:
    """Which Weft this is; a service of the engine."""

    version: str
    commit: str | None  # checked out where it runs from a clone
    source: str  # digest of the code that results depend on, whatever commit it is


@dataclass(frozen=True, slots=True)
class Machine:
    """What the numbers were computed on and in."""

    torch: str
    device: str  # cpu, cuda, mps
    name: str  # of the graphics card; of a CPU, the widest instructions that torch uses
    threads: int
    model: str  # the numbers' formats: of the denoising network, the text encoders and the VAE
    text: str
    vae: str

    @classmethod
    def of(cls, memory: DeviceMemory) -> Machine:
        """The machine that a device of torch's stands for."""
        device = memory.device
        cuda = device.type == "cuda"
        name = torch.cuda.get_device_name(device) if cuda else torch.backends.cpu.get_cpu_capability()
        formats = (str(dtype).removeprefix("torch.") for dtype in memory.dtypes)
        return cls(torch.__version__, device.type, name, torch.get_num_threads(), *formats)

    @property
    def computes_alike(self) -> tuple[object, ...]:
        """What must agree for two machines to be expected to compute the same bits."""
        return (self.torch, self.device, self.name, self.model, self.text, self.vae)


@dataclass(frozen=True, slots=True)
class UsedFile:
    """A file that a node named: a model, an adapter, an embedding, or (folder `input`) a picture."""

    node: str
    folder: str
    name: str
    sha256: str | None  # of the whole file; None: it changed or went while the picture was made


@dataclass(frozen=True, slots=True)
class SavedBy:
    """Which node wrote the picture, and as which of the batch that it was given."""

    node: str
    submitted: str  # the node of the prompt that it is or was made by
    type: str
    picture: int  # from 0
    of: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """All that a picture says of its origin besides its workflow."""

    program: Program | None
    machine: Machine | None
    seeds: Mapping[str, Mapping[str, Any]]  # node -> input -> the seed, or a list where it ran with several
    files: tuple[UsedFile, ...]
    saved_by: SavedBy
    pixels: str  # see `pixel_digest`
    packs: tuple[str, ...] = ()  # names of the node packs whose nodes took part
    format: int = field(default=FORMAT)

    def to_text(self) -> str:
        """As JSON on one line, in ASCII, without what is not known."""
        return json.dumps({name: value for name, value in asdict(self).items() if value not in (None, ())})

    @classmethod
    def from_text(cls, text: str) -> Provenance:
        """What `to_text` wrote; fields that a later Weft may add are passed over.

        Raises:
            ProvenanceError: it is something else, damaged or in a later format.
        """
        try:
            data: Any = json.loads(text)
            if data["format"] != FORMAT:
                raise ProvenanceError(
                    f"The picture's provenance has the format {data['format']}, and this Weft reads {FORMAT}. "
                    "Use the Weft that saved it, or a later one."
                )
            return cls(
                _made(Program, data.get("program")),
                _made(Machine, data.get("machine")),
                {str(node): dict(seeds) for node, seeds in data.get("seeds", {}).items()},
                tuple(UsedFile(**_fields(UsedFile, one)) for one in data.get("files", ())),
                SavedBy(**_fields(SavedBy, data["saved_by"])),
                str(data["pixels"]),
                tuple(map(str, data.get("packs", ()))),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            if isinstance(error, ProvenanceError):
                raise
            raise ProvenanceError("The picture's provenance is damaged: it is no text that Weft wrote.") from error


def _fields(kind: type, data: Any) -> dict[str, Any]:
    """The entries that a dataclass takes, each of the plain type that it says.

    Raises:
        TypeError, KeyError: one is missing or of another type.
    """
    taken: dict[str, Any] = {}
    for name, annotation in cast("Mapping[str, str]", kind.__annotations__).items():
        value = data[name] if "None" not in annotation else data.get(name)
        wanted = int if annotation == "int" else str
        if value is not None and (not isinstance(value, wanted) or isinstance(value, bool)):
            raise TypeError(f"{name} is {value!r}")
        taken[name] = value
    return taken


def _made(kind: type[Any], data: Any) -> Any:
    return None if data is None else kind(**_fields(kind, data))


def pixel_digest(frames: Iterable[npt.NDArray[np.uint8]]) -> str:
    """The SHA-256 of pictures [H, W] or [H, W, 1, 3 or 4] of 8 bits, whichever way a file keeps them.

    Each is digested as `width height` and red, green, blue and opacity of each pixel, row by row; frames that equal the
    one before, and the colours of what is wholly transparent, are left out, as files leave them out. So a file that
    some program packs tighter, without a loss that could be seen, keeps its digest.
    """
    hasher = hashlib.sha256()
    before: bytes | None = None
    for frame in frames:
        full = as_rgba(frame)
        full[full[..., 3] == 0] = 0
        content = f"{full.shape[1]} {full.shape[0]}\n".encode() + full.tobytes()
        if content != before:
            hasher.update(content)
        before = content
    return hasher.hexdigest()


def as_rgba(frame: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A picture [H, W] or [H, W, 1, 3 or 4] of 8 bits with all four channels."""
    pixels = frame if frame.ndim == 3 else frame[..., None]
    full = np.full((*pixels.shape[:2], 4), 255, np.uint8)
    full[..., :3] = pixels[..., :3]
    if pixels.shape[2] == 4:
        full[..., 3] = pixels[..., 3]
    return full
