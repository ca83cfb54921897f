"""Whole prompts on the full-size checkpoint of seeded random weights, through the engine, against the peer's results.

Needs `make_checkpoint.py`'s file, about 16 GB of memory and a quarter of an hour on two cores:
`WEFT_FULL_SIZE_CHECKPOINT=... python -m pytest -m slow tests/parity/test_full_size.py`
"""

import json
import os
import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from commands.workbench import build_engine, choose_device, node_types, open_workspace
from execution.graph import parse_prompt
from execution.validate import validate

GOLDEN = Path(__file__).parents[3] / "shared/reference/golden"
CHECKPOINT = os.environ.get("WEFT_FULL_SIZE_CHECKPOINT")
if not GOLDEN.is_dir():
    pytest.skip("the reference data (../shared/reference) is not on this machine", allow_module_level=True)
if not CHECKPOINT:
    pytest.skip("WEFT_FULL_SIZE_CHECKPOINT does not name the seeded full-size checkpoint", allow_module_level=True)

pytestmark = pytest.mark.slow

CASES = sorted(path.stem for path in (GOLDEN / "prompts").glob("*.json"))
LATENTS = [(case, path) for case in CASES for path in sorted((GOLDEN / case).glob("*.latent"))]
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    root = tmp_path_factory.mktemp("workspace")
    checkpoints = root / "models" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "sdxl_random_fp16.safetensors").symlink_to(Path(CHECKPOINT).resolve())
    shutil.copytree(GOLDEN / "inputs", root / "input")
    return open_workspace(root, [])


@pytest.fixture(scope="module")
def engine(workspace):
    with closing(build_engine(node_types(), workspace, choose_device("cpu", "fp32"))) as engine:
        yield engine


@pytest.fixture(scope="module")
def outputs(engine, workspace):
    """case -> the folder where its prompt saved its files; each prompt runs once."""
    catalogue = engine.registry.catalogue()
    done = {}

    def run(case):
        if case not in done:
            prompt = json.loads((GOLDEN / "prompts" / f"{case}.json").read_text())
            judged = validate(parse_prompt(prompt), catalogue, workspace.list_files)
            assert judged.sentences == []
            done[case] = engine.run_sync(judged.graph, judged.good_outputs)
        assert done[case].status == "success", str(done[case].error)
        return workspace.folder("output") / "golden"

    return run


def only(folder, name):
    """The one file that was saved with the prefix and suffix of `name`, whatever number it got."""
    prefix, suffix = name.split(".")
    (path,) = folder.glob(f"{prefix}_[0-9][0-9][0-9][0-9][0-9]_.{suffix}")
    return path


def test_every_case_has_latents():
    assert {case for case, _ in LATENTS} == set(CASES)


@pytest.mark.parametrize(("case", "golden"), LATENTS, ids=[path.stem for _, path in LATENTS])
def test_latents(outputs, case, golden):
    prefix = golden.stem.split("_", 1)[1]  # the golden file's name is "<node id>_<prefix>"
    ours = load_file(only(outputs(case), f"{prefix}.latent"))["latent_tensor"]
    expected = load_file(golden)["latent_tensor"]
    error = ((ours - expected).norm() / expected.norm()).item()
    assert error < TOLERANCE, f"relative L2 distance {error:.2e}"


def test_the_decoded_picture(outputs):
    saved = only(outputs("t2i_euler"), "t2i_euler.png")
    ours = np.asarray(Image.open(saved).convert("RGB")).astype(int)
    expected = load_file(GOLDEN / "t2i_euler" / "image.safetensors")
    levels = (expected["image"][0].float() * 255).int().numpy()
    worst = int(np.abs(ours - levels).max())
    assert worst <= 1  # of 255: the golden picture was kept as float16
