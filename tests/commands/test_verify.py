"""`main.py verify`: pictures that are what their workflow makes, and all the ways in which they are not."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin

from commands import rerun
from commands.comparing import difference
from commands.verdicts import TOLERANCE, Verdict, exit_code, judged
from nodes.provenance import Provenance

ROOT = Path(__file__).resolve().parents[2]
LORA = ROOT / "models" / "bundled" / "loras" / "weft_lora.safetensors"


@pytest.fixture(scope="module")
def sampled():
    """A workflow on the bundled checkpoint: two small pictures after two steps, with a LoRA of the user's own."""
    return {
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "weft_base.safetensors"}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 2}},
        "10": {
            "class_type": "LoraLoader",
            "inputs": {
                "model": ["4", 0], "clip": ["4", 1], "lora_name": "mine.safetensors",
                "strength_model": 1.0, "strength_clip": 1.0,
            },
        },
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red circle", "clip": ["10", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["10", 1]}},
        "3": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["10", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0], "seed": 42,
                "steps": 2, "cfg": 4.0, "sampler_name": "euler_ancestral", "scheduler": "normal", "denoise": 1.0,
            },
        },
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "shape"}},
    }  # fmt: skip


@pytest.fixture
def made(weft, written, sampled):
    """The two pictures of that workflow, saved by `main.py run`."""
    loras = weft.workspace / "models" / "loras"
    loras.mkdir(parents=True)
    shutil.copy(LORA, loras / "mine.safetensors")
    done = weft("run", written(sampled), "--device", "cpu")
    assert done.code == 0, done.err
    return [Path(line) for line in done.lines]


def texts(path):
    with Image.open(path) as picture:
        return dict(picture.text)


def resaved(path, target, change=lambda pixels: pixels, **carried):
    """The picture as another program writes it: with these texts and, if asked for, other pixels."""
    with Image.open(path) as picture:
        pixels = change(np.asarray(picture).copy())
    info = PngImagePlugin.PngInfo()
    for name, text in (texts(path) | carried).items():
        if text is not None:
            info.add_text(name, text)
    Image.fromarray(pixels).save(target, pnginfo=info)
    return target


