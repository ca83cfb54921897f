"""Union ControlNets and T2I-Adapters in every layout: the latents that diffusers draws with them."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from models.adapters.control import Control
from models.adapters.control_loading import load_control
from nodes.controlnet import steered
from tests.models.small_models import randomise, relative
from tests.parity.diffusers_sdxl import SIDE, twins
from tests.parity.test_loading import SDXL_UNET

FACTS = {"weft.unet.head_channels": "16", "weft.unet.norm_groups": "16"}
STRENGTH = 0.8
LARGE = 16  # side of latents that an adapter for SDXL halves twice
THREE_LEVELS = {
    "block_out_channels": (32, 64, 128),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (2, 4, 8),
    "transformer_layers_per_block": (1, 2, 1),
}


def hint(seed, side=8 * SIDE):
    return torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def pair(tmp_path):
    return twins(tmp_path)


def steer(pair, *controls):
    def change(*sides):
        for control in controls:
            sides = [steered(side, control, both=False) for side in sides]
        return sides

    return pair.weft(change=change)


def use(pair, kind, **parts):
    import diffusers

    own = {name: part for name, part in pair.pipe.components.items() if name not in ("image_encoder", *parts)}
    pair.pipe = getattr(diffusers, kind)(**own, **parts, force_zeros_for_empty_prompt=False)
    pair.pipe.watermark = None
    pair.pipe.set_progress_bar_config(disable=True)


def union(seed=10):
    from diffusers import ControlNetUnionModel

    settings = {key: value for key, value in SDXL_UNET.items() if key != "up_block_types"}
    sizes = {"num_control_type": 8, "num_trans_channel": 32, "num_trans_head": 8, "num_proj_channel": 32}
    network = randomise(ControlNetUnionModel(in_channels=4, norm_num_groups=16, **sizes, **settings), seed)
    network.task_embedding.data *= 10
    return network


@pytest.mark.filterwarnings("ignore")  # diffusers warns of its own changes
@pytest.mark.parametrize("kind", [0, 3, 7])
def test_a_union_reads_each_kind_as_diffusers_does(kind, pair, tmp_path):
    network = union()
    save_file(network.state_dict(), tmp_path / "union.safetensors", FACTS)
    net = load_control(tmp_path / "union.safetensors", pair.ours.model.memory)
    bare = pair.weft()
    picture = hint(1).movedim(1, -1)
    found = steer(pair, Control(net.of_kind(kind), picture, STRENGTH))
    other = steer(pair, Control(net.of_kind(1), picture, STRENGTH))
    use(pair, "StableDiffusionXLControlNetUnionPipeline", controlnet=network)
    wanted = pair.theirs(control_image=[hint(1)], control_mode=[kind], controlnet_conditioning_scale=STRENGTH)
    assert relative(found, bare) > 0.02
    assert relative(found, other) > 1e-3
    assert relative(found, wanted) < 1e-4


@pytest.mark.filterwarnings("ignore")
def test_features_of_every_adapter_are_those_of_diffusers(pair, tmp_path):
    """SD 1.x's full and light ones and SDXL's, in diffusers' layout; also grey ones."""
    from diffusers import T2IAdapter

    for number, (kind, widths, factor, channels) in enumerate(
        [
            ("full_adapter", [32, 64, 128, 128], 8, 3),
            ("full_adapter", [32, 64, 128, 128], 8, 1),
            ("light_adapter", [32, 64, 128], 8, 3),
            ("full_adapter_xl", [32, 64, 128, 128], 16, 3),
            ("full_adapter_xl", [32, 64, 128, 128], 16, 1),
        ]
    ):
        network = randomise(T2IAdapter(channels, widths, 2, factor, kind), 20)
        file = tmp_path / f"{number}.safetensors"
        save_file(network.state_dict(), file)
        found = load_control(file, pair.ours.model.memory)
        picture = hint(3, 128)[:, :channels]
        with torch.no_grad():
            wanted, features = network(picture), found.network(picture)
        assert len(wanted) == len(features) == 4
        assert all(relative(one, other) < 1e-5 for one, other in zip(features, wanted, strict=True))


@pytest.mark.filterwarnings("ignore")
def test_an_adapter_for_sdxl_draws_what_diffusers_draws(pair, tmp_path):
    """On a network of three levels, as SDXL's: features at the first halved level, each further one, the middle."""
    from diffusers import T2IAdapter

    pair = twins(tmp_path, LARGE, **THREE_LEVELS)
    network = randomise(T2IAdapter(3, [32, 64, 128, 128], 2, 16, "full_adapter_xl"), 20)
    save_file(network.state_dict(), tmp_path / "adapter.safetensors")
    net = load_control(tmp_path / "adapter.safetensors", pair.ours.model.memory)
    bare = pair.weft()
    found = steer(pair, Control(net, hint(5, 8 * LARGE).movedim(1, -1), STRENGTH))
    use(pair, "StableDiffusionXLAdapterPipeline", adapter=network)
    wanted = pair.theirs(image=hint(5, 8 * LARGE), adapter_conditioning_scale=STRENGTH)
    assert relative(found, bare) > 0.01
    assert relative(found, wanted) < 1e-4
