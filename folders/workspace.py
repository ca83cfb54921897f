"""The user's folders: where models, inputs and outputs lie, and which file a name in a prompt means."""

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from folders.digest import file_digest
from folders.safe_paths import UnsafeNameError, checked_parts, inside
from folders.walking import hidden, walk_once

OwnFolder = Literal["input", "output", "temp"]
OWN_FOLDERS: tuple[OwnFolder, ...] = get_args(OwnFolder)

MODEL_SUFFIXES = frozenset({".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".bin", ".pth", ".pkl"})
IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".webp", ".gif", ".apng", ".bmp", ".tif", ".tiff", ".tga", ".ppm", ".pgm", ".avif"}
)
AUDIO_SUFFIXES = frozenset({".wav", ".mp3", ".flac", ".ogg", ".opus", ".m4a", ".aac"})
TEXT_SUFFIXES = frozenset({".txt", ".csv", ".tsv", ".json", ".md"})
VIDEO_SUFFIXES = frozenset({".mp4", ".webm", ".mkv", ".mov", ".avi", ".m4v"})

MODEL_KINDS = (
    "checkpoints", "configs", "loras", "vae", "text_encoders", "diffusion_models", "clip_vision", "style_models",
    "embeddings", "diffusers", "vae_approx", "controlnet", "gligen", "upscale_models", "hypernetworks", "photomaker",
    "classifiers", "model_patches", "audio_encoders",
)  # fmt: skip
"""The model folders that everybody's machine has."""

OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "text_encoders": ("text_encoders", "clip"),
    "diffusion_models": ("diffusion_models", "unet"),
}
"""Model folders that go by more than one name on disk; the first is where Weft itself would put a file."""

KIND_SUFFIXES: Mapping[str, frozenset[str]] = {"configs": frozenset({".yaml", ".yml"})}
"""Suffixes of the files of a model folder, where they are not those of models."""

PIPELINES = "diffusers"
"""The model folder whose entries are folders themselves: each holds a pipeline."""
PIPELINE_MARK = "model_index.json"

SAVED_KINDS = frozenset({"checkpoints", "loras", "vae", "text_encoders", "diffusion_models", PIPELINES})
"""Kinds of models that nodes save: what lies below output/<kind> is offered with the others."""

INPUT_KINDS: Mapping[str, frozenset[str]] = {
    "input": IMAGE_SUFFIXES,
    "input/*.latent": frozenset({".latent"}),
    "input/audio": AUDIO_SUFFIXES,
    "input/video": VIDEO_SUFFIXES | {".gif"},
    "input/text": TEXT_SUFFIXES,
}
"""Lists of files at the top of the input folder, by what they are."""

INPUT_FOLDERS = "input/*/"
"""The list of folders at the top of the input folder."""

OWN_LISTS: Mapping[str, OwnFolder] = {**dict.fromkeys(INPUT_KINDS, "input"), INPUT_FOLDERS: "input", "output": "output"}
"""All lists that are not of models, and the own folder that each is of; "output" is of the pictures at its top."""

BUNDLED_FOLDERS: Mapping[str, str] = {
    "checkpoints": "", "vae": "", "diffusion_models": "", "text_encoders": "",
    "loras": "loras", "controlnet": "controlnet", "embeddings": "embeddings", "upscale_models": "upscale_models",
    "clip_vision": "clip_vision",
}  # fmt: skip
"""Kinds of models that come with Weft, and where in the bundled folder they lie.

A checkpoint stands among the VAEs, networks and text encoders for those that it holds.
"""


