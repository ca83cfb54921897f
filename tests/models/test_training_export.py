"""The written files have the official names, and hold what was trained."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from models.sdxl.config import unet_config_from_shapes, vae_config_from_shapes
from models.sdxl.unet import UNet
from models.sdxl.vae import AutoencoderKL
from models.training.export import write_base, write_file, write_refiner
from models.training.files import replacing
from models.training.official_layout import CLIP_L, UNET
from models.training.official_layout import VAE as VAE_PREFIX
from models.training.text_encoders import TextEncoders
from models.training.text_stage import grammar_tokens
from models.training.unet_stage import BASE, REFINER
from models.training.vae_stage import VAE

KEYS = Path(__file__).parents[2] / "../shared/reference/keys"


def official_text_keys(name: str) -> set[str]:
    path = KEYS / f"{name}.json"
    if not path.exists():
        pytest.skip("the official key tables are not on this machine (../shared/reference/keys)")
    return {key for key in json.loads(path.read_text()) if key.startswith("conditioner.")}


def without_layer(key: str) -> str:
    return re.sub(r"(layers|resblocks)\.\d+\.", r"\1.N.", key)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Both files of untrained networks, and the encoders in them."""
    folder = tmp_path_factory.mktemp("bundled")
    torch.manual_seed(0)
    encoders = TextEncoders(grammar_tokens())
    vae = AutoencoderKL(VAE)
    base = write_base(folder, UNet(BASE), vae, encoders, "not trained")
    refiner = write_refiner(folder, UNet(REFINER), vae, encoders, "not trained")
    return base, refiner, encoders


def shapes(path: Path, prefix: str) -> dict[str, tuple[int, ...]]:
    with safe_open(path, "pt") as file:
        return {
            key.removeprefix(prefix): tuple(file.get_slice(key).get_shape())
            for key in file.keys()  # noqa: SIM118 (not a mapping)
            if key.startswith(prefix)
        }


@pytest.mark.parametrize(("index", "table"), [(0, "sdxl_base"), (1, "sdxl_refiner")])
def test_text_encoders_have_the_official_names(written, index, table):
    ours = {without_layer(key) for key in shapes(written[index], "") if key.startswith("conditioner.")}
    official = {without_layer(key) for key in official_text_keys(table)}
    assert ours == official - {CLIP_L + "embeddings.position_ids"}


@pytest.mark.parametrize(("index", "config"), [(0, BASE), (1, REFINER)])
def test_networks_are_detected_from_the_file_alone(written, index, config):
    with safe_open(written[index], "pt") as file:
        metadata = file.metadata()
    assert unet_config_from_shapes(shapes(written[index], UNET), metadata) == config
    assert vae_config_from_shapes(shapes(written[index], VAE_PREFIX), metadata) == VAE
    assert metadata["weft.bundled"] == ["base", "refiner"][index]
    assert metadata["weft.native_size"] == "128"


def test_both_files_fit_in_40_megabytes(written):
    assert sum(path.stat().st_size for path in written[:2]) <= 40_000_000


def test_token_rows_are_at_their_ids_and_the_rest_is_empty(written):
    base, _, encoders = written
    used = grammar_tokens()
    with safe_open(base, "pt") as file:
        table = file.get_tensor(CLIP_L + "embeddings.token_embedding.weight")
        joined = file.get_tensor("conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight")
        projection = file.get_tensor("conditioner.embedders.1.model.text_projection")
    assert table.shape == (49408, 32)
    short = encoders.clip_l.get_input_embeddings().weight
    assert torch.equal(table[used], short[1:].half())
    table[used] = 0
    assert not table.any()
    layer = encoders.clip_g.state_dict()
    key = next(name for name in layer if name.endswith("encoder.layers.0.self_attn.k_proj.weight"))
    assert torch.equal(joined[48:96], layer[key].half())
    assert torch.equal(projection, encoders.projection.weight.T.half())


def test_what_float16_cannot_hold_is_refused_and_nothing_is_written(tmp_path):
    path = tmp_path / "bad.safetensors"
    with pytest.raises(ValueError, match=r"out\.weight"):
        write_file(path, {"out.weight": torch.tensor([1e6])}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("power cut")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