def files_below(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def verdicts(done):
    return [line for line in map(json.loads, done.lines) if line["type"] == "verdict"]


def test_untouched_pictures_of_a_batch_are_exact_and_nothing_of_the_users_changes(weft, made):
    before = files_below(weft.workspace)
    done = weft("verify", *made, "--device", "cpu")
    assert (done.code, len(done.lines)) == (0, 2), done.err
    assert all(f"{path}: exact: " in line for path, line in zip(made, done.lines, strict=True))
    assert files_below(weft.workspace) == before
    second = weft("verify", made[1], "--device", "cpu", "--json")
    (verdict,) = verdicts(second)
    assert (second.code, second.err, verdict["verdict"]) == (0, "", "exact")
    assert (verdict["file"], verdict["files"]) == (str(made[1]), [])
    assert verdict["difference"] == {"largest": 0, "mean": 0.0, "psnr": None}
    assert any(line["type"] == "progress" for line in map(json.loads, second.lines))


def test_an_edited_picture_is_told_and_what_its_workflow_makes_too(weft, made, tmp_path):
    def paint(pixels):
        pixels[3:9, 3:9] = 255 - pixels[3:9, 3:9]
        return pixels

    done = weft("verify", resaved(made[0], tmp_path / "e.png", paint), "--device", "cpu")
    assert done.code == 1
    assert "changed after saving" in done.out and "still makes the picture as it was saved, bit for bit" in done.out
    enlarged = resaved(made[0], tmp_path / "l.png", lambda pixels: pixels.repeat(2, axis=0))
    assert "changed after saving" in weft("verify", enlarged, "--device", "cpu").out


def test_packing_a_picture_tighter_changes_nothing(weft, made, tmp_path):
    opaque = resaved(made[0], tmp_path / "t.png", lambda pixels: np.dstack([pixels, np.full_like(pixels[..., 0], 255)]))
    assert weft("verify", opaque, "--device", "cpu").code == 0


def test_another_file_under_the_name_of_a_model_is_told_with_its_digest(weft, made):
    lora = weft.workspace / "models" / "loras" / "mine.safetensors"
    content = bytearray(lora.read_bytes())
    content[-1] ^= 1
    lora.write_bytes(content)
    done = weft("verify", made[0], "--device", "cpu", "--json")
    (verdict,) = verdicts(done)
    assert (done.code, verdict["verdict"]) == (2, "other_files")
    (file,) = verdict["files"]
    assert (file["folder"], file["name"]) == ("loras", "mine.safetensors") and file["then"] != file["now"] is not None
    assert file["then"] in verdict["message"] and "another file than then" in verdict["message"]
    assert not any(json.loads(line)["type"] == "started" for line in done.lines)


def test_a_missing_model_is_told_and_no_other_stands_in_for_it(weft, made):
    (weft.workspace / "models" / "loras" / "mine.safetensors").unlink()
    done = weft("verify", made[0], "--device", "cpu")
    assert done.code == 2
    assert "loras/mine.safetensors" in done.out and "is not here" in done.out


def test_a_picture_of_another_seed_is_not_reproduced(weft, made, tmp_path):
    other = json.loads(texts(made[0])["prompt"])
    other["3"]["inputs"]["seed"] = 43
    done = weft("verify", resaved(made[0], tmp_path / "o.png", prompt=json.dumps(other)), "--device", "cpu")
    assert done.code == 1
    assert "not reproduced: the largest difference is" in done.out


def test_another_machine_and_version_are_named_as_reasons(weft, made, tmp_path):
    carried = json.loads(texts(made[0])["weft"])
    carried["machine"] |= {"device": "cuda", "name": "Some Card", "model": "float16"}
    carried["program"] |= {"version": "0.0.9", "source": "0" * 16}
    other = json.loads(texts(made[0])["prompt"])
    other["3"]["inputs"]["cfg"] = 4.5
    changed = resaved(made[0], tmp_path / "o.png", prompt=json.dumps(other), weft=json.dumps(carried))
    done = weft("verify", changed, "--device", "cpu")
    assert done.code in (0, 1) and "exact" not in done.out
    assert (
        "cuda (Some Card) in float16/float32" in done.out and "made by Weft 0.0.9 (source 0000000000000000" in done.out
    )


def test_the_formats_of_a_picture_are_used_again(weft, written, sampled, made):
    half = weft("run", written(sampled), "--device", "cpu", "--dtype", "bf16").lines[0]
    assert weft("verify", half, "--device", "cpu").code == 0
    assert "exact" in weft("verify", half, "--device", "cpu").out
    full = weft("verify", half, "--device", "cpu", "--dtype", "fp32")
    assert "exact" not in full.out and "bfloat16" in full.out


def test_as_many_threads_compute_as_then(weft, made, tmp_path, monkeypatch):
    monkeypatch.setattr(rerun, "MOST_THREADS", 3)
    carried = json.loads(texts(made[0])["weft"])
    carried["machine"]["threads"] = 3
    own = torch.get_num_threads()
    seen = []
    monkeypatch.setattr(rerun, "validate", lambda *given, **more: seen.append(torch.get_num_threads()) or 1 / 0)
    weft("verify", resaved(made[0], tmp_path / "t.png", weft=json.dumps(carried)), "--device", "cpu")
    assert (seen, torch.get_num_threads()) == ([3], own)


def test_without_a_provenance_there_is_nothing_to_verify(weft, made, tmp_path):
    stripped = resaved(made[0], tmp_path / "s.png", weft=None, prompt=None, workflow=None)
    theirs = resaved(made[0], tmp_path / "c.png", weft=None)
    done = weft("verify", stripped, theirs, "--device", "cpu")
    assert (done.code, done.out.count("no provenance: ")) == (2, 2)
    alone = resaved(made[0], tmp_path / "a.png", prompt=None, workflow=None)
    assert "cannot be run again" in weft("verify", alone, "--device", "cpu").out


DAMAGE = {
    "no json": "x",
    "no object": "[1]",
    "another type": '{"format": 1, "saved_by": {"node": 9}, "pixels": ""}',
    "a later format": '{"format": 99}',
    "deep": "[" * 100_000,
    "files of nobody": '{"format": 1, "pixels": "", "saved_by": {"node": "9", "submitted": "9", "type": "SaveImage", '
    '"picture": 0, "of": 1}, "files": [{"node": "1", "folder": 2, "name": "x"}]}',
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_provenance_is_refused_with_a_sentence(weft, made, tmp_path, name):
    done = weft("verify", resaved(made[0], tmp_path / "d.png", weft=DAMAGE[name]), "--device", "cpu")
    assert done.code == 2 and "no provenance that can be read" in done.out and "Traceback" not in done.err


def test_names_that_lead_out_of_the_folders_are_not_followed(weft, made, tmp_path):
    carried = json.loads(texts(made[0])["weft"])
    (tmp_path / "secret.safetensors").write_bytes(b"x")
    names = ["../../../secret.safetensors", str(tmp_path / "secret.safetensors")]
    carried["files"] = [{"node": "4", "folder": "checkpoints", "name": name, "sha256": None} for name in names]
    carried["files"].append({"node": "4", "folder": "../x", "name": "y", "sha256": None})
    done = weft("verify", resaved(made[0], tmp_path / "d.png", weft=json.dumps(carried)), "--device", "cpu", "--json")
    assert [file["now"] for file in verdicts(done)[0]["files"]] == [None] * 3


def test_files_that_are_no_pictures_and_none_at_all(weft, written, tmp_path):
    done = weft("verify", written(b"text", "x.png"), tmp_path / "none.png", tmp_path)
    assert (done.code, done.out.count("cannot be read: ")) == (2, 3)


def test_other_parts_of_the_workflow_do_not_matter(weft, written, small_prompt, tmp_path):
    (path, _) = weft("run", written(small_prompt)).lines
    carried = json.loads(texts(path)["prompt"])
    carried["50"] = {"class_type": "NodeOfAPack", "inputs": {}}
    carried["51"] = {"class_type": "SaveImage", "inputs": {"images": ["50", 0], "filename_prefix": "more"}}
    assert weft("verify", resaved(path, tmp_path / "p.png", prompt=json.dumps(carried))).code == 0
    carried["2"]["class_type"] = "NodeOfAPack"
    done = weft("verify", resaved(path, tmp_path / "q.png", prompt=json.dumps(carried)))
    assert done.code == 2 and "cannot be run again" in done.out and "NodeOfAPack" in done.out
    del carried["3"]
    assert "has no node 3" in weft("verify", resaved(path, tmp_path / "r.png", prompt=json.dumps(carried))).out


def test_a_node_that_is_called_for_each_of_a_list(weft, written):
    prompt = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 16, "height": 16, "batch_size": 1, "color": 255}},
        "2": {"class_type": "EmptyImage", "inputs": {"width": 16, "height": 16, "batch_size": 2, "color": 9}},
        "3": {"class_type": "ImageBatch", "inputs": {"image1": ["1", 0], "image2": ["2", 0]}},
        "4": {"class_type": "RebatchImages", "inputs": {"images": ["3", 0], "batch_size": 2}},
        "5": {"class_type": "SaveImage", "inputs": {"images": ["4", 0], "filename_prefix": "list"}},
    }
    lines = weft("run", written(prompt)).lines
    places = [(one.saved_by.picture, one.saved_by.of) for one in map(provenance, lines)]
    assert places == [(0, 2), (1, 2), (0, 1)]
    assert weft("verify", *lines).code == 0


