"""Damaged and malicious files: each gives one sentence that names the file, and nothing of it is run or trusted."""

import io
import json
import os
import pickle
import random
import struct
import zipfile

import pytest
import torch

from models.adapters.embeddings import EmbeddingFolders
from models.checkpoint import CheckpointError, load_checkpoint, load_clip, load_unet, load_vae
from models.memory import DeviceMemory


@pytest.fixture
def memory():
    return DeviceMemory.choose("cpu")


def tensor(begin=0, end=4, shape=(1,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def safetensors(header, data=b"", length=None):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


class Bomb:
    """Unpickling this would make a file."""

    def __reduce__(self):
        return os.system, ("touch exploded",)


def compressed_archive():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(10_000_000))
    return stream.getvalue()


def saved(value, **settings):
    stream = io.BytesIO()
    torch.save(value, stream, **settings)
    return stream.getvalue()


FILES = {
    "empty": (b"", "is empty"),
    "four bytes": (b"abcd", "has only 4 bytes"),
    "header beyond the file": (safetensors({}, length=10**6), "claims 1000000 bytes"),
    "header of 16 exabytes": (safetensors({}, length=2**64 - 1), "claims 18446744073709551615 bytes"),
    "not JSON": (safetensors(b"hello there"), "not a JSON object"),
    "a list": (safetensors([1]), "not a JSON object"),
    "not text": (safetensors(b"\xff\xfe\xfd"), "not a JSON object"),
    "deep JSON": (safetensors(b"[" * 100_000), "not a JSON object"),
    "duplicate": (safetensors(b'{"a": 1, "a": 2}'), "names 'a' twice"),
    "duplicate inside": (safetensors(b'{"a": {"dtype": "F32", "dtype": "F16"}}'), "names 'dtype' twice"),
    "overlap": (safetensors({"a": tensor(0, 4), "b": tensor(2, 6)}, bytes(8)), "a and b overlap"),
    "the same place": (safetensors({"a": tensor(0, 4), "b": tensor(0, 4)}, bytes(4)), "overlap"),
    "gap": (safetensors({"a": tensor(0, 4), "b": tensor(8, 12)}, bytes(12)), "leave a gap"),
    "first byte unused": (safetensors({"a": tensor(4, 8)}, bytes(8)), "leave a gap"),
    "backwards": (safetensors({"a": tensor(4, 0)}, bytes(4)), "impossible offsets"),
    "negative offset": (safetensors({"a": tensor(-4, 0)}, bytes(4)), "impossible offsets"),
    "truth for a number": (safetensors({"a": tensor(False, 4)}, bytes(4)), "impossible offsets"),
    "wrong size": (safetensors({"a": tensor(0, 8)}, bytes(8)), "has 8 bytes where its shape"),
    "negative shape": (safetensors({"a": tensor(0, 4, (-1, -1))}, bytes(4)), "impossible shape"),
    "fractional shape": (safetensors({"a": tensor(0, 4, (1.0,))}, bytes(4)), "impossible shape"),
    "astronomic shape": (safetensors({"a": tensor(0, 4, (2**62, 2**62))}, bytes(4)), "has 4 bytes where its shape"),
    "many dimensions": (safetensors({"a": tensor(0, 4, (1,) * 100)}, bytes(4)), "impossible shape"),
    "unknown type": (safetensors({"a": tensor(dtype="F3")}, bytes(4)), "'F3', which cannot be read"),
    "no offsets": (safetensors({"a": {"dtype": "F32", "shape": [1]}}, bytes(4)), "not described by"),
    "number for a tensor": (safetensors({"a": 1}), "not described by"),
    "cut off": (safetensors({"a": tensor(0, 4000, (1000,))}, bytes(1000)), "3,000 of its bytes are missing"),
    "too long": (safetensors({"a": tensor()}, bytes(100)), "96 bytes after its last tensor"),
    "metadata of numbers": (safetensors({"__metadata__": {"a": 1}, "a": tensor()}, bytes(4)), "not texts"),
    "no tensors": (safetensors({}), "is no "),
    "git-lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 6938041000\n", "git lfs pull"),
    "web page": (b"<!DOCTYPE html><html><body>Not found</body></html>", "web page"),
    "GGUF": (b"GGUF\x03\x00\x00\x00", "GGUF"),
    "code": (pickle.dumps({"state_dict": Bomb()}), "does not run it"),
    "code from torch": (saved({"state_dict": Bomb()}), "does not run it"),
    "code from old torch": (saved(Bomb(), _use_new_zipfile_serialization=False), "does not run it"),
    "cut pickle": (saved({"a": torch.zeros(100)}, _use_new_zipfile_serialization=False)[:200], "damaged"),
    "cut archive": (saved({"a": torch.zeros(100)})[:-50], "damaged"),
    "archive bomb": (compressed_archive(), "is compressed"),
    "archive of nothing": (b"PK\x05\x06" + bytes(18), "is no whole safetensors file"),
    "pickle of words": (saved({"a": "b"}), "no tensors by name"),
    "pickle of a list": (saved([1, 2]), "no tensors by name"),
    "expanded tensor": (saved({"a": torch.zeros(1).expand(10**6, 10**6)}), "claims more values"),
}


