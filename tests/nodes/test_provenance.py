"""What saved pictures say of their origin: what took part, and nothing else."""

import hashlib
import json
import threading
from contextlib import closing

import numpy as np
import pytest
import torch
from PIL import Image

from commands.workbench import BUNDLED, EngineSetup, build_engine
from execution.graph import parse_prompt
from folders.content_digests import ContentDigests
from folders.workspace import Workspace
from models.memory import DeviceMemory
from nodes.catalogue import all_nodes
from nodes.provenance import Machine, Provenance, ProvenanceError, pixel_digest

REGISTRY = all_nodes()


@pytest.fixture
def place(tmp_path):
    return Workspace(tmp_path / "w", bundled=BUNDLED)


def run(place, prompt, metadata=True):
    """Run a prompt; the saved files by name."""
    with closing(build_engine(REGISTRY, place, DeviceMemory.choose("cpu"), EngineSetup(metadata=metadata))) as engine:
        result = engine.run_sync(parse_prompt(prompt), prompt=prompt, extra={"extra_pnginfo": {"workflow": {"a": 1}}})
        assert result.error is None, result.error
    return {path.name: path for path in sorted((place.root / "output").iterdir())}


def texts(path):
    with Image.open(path) as picture:
        return dict(picture.text)


def provenance(path):
    return Provenance.from_text(texts(path)["weft"])


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def flat():
    """A workflow without a model."""
    return {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 16, "height": 8, "batch_size": 3, "color": 255}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "flat"}},
    }


def sampled(text="a red circle", linked_seed=False):
    """A workflow whose picture takes one step of the bundled base; the refiner's own picture is beside it."""
    sampler = {"positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0], "steps": 1, "cfg": 1.0}
    sampler |= {"sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    return {
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "weft_base.safetensors"}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 2}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": text, "clip": ["4", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["4", 1]}},
        "11": {"class_type": "PrimitiveInt", "inputs": {"value": 77}},
        "3": {
            "class_type": "KSampler",
            "inputs": {"model": ["4", 0], "seed": ["11", 0] if linked_seed else 5, **sampler},
        },
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "base"}},
        "20": {"class_type": "VAELoader", "inputs": {"vae_name": "weft_refiner.safetensors"}},
        "21": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "22": {"class_type": "VAEDecode", "inputs": {"samples": ["21", 0], "vae": ["20", 0]}},
        "23": {"class_type": "SaveImage", "inputs": {"images": ["22", 0], "filename_prefix": "other"}},
    }


def test_a_picture_names_what_made_it_and_nothing_of_the_rest(place):
    prompt = sampled("a red circle, embedding:weft_embedding and embedding:nothing_of_that_name")
    files = run(place, prompt)
    assert list(files) == ["base_00001_.png", "base_00002_.png", "other_00001_.png"]
    second = provenance(files["base_00002_.png"])
    assert {(one.node, one.folder, one.name): one.sha256 for one in second.files} == {
        ("4", "checkpoints", "weft_base.safetensors"): sha256(BUNDLED / "weft_base.safetensors"),
        ("6", "embeddings", "weft_embedding"): sha256(BUNDLED / "embeddings" / "weft_embedding.safetensors"),
    }
    assert second.seeds == {"3": {"seed": 5}}
    saved = second.saved_by
    assert (saved.node, saved.submitted, saved.type, saved.picture, saved.of) == ("9", "9", "SaveImage", 1, 2)
    assert second.machine == Machine.of(DeviceMemory.choose("cpu"))
    assert (second.machine.torch, second.machine.model) == (torch.__version__, "float32")
    assert len(second.program.source) == 16 and second.program.version
    other = provenance(files["other_00001_.png"])
    assert [one.name for one in other.files] == ["weft_refiner.safetensors"] and other.seeds == {}


def test_the_usual_texts_are_as_they_were(place):
    prompt = flat()
    carried = texts(run(place, prompt)["flat_00001_.png"])
    assert list(carried) == ["prompt", "workflow", "weft"]
    assert json.loads(carried["prompt"]) == prompt and json.loads(carried["workflow"]) == {"a": 1}
    assert "\n" not in carried["weft"] and carried["weft"].isascii()


def test_nothing_is_written_where_no_metadata_is_wanted(place):
    assert texts(run(place, flat(), metadata=False)["flat_00001_.png"]) == {}


def test_no_path_of_the_machine_is_written(place):
    for path in run(place, sampled()).values():
        assert str(place.root) not in texts(path)["weft"] and str(BUNDLED) not in texts(path)["weft"]


def test_a_linked_seed_is_told_as_it_was_used(place):
    files = run(place, sampled(linked_seed=True))
    assert provenance(files["base_00001_.png"]).seeds == {"3": {"seed": 77}}


def test_the_digest_of_the_pixels_is_that_of_the_file(place):
    files = run(place, sampled())
    for path in files.values():
        with Image.open(path) as picture:
            assert provenance(path).pixels == pixel_digest([np.asarray(picture)])
    assert provenance(files["base_00001_.png"]).pixels != provenance(files["base_00002_.png"]).pixels