def provenance(path):
    return Provenance.from_text(texts(path)["weft"])


def test_input_pictures_are_checked_by_what_is_in_them(weft, written):
    folder = weft.workspace / "input"
    folder.mkdir(parents=True)
    Image.new("RGB", (16, 16), "red").save(folder / "cat.png")
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "cat.png"}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "copy"}},
    }
    (path,) = weft("run", written(prompt)).lines
    assert weft("verify", path).code == 0
    Image.new("RGB", (16, 16), "blue").save(folder / "cat.png")
    done = weft("verify", path)
    assert done.code == 2 and "input/cat.png is another file than then" in done.out


def test_a_picture_that_was_saved_with_a_watermark(weft, written):
    size = {"width": 256, "height": 256, "batch_size": 1, "color": 0x4080C0}
    prompt = {
        "1": {"class_type": "EmptyImage", "inputs": size},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "m", "watermark": "sdxl"}},
    }
    (path,) = weft("run", written(prompt)).lines
    assert len(np.unique(np.asarray(Image.open(path)).reshape(-1, 3), axis=0)) > 1
    assert weft("verify", path).code == 0


def test_a_webp_that_carries_the_texts_is_verified_as_well(weft, made, tmp_path):
    exif = Image.Exif()
    for tag, (name, text) in zip((0x0110, 0x010F, 0x010E), texts(made[0]).items(), strict=False):
        exif[tag] = f"{name}:{text}"
    with Image.open(made[0]) as picture:
        picture.save(tmp_path / "kept.webp", lossless=True, exif=exif)
        picture.save(tmp_path / "packed.webp", quality=50, exif=exif)
    done = weft("verify", tmp_path / "kept.webp", tmp_path / "packed.webp", "--device", "cpu")
    assert done.code == 1
    assert ": exact: " in done.lines[0] and ": changed after saving: " in done.lines[1]