@pytest.mark.parametrize("name", FILES)
def test_every_loader_refuses_with_a_sentence(tmp_path, monkeypatch, memory, name):
    content, reason = FILES[name]
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    for load in (load_checkpoint, load_unet, load_vae, lambda path, memory: load_clip([path], memory)):
        with pytest.raises(CheckpointError) as caught:
            load(path, memory)
        sentence = str(caught.value)
        assert "model.bin" in sentence
        assert reason in sentence
        assert sentence.endswith(".")
        assert len(sentence) < 600
    assert not (tmp_path / "exploded").exists()


SHAPES = {
    "input_blocks.0.0.weight": (32, 4, 3, 3),
    "input_blocks.1.0.out_layers.3.weight": (32, 32, 3, 3),
    "input_blocks.1.1.transformer_blocks.0.norm1.weight": (32,),
    "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (32, 64),
    "input_blocks.1.1.proj_in.weight": (32, 32),
    "out.2.weight": (4, 32, 3, 3),
}


def good_files():
    shapes = {name: torch.zeros(shape) for name, shape in SHAPES.items()}
    yield "safetensors", safetensors({"x": tensor(0, 16, (2, 2)), "y": tensor(16, 24, (6,), "U8")}, bytes(22))
    yield "archive", saved(shapes)
    yield "old pickle", saved(shapes, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize("seed", range(60))
def test_random_damage_is_told_in_a_sentence(tmp_path, memory, seed):
    chance = random.Random(seed)
    for kind, content in good_files():
        damaged = bytearray(content)
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(min(len(damaged), 600))] = chance.randrange(256)
        if chance.random() < 0.3:
            damaged = damaged[: chance.randrange(len(damaged))]
        path = tmp_path / f"{kind}.bin"
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match=kind):  # none of them is a whole model even when undamaged
            load_checkpoint(path, memory)


def test_a_missing_file_and_a_folder_that_holds_no_model(tmp_path, memory):
    with pytest.raises(CheckpointError, match=r"gone.safetensors does not exist"):
        load_checkpoint(tmp_path / "gone.safetensors", memory)
    (tmp_path / "folder").mkdir()
    with pytest.raises(CheckpointError, match="folder without unet/ or vae/"):
        load_checkpoint(tmp_path / "folder", memory)
    (tmp_path / "folder/unet").mkdir()
    with pytest.raises(CheckpointError, match="folder/unet holds no weights"):
        load_checkpoint(tmp_path / "folder", memory)


def test_an_index_that_points_outside_its_folder(tmp_path, memory):
    (tmp_path / "unet").mkdir()
    index = tmp_path / "unet/model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "../../secret.safetensors"}}))
    with pytest.raises(CheckpointError, match="parts outside its own folder"):
        load_checkpoint(tmp_path, memory)
    for content in ("[]", "{", '{"weight_map": 1}', '{"weight_map": {"a": 1}}'):
        index.write_text(content)
        with pytest.raises(CheckpointError, match=r"model.safetensors.index.json"):
            load_checkpoint(tmp_path, memory)


def test_settings_that_are_no_settings(tmp_path, memory):
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet/model.safetensors").write_bytes(safetensors({"a": tensor()}, bytes(4)))
    for content in ("[" * 100_000, "{"):
        (tmp_path / "unet/config.json").write_text(content)
        with pytest.raises(CheckpointError, match=r"unet/config.json is not JSON"):
            load_checkpoint(tmp_path, memory)


def unet_file(path, shapes, metadata=None):
    header, position = {"__metadata__": metadata or {}}, 0
    for name, shape in shapes.items():
        size = 2 * torch.Size(shape).numel()
        header[f"model.diffusion_model.{name}"] = tensor(position, position + size, shape, "F16")
        position += size
    path.write_bytes(safetensors(header, bytes(position)))


@pytest.mark.parametrize(
    ("change", "metadata"),
    [
        ({}, {}),
        ({"input_blocks.0.0.weight": (0, 4, 3, 3)}, {}),
        ({"input_blocks.0.0.weight": (7,)}, {}),
        ({"input_blocks.0.0.weight": ()}, {}),
        ({"out.2.weight": ()}, {}),
        ({"input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (5,)}, {}),
        ({"label_emb.0.0.weight": (5,)}, {}),
        ({}, {"weft.unet.head_channels": "-1"}),
        ({}, {"weft.unet.head_channels": "9" * 5000}),
        ({}, {"weft.unet.norm_groups": "7"}),
    ],
)
def test_shapes_that_make_no_network(tmp_path, memory, change, metadata):
    path = tmp_path / "strange.safetensors"
    unet_file(path, {**SHAPES, **change}, metadata)
    with pytest.raises(CheckpointError, match=r"strange.safetensors"):
        load_checkpoint(path, memory)


def test_embeddings_stay_inside_their_folders(tmp_path):
    folder = tmp_path / "embeddings"
    folder.mkdir()
    torch.save({"x": torch.zeros(1, 4)}, tmp_path / "secret.pt")
    folders = EmbeddingFolders((folder,))
    for name in (
        "../secret",
        "../secret.pt",
        str(tmp_path / "secret.pt"),
        "..\\secret",
        "",
        ".",
        "x\0y",
        "a/../../secret",
    ):
        assert folders.vectors(name, "l", 4) is None, name


def test_an_embedding_that_carries_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nice.pt").write_bytes(pickle.dumps({"string_to_param": Bomb()}))
    with pytest.raises(CheckpointError, match=r"nice.pt"):
        EmbeddingFolders((tmp_path,)).vectors("nice", "l", 4)
    assert not (tmp_path / "exploded").exists()
