"""Files of every layout: official key tables, folders that diffusers writes, and what the networks then compute."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from models.checkpoint import load_checkpoint, load_clip, load_unet, load_vae
from models.checkpoints.assemble import build_text, build_unet, build_vae
from models.checkpoints.diffusers_keys import inverse, rename, unet_table, vae_table
from models.checkpoints.layout import _file_texts, find_unet, find_vae
from models.checkpoints.weights import Weights
from models.memory import DeviceMemory
from models.sdxl.config import SDXL_BASE, SDXL_REFINER, SDXL_VAE
from models.sdxl.text_encoder import hide_broken_torchvision
from models.vae_codec import decode_latent, encode_image
from tests.models.small_models import G_WIDTH, L_WIDTH, PROJECTION, randomise, relative, text_model

REFERENCE = Path(__file__).parents[2] / "../shared/reference"
FULL_SIZE = os.environ.get("WEFT_FULL_SIZE_CHECKPOINT")

needs_reference = pytest.mark.skipif(not REFERENCE.exists(), reason="the reference data (../shared) are absent")
needs_full_size = pytest.mark.skipif(
    not (FULL_SIZE and REFERENCE.exists()),
    reason="WEFT_FULL_SIZE_CHECKPOINT does not name the seeded SDXL checkpoint, or ../shared is absent",
)


@pytest.fixture
def memory():
    return DeviceMemory.choose("cpu")


def table_as_weights(name):
    """A key table as if it were a file, with tensors on the meta device; and the names of those that were read."""
    shapes = {
        key: tuple(shape) for key, (shape, _) in json.loads((REFERENCE / f"keys/{name}.json").read_text()).items()
    }
    read = set()

    def tensor(key):
        read.add(key)
        return torch.empty(shapes[key], device="meta", dtype=torch.float16)

    return Weights(Path(f"{name}.safetensors"), shapes, {}, tensor), read


@needs_reference
@pytest.mark.parametrize(("name", "config"), [("sdxl_base", SDXL_BASE), ("sdxl_refiner", SDXL_REFINER)])
def test_every_official_key_has_its_place(name, config):
    weights, read = table_as_weights(name)
    unet = build_unet(find_unet(weights), {}, torch.float16)
    vae = build_vae(find_vae(weights), {}, torch.float16)
    texts = [build_text(part, torch.float16) for part in _file_texts(weights)]
    assert unet.config == config
    assert vae.config == SDXL_VAE
    assert [text.role.name for text in texts] == (["l", "g"] if name == "sdxl_base" else ["g"])
    assert [text.config.heads for text in texts] == ([12, 20] if name == "sdxl_base" else [20])
    assert [text.config.layers for text in texts] == ([12, 32] if name == "sdxl_base" else [32])
    unread = {key for key in weights.shapes if key not in read}
    assert {key.rpartition(".")[2] for key in unread} <= {"logit_scale", "position_ids"}


@needs_reference
def test_the_official_vae_file_has_a_place_for_every_key():
    weights, read = table_as_weights("sdxl_vae")
    assert build_vae(find_vae(weights), {}, torch.float16).config == SDXL_VAE
    assert read == set(weights.shapes)


@needs_reference
def test_tables_lead_there_and_back():
    weights, _ = table_as_weights("sdxl_base")
    for found, table in (
        (find_unet(weights), unet_table(3, 2, [1, 2])),
        (find_vae(weights), vae_table(4, 2)),
        (find_vae(weights), vae_table(4, 2, old=True)),
    ):
        there = rename(table, found.shapes)
        assert set(there.values()) == set(found.shapes)
        back = rename(inverse(table), there)
        assert {name: there[other] for name, other in back.items()} == {name: name for name in found.shapes}


def diffusers_unet(**settings):
    hide_broken_torchvision()
    from diffusers import UNet2DConditionModel

    common = {"sample_size": 8, "in_channels": 4, "out_channels": 4, "norm_num_groups": 16}
    return randomise(UNet2DConditionModel(**{**common, **settings}), 1)


def diffusers_vae():
    hide_broken_torchvision()
    from diffusers import AutoencoderKL

    levels = 4
    settings = {
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "block_out_channels": [16, 16, 32, 32],
    }
    return randomise(AutoencoderKL(layers_per_block=1, norm_num_groups=8, latent_channels=4, **settings), 2)


SDXL_UNET = {
    "block_out_channels": (32, 64),
    "layers_per_block": 2,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (2, 4),
    "transformer_layers_per_block": (1, 2),
    "use_linear_projection": True,
    "cross_attention_dim": L_WIDTH + G_WIDTH,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": PROJECTION + 6 * 256,
}
SD_UNET = {
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
}


def unet_outputs(theirs, ours, context, adm=0):
    """Both predictions for the same seeded input of odd proportions."""
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(2, 4, 8, 12, generator=generator)
    text = torch.randn(2, 7, context, generator=generator)
    times = torch.tensor([999.0, 3.0])
    extra, y = None, None
    if adm:
        pooled = torch.randn(2, adm - 6 * 256, generator=generator)
        sizes = torch.tensor([[1024.0, 768, 16, 8, 1152, 896], [512, 512, 0, 0, 512, 512]])
        extra = {"text_embeds": pooled, "time_ids": sizes}
        y = torch.cat([pooled, theirs.add_time_proj(sizes.flatten()).reshape(2, -1)], dim=-1)
    with torch.no_grad():
        wanted = theirs(x, times, text, added_cond_kwargs=extra).sample
        return ours(x, times, text, y), wanted


def write_pipeline(folder, unet, texts, scheduler=None, **save):
    unet.save_pretrained(folder / "unet", **save)
    vae = diffusers_vae()
    vae.save_pretrained(folder / "vae", **save)
    for name, model in texts.items():
        model.save_pretrained(folder / name)
    if scheduler is not None:
        (folder / "scheduler").mkdir()
        (folder / "scheduler/scheduler_config.json").write_text(json.dumps(scheduler))
    return vae


def test_an_sdxl_folder(tmp_path, memory):
    unet = diffusers_unet(**SDXL_UNET)
    text_l = text_model(L_WIDTH, 3, "quick_gelu", L_WIDTH, 3)
    text_g = text_model(G_WIDTH, 4, "gelu", PROJECTION, 4)
    vae = write_pipeline(tmp_path, unet, {"text_encoder": text_l, "text_encoder_2": text_g})
    found = load_checkpoint(tmp_path, memory)

    assert found.model.family == "sdxl"
    assert found.model.config.head_channels == 16
    ours, wanted = unet_outputs(unet, found.model.network, L_WIDTH + G_WIDTH, PROJECTION + 6 * 256)
    assert relative(ours, wanted) < 1e-4

    picture = torch.rand(1, 32, 48, 3, generator=torch.Generator().manual_seed(1))
    latent = encode_image(found.vae, picture)
    with torch.no_grad():
        assert relative(latent, vae.encode(picture.permute(0, 3, 1, 2) * 2 - 1).latent_dist.mean) < 1e-4
        decoded = (vae.decode(latent).sample / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)
    assert relative(decode_latent(found.vae, latent), decoded) < 1e-4

    tokens = found.clip.tokenize("a fox")
    ids = torch.tensor([[token for token, _ in tokens["g"][0]]])
    with torch.no_grad():
        of_g = text_g(input_ids=ids, output_hidden_states=True)
    cond, pooled = found.clip.encode(tokens)
    assert relative(cond[..., L_WIDTH:], of_g.hidden_states[-2]) < 1e-4
    assert relative(pooled, of_g.text_embeds) < 1e-4


def test_an_sd15_folder(tmp_path, memory):
    unet = diffusers_unet(**SD_UNET, attention_head_dim=8, cross_attention_dim=L_WIDTH)
    text = text_model(L_WIDTH, 3, "quick_gelu", L_WIDTH, 3)
    write_pipeline(tmp_path, unet, {"text_encoder": text})
    found = load_checkpoint(tmp_path, memory)
    assert (found.model.family, found.model.schedule.prediction, found.model.latent_scale) == (
        "sd15",
        "epsilon",
        0.18215,
    )
    assert relative(*unet_outputs(unet, found.model.network, L_WIDTH)) < 1e-4
    tokens = found.clip.tokenize("a fox")
    with torch.no_grad():
        wanted = text.text_model(torch.tensor([[token for token, _ in tokens["l"][0]]])).last_hidden_state
    assert relative(found.clip.encode(tokens).cond, wanted) < 1e-4


def test_an_sd21_folder_that_predicts_v(tmp_path, memory):
    unet = diffusers_unet(**SD_UNET, attention_head_dim=(2, 4), use_linear_projection=True, cross_attention_dim=G_WIDTH)
    text = text_model(G_WIDTH, 3, "gelu", PROJECTION, 3)
    write_pipeline(tmp_path, unet, {"text_encoder": text}, scheduler={"prediction_type": "v_prediction"})
    found = load_checkpoint(tmp_path, memory)
    assert (found.model.family, found.model.schedule.prediction) == ("sd21", "v_prediction")
    assert relative(*unet_outputs(unet, found.model.network, G_WIDTH)) < 1e-4
    tokens = found.clip.tokenize("a fox")
    with torch.no_grad():  # the pipeline lacks the last layer, so the penultimate state is the last one
        wanted = text.text_model(torch.tensor([[token for token, _ in tokens["h"][0]]])).last_hidden_state
    assert relative(found.clip.encode(tokens).cond, wanted) < 1e-4


def test_a_folder_in_parts_or_in_pickles(tmp_path, memory):
    unet = diffusers_unet(**SDXL_UNET)
    write_pipeline(tmp_path / "parts", unet, {}, max_shard_size="300KB")
    assert len(list((tmp_path / "parts/unet").glob("*.safetensors"))) > 1
    write_pipeline(tmp_path / "pickles", unet, {}, safe_serialization=False)
    write_pipeline(tmp_path / "both", unet, {}, max_shard_size="300KB")
    (tmp_path / "both/unet/diffusion_pytorch_model.bin.index.json").write_text('{"weight_map": {"a": "not_there.bin"}}')
    for name in ("parts", "pickles", "both"):
        found = load_checkpoint(tmp_path / name, memory).model
        assert relative(*unet_outputs(unet, found.network, L_WIDTH + G_WIDTH, PROJECTION + 6 * 256)) < 1e-4


def test_one_part_of_a_pipeline(tmp_path, memory):
    unet = diffusers_unet(**SDXL_UNET)
    vae = write_pipeline(tmp_path, unet, {})
    found = load_unet(tmp_path / "unet", memory)
    assert relative(*unet_outputs(unet, found.network, L_WIDTH + G_WIDTH, PROJECTION + 6 * 256)) < 1e-4
    latent = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        wanted = (vae.decode(latent).sample / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)
    assert relative(decode_latent(load_vae(tmp_path / "vae", memory), latent), wanted) < 1e-4


def test_a_vae_file_with_the_old_names_of_its_attention(tmp_path, memory):
    vae = diffusers_vae()
    old = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}
    state = {}
    for name, value in vae.state_dict().items():
        for new_part, old_part in old.items():
            name = name.replace(new_part, old_part)
        state[name] = value
    save_file(state, tmp_path / "vae.safetensors", metadata={"weft.vae.norm_groups": "8"})
    latent = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        wanted = (vae.decode(latent).sample / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)
    assert relative(decode_latent(load_vae(tmp_path / "vae.safetensors", memory), latent), wanted) < 1e-4


def test_text_encoder_files_of_a_pipeline(tmp_path, memory):
    models = {
        "first": text_model(L_WIDTH, 3, "quick_gelu", L_WIDTH, 3),
        "second": text_model(G_WIDTH, 4, "gelu", PROJECTION, 4),
    }
    for name, model in models.items():
        model.save_pretrained(tmp_path / name)
    files = [tmp_path / name / "model.safetensors" for name in ("second", "first")]
    clip = load_clip(files, memory)
    tokens = clip.tokenize("a fox")
    with torch.no_grad():
        wanted = [
            models[name](
                torch.tensor([[token for token, _ in tokens[key][0]]]), output_hidden_states=True
            ).hidden_states[-2]
            for name, key in (("first", "l"), ("second", "g"))
        ]
    assert relative(clip.encode(tokens).cond, torch.cat(wanted, dim=-1)) < 1e-4


@pytest.mark.slow
@needs_full_size
def test_golden_vae():
    vae = load_vae(Path(FULL_SIZE), DeviceMemory.choose("cpu"))
    golden = REFERENCE / "golden"
    with Image.open(golden / "inputs/golden_in.png") as opened:
        picture = torch.from_numpy(np.asarray(opened.convert("RGB"), dtype=np.float32) / 255)[None]
    latent = load_file(golden / "vae_encode/22_vae_encode.latent")["latent_tensor"]
    assert relative(encode_image(vae, picture), latent) < 1e-5
    decoded = decode_latent(vae, load_file(golden / "t2i_euler/10_t2i_euler.latent")["latent_tensor"])
    assert relative(decoded.half(), load_file(golden / "t2i_euler/image.safetensors")["image"]) < 1e-4