def test_what_cannot_be_seen_does_not_change_the_digest_and_the_rest_does():
    picture = np.random.default_rng(1).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    opaque = np.dstack([picture, np.full((4, 6), 255, np.uint8)])
    assert pixel_digest([picture]) == pixel_digest([opaque]) == pixel_digest([picture, picture])
    clear, other_clear = opaque.copy(), opaque.copy()
    clear[0, 0], other_clear[0, 0] = (1, 2, 3, 0), (9, 9, 9, 0)
    assert pixel_digest([clear]) == pixel_digest([other_clear]) != pixel_digest([opaque])
    grey = picture[..., :1]
    assert pixel_digest([grey]) == pixel_digest([grey[..., 0]]) == pixel_digest([grey.repeat(3, axis=2)])
    assert pixel_digest([picture]) != pixel_digest([picture[::-1]])
    assert pixel_digest([picture]) != pixel_digest([picture.reshape(6, 4, 3)])
    assert pixel_digest([picture, picture[::-1]]) != pixel_digest([picture[::-1], picture])


def test_an_input_picture_is_named_by_its_content(place):
    (place.root / "input").mkdir(parents=True)
    Image.new("RGB", (8, 8), "red").save(place.root / "input" / "cat.png")
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "cat.png"}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
    }
    (used,) = provenance(run(place, prompt)["x_00001_.png"]).files
    assert (used.folder, used.name) == ("input", "cat.png")
    assert used.sha256 == sha256(place.root / "input" / "cat.png")


def test_texts_of_others_are_refused():
    with pytest.raises(ProvenanceError, match="the format 2"):
        Provenance.from_text('{"format": 2}')
    for text in ("", "null", "7", "[]", "{}", '{"format": 1}', '{"format": 1, "saved_by": 3, "pixels": "x"}'):
        with pytest.raises(ProvenanceError, match="damaged"):
            Provenance.from_text(text)


def test_what_is_written_is_read_again_and_later_fields_are_passed_over(place):
    text = texts(run(place, sampled())["base_00001_.png"])["weft"]
    read = Provenance.from_text(text)
    assert json.loads(read.to_text()) == json.loads(text)
    later = json.loads(text) | {"mood": "fine"}
    later["machine"]["colour"] = "grey"
    assert Provenance.from_text(json.dumps(later)) == read


def test_digests_of_large_files_are_kept_and_follow_the_content(tmp_path, monkeypatch):
    monkeypatch.setattr("folders.content_digests.WHOLE_BELOW", 10)
    notes, model = tmp_path / "notes.jsonl", tmp_path / "model.safetensors"
    model.write_bytes(b"x" * 100)
    first = ContentDigests(notes).of(model)
    assert first == hashlib.sha256(b"x" * 100).hexdigest()
    looked = []
    assert ContentDigests(notes).of(model, lambda: looked.append(1)) == first and not looked
    model.write_bytes(b"y" * 100)
    again = ContentDigests(notes)
    assert again.of(model, lambda: looked.append(1)) == hashlib.sha256(b"y" * 100).hexdigest() and looked
    notes.write_bytes(b'\xff{"path": 1}\n[]\n{"path"\n')
    assert ContentDigests(notes).of(model) == hashlib.sha256(b"y" * 100).hexdigest()


def test_a_large_file_is_read_beside_what_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("folders.content_digests.WHOLE_BELOW", 10)
    (tmp_path / "large").write_bytes(b"x" * 100)
    (tmp_path / "small").write_bytes(b"x")
    digests, read = ContentDigests(), []
    monkeypatch.setattr("folders.content_digests._digest", lambda path, check: read.append(path.name) or "digest")
    digests.begin(tmp_path / "large")
    digests.begin(tmp_path / "small")
    digests.begin(tmp_path / "none")
    digests.close()
    assert digests.of(tmp_path / "large") == "digest" and read == ["large"]


def test_reading_beside_ends_when_nobody_wants_it_any_more(tmp_path, monkeypatch):
    monkeypatch.setattr("folders.content_digests.WHOLE_BELOW", 10)
    (tmp_path / "large").write_bytes(b"x" * 100)
    begun = threading.Event()

    def forever(path, check):
        begun.set()
        while True:
            check()

    monkeypatch.setattr("folders.content_digests._digest", forever)
    digests = ContentDigests()
    digests.begin(tmp_path / "large")
    assert begun.wait(30)
    digests.close()
    assert not [one for one in threading.enumerate() if one.name == "content-digest"]


def test_the_digest_of_a_folder_is_of_the_names_and_contents_in_it(tmp_path):
    digests = ContentDigests()
    (tmp_path / "p" / "unet").mkdir(parents=True)
    (tmp_path / "p" / "unet" / "a.bin").write_bytes(b"1")
    first = digests.of(tmp_path / "p")
    (tmp_path / "p" / "unet" / "a.bin").rename(tmp_path / "p" / "a.bin")
    second = digests.of(tmp_path / "p")
    (tmp_path / "p" / "a.bin").write_bytes(b"22")
    assert len({first, second, digests.of(tmp_path / "p")}) == 3


def test_reading_a_file_can_be_stopped(tmp_path):
    class Stop(Exception):
        pass

    def stop():
        raise Stop

    (tmp_path / "m").write_bytes(b"x")
    with pytest.raises(Stop):
        ContentDigests().of(tmp_path / "m", stop)
    assert ContentDigests().of(tmp_path / "m") == hashlib.sha256(b"x").hexdigest()