@pytest.mark.parametrize("lossless", [True, False])
def test_moving_pictures_are_verified_as_well(weft, written, tmp_path, lossless):
    flat = {"class_type": "EmptyImage", "inputs": {"width": 256, "height": 256, "batch_size": 2, "color": 0x4080C0}}
    other = {"class_type": "EmptyImage", "inputs": {"width": 256, "height": 256, "batch_size": 1, "color": 0xFF0000}}
    saved = {"images": ["3", 0], "filename_prefix": "a", "fps": 6.0, "watermark": "sdxl"}
    webp = {**saved, "lossless": lossless, "quality": 70, "method": "fastest"}
    prompt = {
        "1": flat,
        "2": other,
        "3": {"class_type": "ImageBatch", "inputs": {"image1": ["1", 0], "image2": ["2", 0]}},
        "4": {"class_type": "SaveAnimatedWEBP", "inputs": webp},
        "5": {"class_type": "SaveAnimatedPNG", "inputs": {**saved, "compress_level": 4}},
    }
    paths = weft("run", written(prompt)).lines
    assert {Path(path).suffix for path in paths} == {".png", ".webp"}
    done = weft("verify", *paths)
    assert (done.code, done.out.count(": exact: ")) == (0, 2), done.out


def test_a_device_that_is_not_there_is_refused(weft, made):
    done = weft("verify", made[0], "--device", "cuda:99")
    assert done.code == 2 and "Error:" in done.err


@pytest.fixture
def ramp():
    return [np.arange(4 * 4 * 4, dtype=np.uint8).reshape(4, 4, 4)]


def test_differences_are_measured(ramp):
    same = difference(ramp, ramp)
    assert (same.largest, same.mean, same.psnr) == (0, 0.0, float("inf"))
    other = [ramp[0].copy()]
    other[0][0, 0, 1] += 16
    apart = difference(ramp, other)
    assert (apart.largest, apart.mean) == (16, 16 / 64)
    assert apart.psnr == pytest.approx(10 * np.log10(255**2 / (256 / 48)))
    assert difference(ramp, [ramp[0][:2]]) is None and difference(ramp, ramp * 2) is None


def test_small_differences_are_within_tolerance_and_reasons_are_told(ramp):
    near = [ramp[0] + np.uint8(1)]
    verdict = judged(difference(ramp, near), False, False, ["It was made elsewhere."])
    assert verdict.kind == "within_tolerance" and verdict.code == 0
    assert "1 of 255" in verdict.sentence and verdict.sentence.endswith("It was made elsewhere.")
    far = judged(difference(ramp, [ramp[0] + np.uint8(2)]), False, False, [])
    assert far.difference.psnr < TOLERANCE and (far.kind, far.code) == ("differs", 1)


def test_the_exit_code_of_several_pictures():
    kinds = {"exact": 0, "within_tolerance": 0, "differs": 1, "edited": 1, "other_files": 2, "unreadable": 2}
    for kind, code in kinds.items():
        assert exit_code([Verdict("exact", ""), Verdict(kind, "")]) == code
    assert exit_code([Verdict("no_provenance", ""), Verdict("differs", "")]) == 1
