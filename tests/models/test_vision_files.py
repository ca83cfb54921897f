"""The sizes of the published files, read off their shapes, and files that are of another kind."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from models.adapters.gligen import load_gligen
from models.adapters.t2i_network import AdapterNetwork, adapter_config
from models.checkpoint import CheckpointError, load_checkpoint
from models.memory import DeviceMemory
from models.vision.clip_file import find_clip_vision
from models.vision.clip_network import vision_config
from models.vision.clip_vision import load_clip_vision
from models.vision.photomaker import load_photomaker
from models.vision.style_model import load_style_model
from tests.models.small_adapters import (
    t2i_adapter_shapes,
    write_clip_vision,
    write_gligen,
    write_photomaker,
    write_style_model,
    write_t2i_adapter,
)
from tests.models.small_models import make

MEMORY = DeviceMemory.choose("cpu")


def open_clip_shapes(width, layers, mlp, projection, patch=14, side=224):
    """Those tensors of an OpenCLIP image encoder that tell its sizes."""
    shapes = {
        "visual.class_embedding": (width,),
        "visual.conv1.weight": (width, 3, patch, patch),
        "visual.positional_embedding": ((side // patch) ** 2 + 1, width),
        "visual.proj": (width, projection),
    }
    for layer in range(layers):
        block = f"visual.transformer.resblocks.{layer}"
        shapes |= {f"{block}.ln_1.weight": (width,), f"{block}.mlp.c_fc.weight": (mlp, width)}
        shapes |= {f"{block}.attn.in_proj_weight": (3 * width, width)}
    return shapes


@pytest.mark.parametrize(
    ("sizes", "heads", "activation", "side"),
    [
        ((1024, 24, 4096, 768), 16, "quick_gelu", 224),  # ViT-L/14
        ((1024, 24, 4096, 768, 14, 336), 16, "quick_gelu", 336),  # ViT-L/14 at 336 pixels
        ((1280, 32, 5120, 1024), 16, "gelu", 224),  # ViT-H/14
        ((1664, 48, 8192, 1280), 16, "gelu", 224),  # ViT-bigG/14
        ((768, 12, 3072, 512, 32), 12, "quick_gelu", 224),  # ViT-B/32
    ],
)
def test_sizes_of_the_published_image_encoders(sizes, heads, activation, side):
    from pathlib import Path

    from models.checkpoints.weights import Weights

    shapes = open_clip_shapes(*sizes)
    found = find_clip_vision(Weights(Path("x"), shapes, {}, lambda name: torch.empty(shapes[name], device="meta")))
    config = vision_config(found.shapes, {})
    assert (config.width, config.layers, config.mlp_width, config.projection) == sizes[:4]
    assert (config.heads, config.activation, config.side) == (heads, activation, side)


def test_sizes_of_the_published_adapters():
    """About 77 million parameters for SD 1.x and 79 for SDXL, as their authors say."""
    from models.sdxl.config import SD15, SDXL_BASE

    wanted = (320, 640, 1280, 1280)
    for config, xl, millions in ((SD15, False, 77), (SDXL_BASE, True, 79)):
        shapes = t2i_adapter_shapes(config, xl=xl)
        found = adapter_config(shapes)
        assert (found.widths, found.xl, found.channels, found.blocks, found.kernel) == (wanted, xl, 3, 2, 1)
        with torch.device("meta"):
            network = AdapterNetwork(found)
        assert {name: tuple(one.shape) for name, one in network.state_dict().items()} == shapes
        assert round(sum(one.numel() for one in network.parameters()) / 1e6) == millions


LOADERS = (load_clip_vision, load_style_model, load_gligen, load_photomaker)


@pytest.mark.parametrize("load", LOADERS)
def test_other_files_are_named_for_what_they_are(load, tmp_path):
    save_file({"lora_unet_x.lora_up.weight": torch.zeros(1)}, tmp_path / "lora.safetensors")
    with pytest.raises(CheckpointError, match=r"lora\.safetensors is a LoRA, but a .+ is needed here"):
        load(tmp_path / "lora.safetensors", MEMORY)
    base = make("sdxl").save(tmp_path / "base.safetensors")
    with pytest.raises(CheckpointError, match=r"base\.safetensors is .+ needed here"):
        load(base, MEMORY)
    (tmp_path / "page.safetensors").write_text("<!doctype html>")
    with pytest.raises(CheckpointError, match="web page"):
        load(tmp_path / "page.safetensors", MEMORY)
    with pytest.raises(CheckpointError, match="does not exist"):
        load(tmp_path / "none.bin", MEMORY)


def test_what_steers_by_pictures_is_recognised_elsewhere(tmp_path):
    writers = {
        "T2I-Adapter. Load it with ControlNetLoader": write_t2i_adapter,
        "style model. Load it with StyleModelLoader": write_style_model,
        "GLIGEN model. Load it with GLIGENLoader": write_gligen,
        r"image encoder \(CLIP vision\). Load it with CLIPVisionLoader": write_clip_vision,
    }
    for number, (says, write) in enumerate(writers.items()):
        file = write(tmp_path / f"{number}.safetensors")
        with pytest.raises(CheckpointError, match=says.replace(" Load", ".* Load")):
            load_checkpoint(file, MEMORY)


def test_a_part_of_an_image_encoder_says_what_is_missing(tmp_path):
    from safetensors import safe_open

    file = write_clip_vision(tmp_path / "whole.safetensors")
    with safe_open(file, "pt") as tensors:
        kept = {name: tensors.get_tensor(name) for name in tensors.keys() if "post_layernorm" not in name}  # noqa: SIM118
    save_file(kept, tmp_path / "part.safetensors")
    with pytest.raises(CheckpointError, match=r"lacks the tensor 'vision_model\.post_layernorm"):
        load_clip_vision(tmp_path / "part.safetensors", MEMORY)
    del kept["visual_projection.weight"]
    save_file(kept, tmp_path / "less.safetensors")
    with pytest.raises(CheckpointError, match="Choose a CLIP image encoder"):
        load_clip_vision(tmp_path / "less.safetensors", MEMORY)


def test_photomaker_is_read_from_a_pickle_and_from_tensors(tmp_path):
    pickled = load_photomaker(write_photomaker(tmp_path / "photomaker-v1.bin"), MEMORY)
    state = torch.load(tmp_path / "photomaker-v1.bin", weights_only=True)["id_encoder"]
    save_file({f"id_encoder.{name}": value for name, value in state.items()}, tmp_path / "p.safetensors")
    tensors = load_photomaker(tmp_path / "p.safetensors", MEMORY)
    image, states = torch.rand(1, 64, 64, 3), torch.randn(1, 77, 192)
    assert torch.equal(pickled.merged(states, 4, image), tensors.merged(states, 4, image))


def test_what_photomaker_adds_is_the_papers_fusion(tmp_path):
    """With both perceptrons silent the token is normalised and nothing else."""
    maker = load_photomaker(write_photomaker(tmp_path / "photomaker-v1.bin"), MEMORY)
    fusion, states = maker.network.fuse_module, torch.randn(1, 77, 192)
    for mlp in (fusion.mlp1, fusion.mlp2):
        mlp.fc2.weight.data.zero_()
        mlp.fc2.bias.data.zero_()
    found = maker.merged(states, 4, torch.rand(1, 64, 64, 3))[:, 4]
    norm = fusion.layer_norm
    assert torch.allclose(found, torch.layer_norm(states[:, 4], (192,), norm.weight, norm.bias), atol=1e-5)