@dataclass(frozen=True)
class Workspace:
    """The folders of one user: `root/models/<kind>`, `root/input`, `root/output`, `root/temp`.

    `model_dirs` are further folders laid out like `root/models`; `extra` are further folders of one kind each, as an
    extra_model_paths.yaml names them, and `extra_first` those that come before the user's own; `bundled` is the folder
    of the models that come with Weft, offered after the user's own. Names always use forward slashes.
    """

    root: Path
    model_dirs: tuple[Path, ...] = ()
    bundled: Path | None = None
    output_dir: Path | None = None  # in place of root/output
    input_dir: Path | None = None  # in place of root/input
    temp_dir: Path | None = None  # in place of root/temp
    user_dir: Path | None = None  # in place of root/user
    extra: Mapping[str, tuple[Path, ...]] = field(default_factory=dict[str, tuple[Path, ...]])
    extra_first: Mapping[str, tuple[Path, ...]] = field(default_factory=dict[str, tuple[Path, ...]])

    def bundled_folder(self, kind: str) -> Path | None:
        """Where the models of a kind lie that come with Weft; None where none do."""
        below = BUNDLED_FOLDERS.get(kind)
        return None if self.bundled is None or below is None else self.bundled / below

    def bundled_names(self, kind: str = "checkpoints") -> tuple[str, ...]:
        """The models of a kind that come with Weft, as far as they are there."""
        folder = self.bundled_folder(kind)
        return tuple(sorted(path.name for path in folder.glob("*.safetensors"))) if folder else ()

    def folder(self, kind: OwnFolder) -> Path:
        """The folder of inputs, outputs or temporary files; it may not exist yet."""
        moved = {"input": self.input_dir, "output": self.output_dir, "temp": self.temp_dir}[kind]
        return moved or self.root / kind

    @property
    def user(self) -> Path:
        """The folder of what Weft and its editor keep for the user: the queue, saved workflows, settings."""
        return self.user_dir or self.root / "user"

    @property
    def node_packs(self) -> list[Path]:
        """The folders that hold node packs, the user's own first."""
        extra = (*self.extra_first.get("custom_nodes", ()), *self.extra.get("custom_nodes", ()))
        return [self.root / "custom_nodes", *extra]

    @property
    def model_kinds(self) -> list[str]:
        """Every kind of model folder: those that everybody knows, then those that an extra path added."""
        further = sorted({*self.extra, *self.extra_first} - {*MODEL_KINDS, "custom_nodes"})
        return [*MODEL_KINDS, *further]

    def model_folders(self, kind: str) -> list[Path]:
        """The folders that hold models of a kind ("checkpoints", "vae", ...), the user's own first."""
        names = OTHER_NAMES.get(kind, (kind,))
        usual = [base / name for base in (self.root / "models", *self.model_dirs) for name in names]
        saved = [self.folder("output") / name for name in names] if kind in SAVED_KINDS else []
        return [*self.extra_first.get(kind, ()), *usual, *self.extra.get(kind, ()), *saved]

    def searched_folders(self, kind: str) -> list[Path]:
        """The folders in which a model of a kind may be, the user's own first, that of Weft's own last."""
        bundled = self.bundled_folder(kind)
        return self.model_folders(kind) if bundled is None else [*self.model_folders(kind), bundled]

    def home(self, folder: str) -> Path:
        """Where on disk a user puts a file that a combo of `folder` is to offer."""
        return self.folder(OWN_LISTS[folder]) if folder in OWN_LISTS else self.model_folders(folder)[0]

    def list_files(self, folder: str) -> list[str]:
        """The files that a combo of `folder` offers, sorted: models of that kind, or what `OWN_LISTS` says.

        Results in the output folder come newest first.
        Hidden files and folders are left out, links are followed, each name is listed once.
        """
        if folder in INPUT_KINDS:
            suffixes = INPUT_KINDS[folder]
            return sorted(path.name for path in _files_at(self.folder("input")) if path.suffix.lower() in suffixes)
        if folder == INPUT_FOLDERS:
            return sorted(path.name for path in _folders_at(self.folder("input")))
        if folder in OWN_LISTS:
            results = [path for path in _files_at(self.folder("output")) if path.suffix.lower() in IMAGE_SUFFIXES]
            return [path.name for path in sorted(results, key=lambda path: (-_modified(path), path.name))]
        names = {name for base in self.model_folders(folder) for name in _models_below(base, folder)}
        own = sorted(names)
        return own + [name for name in self.bundled_names(folder) if name not in names]

    def model(self, kind: str, name: str) -> Path:
        """The file of a model that `list_files` offers.

        Raises:
            UnsafeNameError: the name points outside the folders.
            FileNotFoundError: there is no such file; the text is a sentence.
        """
        parts = checked_parts(name)
        if not any(part.startswith(".") for part in parts):
            for base in self.model_folders(kind):
                path = base.joinpath(*parts)
                if _is_model(path, kind):
                    return path
            bundled = self.bundled_folder(kind)
            if bundled and name in self.bundled_names(kind):
                return bundled / name
        raise FileNotFoundError(
            errno.ENOENT, f"There is no {name!r} among the {kind}. Put it into {self.model_folders(kind)[0]}"
        )

    def own_file(self, name: str, default: OwnFolder = "input") -> Path:
        """The file that a prompt names below an own folder; ` [output]` at the end of the name chooses another one.

        Raises:
            UnsafeNameError: the name points outside the folder.
            FileNotFoundError: there is no such file; the text is a sentence.
        """
        bare, kind = split_annotation(name, default)
        path = inside(self.folder(kind), bare)
        if not path.is_file():
            raise FileNotFoundError(
                errno.ENOENT, f"There is no {bare!r} in the {kind} folder. Put it into {self.folder(kind)}"
            )
        return path

    def own_folder(self, name: str) -> Path:
        """The folder below the input folder that a prompt names.

        Raises:
            UnsafeNameError: the name points outside.
            FileNotFoundError: there is no such folder; the text is a sentence.
        """
        path = inside(self.folder("input"), name)
        if not path.is_dir():
            raise FileNotFoundError(
                errno.ENOENT, f"There is no folder {name!r} in the input folder. Put it into {self.folder('input')}"
            )
        return path

    def has_file(self, folder: str, name: str) -> bool:
        """Whether a name that `list_files` does not show is there all the same, as `sub/x.png [output]` may be."""
        try:
            return self.named(folder, name).exists()
        except (UnsafeNameError, OSError):  # OSError: also of a name that is too long for the disk
            return False

    def digest(self, folder: str, name: str) -> str:
        """The digest of a file's content, for cache keys; of a folder, that of all that it holds.

        Raises:
            OSError: the name is refused, or there is no such file.
        """
        try:
            return file_digest(self.named(folder, name))
        except UnsafeNameError as error:
            raise PermissionError(errno.EACCES, str(error)) from error

    def named(self, folder: str, name: str) -> Path:
        """The file, or in some lists the folder, that a name of `list_files` means.

        Raises:
            UnsafeNameError: the name points outside.
            FileNotFoundError: there is none; the text is a sentence.
        """
        if folder == INPUT_FOLDERS:
            return self.own_folder(name)
        return self.own_file(name, OWN_LISTS[folder]) if folder in OWN_LISTS else self.model(folder, name)


