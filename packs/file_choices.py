"""Recognising combos of files, so that the server lists the files afresh instead of keeping the list of one moment.

`folder_paths.get_filename_list` gives a list that remembers its folder, but packs sort, copy and filter it. So a combo
whose end is just what a folder listed while the class was asked counts as that folder's, too, and so does a combo with
an upload button whose choices are files of the input folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath
from types import MappingProxyType

from execution.schema import InputSpec, NodeSpec
from folders.workspace import INPUT_KINDS

UPLOADS: Mapping[str, str] = MappingProxyType(
    {
        "image_upload": "input",
        "animated_image_upload": "input",
        "audio_upload": "input/audio",
        "video_upload": "input/video",
    }
)
"""Option that gives a combo an upload button -> which of the input folder's files it offers."""


def with_files(spec: NodeSpec, listed: Mapping[str, list[str]]) -> NodeSpec:
    """A node with its combos of files declared as such; `listed`: what folders its class has had listed."""
    known = {one.files for one in spec.inputs}
    others = {folder: names for folder, names in listed.items() if folder not in known}
    inputs = tuple(_recognised(one, listed, others) for one in spec.inputs)
    return spec if inputs == spec.inputs else replace(spec, inputs=inputs)


def _recognised(spec: InputSpec, listed: Mapping[str, list[str]], others: Mapping[str, list[str]]) -> InputSpec:
    if not spec.is_combo or spec.files is not None:
        return spec
    choices = spec.choices or ()
    for folder, names in listed.items():
        first = len(choices) - len(names)
        if names and first >= 0 and sorted(map(str, choices[first:])) == sorted(names):
            return replace(spec, choices=choices[:first] or None, files=folder)
    if not choices and len(others) == 1:  # an empty folder: which, shows by what nothing else accounts for
        return replace(spec, choices=None, files=next(iter(others)))
    kind = next((kind for option, kind in UPLOADS.items() if spec.options.get(option)), None)
    return spec if kind is None else _uploaded(spec, kind)


def _uploaded(spec: InputSpec, kind: str) -> InputSpec:
    """A combo of files in the input folder; what else it offers is kept before them."""
    suffixes = INPUT_KINDS[kind]
    others = tuple(one for one in spec.choices or () if PurePath(str(one)).suffix.lower() not in suffixes)
    return replace(spec, choices=others or None, files=kind)