def split_annotation(name: str, default: OwnFolder) -> tuple[str, OwnFolder]:
    """A name and the folder that its suffix ` [input]`, ` [output]` or ` [temp]` says, else `default`."""
    for kind in OWN_FOLDERS:
        if name.endswith(f"[{kind}]"):
            return name.removesuffix(f"[{kind}]").removesuffix(" "), kind
    return name, default


def _files_at(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file())


def _folders_at(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if not hidden(path.name) and path.is_dir())


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # it was removed meanwhile
        return 0


def _models_below(base: Path, kind: str) -> Iterator[str]:
    """Names of model files below a folder; of the folders that hold a pipeline, for that kind."""
    suffixes = KIND_SUFFIXES.get(kind, MODEL_SUFFIXES)
    for directory, _, files in walk_once(base):
        relative = Path(directory).relative_to(base)
        if kind == PIPELINES:
            if PIPELINE_MARK in files and relative.parts:
                yield relative.as_posix()
            continue
        for file in files:
            if not hidden(file) and Path(file).suffix.lower() in suffixes:
                yield (relative / file).as_posix()


def _is_model(path: Path, kind: str) -> bool:
    if kind == PIPELINES:
        return (path / PIPELINE_MARK).is_file()
    return path.suffix.lower() in KIND_SUFFIXES.get(kind, MODEL_SUFFIXES) and path.is_file()
