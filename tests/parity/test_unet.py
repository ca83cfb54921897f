"""The UNet against the official key tables and against diffusers with the same weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.attention import attention, sliced_attention
from models.sdxl.config import SD15, SD21, SDXL_BASE, SDXL_REFINER, UNetConfig, unet_config_from_shapes
from models.sdxl.unet import UNet

KEYS = Path(__file__).parents[2] / "../shared/reference/keys"
PREFIX = "model.diffusion_model."

SMALL_SDXL = UNetConfig(
    model_channels=32,
    channel_mult=(1, 2, 4),
    transformer_depth=(0, 1, 2),
    middle_depth=2,
    context_dim=48,
    adm_channels=40,
    head_channels=16,
    norm_groups=8,
)
SMALL_REFINER = UNetConfig(
    model_channels=32,
    channel_mult=(1, 2, 4, 4),
    transformer_depth=(0, 1, 1, 0),
    middle_depth=1,
    context_dim=48,
    adm_channels=40,
    head_channels=16,
    norm_groups=8,
)
SMALL_SD15 = UNetConfig(
    model_channels=32,
    channel_mult=(1, 2, 4, 4),
    transformer_depth=(1, 1, 1, 0),
    middle_depth=1,
    context_dim=768,
    adm_channels=0,
    head_channels=None,
    num_heads=8,
    linear_projection=False,
    norm_groups=32,
)
SMALL = {"sdxl": SMALL_SDXL, "refiner": SMALL_REFINER, "sd15": SMALL_SD15}


def table(name: str, prefix: str = PREFIX) -> dict[str, tuple[int, ...]]:
    path = KEYS / f"{name}.json"
    if not path.exists():
        pytest.skip("the official key tables are not on this machine (../shared/reference/keys)")
    entries = json.loads(path.read_text()).items()
    return {key.removeprefix(prefix): tuple(shape) for key, (shape, _) in entries if key.startswith(prefix)}


def shapes_of(module: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize(("name", "config"), [("sdxl_base", SDXL_BASE), ("sdxl_refiner", SDXL_REFINER)])
def test_official_files_are_detected_and_assigned_without_renaming(name, config):
    official = table(name)
    assert unet_config_from_shapes(official) == config
    with torch.device("meta"):
        assert shapes_of(UNet(config)) == official


@pytest.mark.parametrize("config", [SD15, SD21, *SMALL.values()])
def test_a_configuration_is_read_back_from_its_own_shapes(config):
    with torch.device("meta"):
        shapes = shapes_of(UNet(config))
    metadata = {"weft.unet.norm_groups": str(config.norm_groups)}
    if config.head_channels:
        metadata["weft.unet.head_channels"] = str(config.head_channels)
    assert unet_config_from_shapes(shapes, metadata) == config


def test_other_networks_are_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"input_blocks\.0\.0\.weight"):
        unet_config_from_shapes({"lora_up.weight": (4, 4)})
    with torch.device("meta"):
        shapes = shapes_of(UNet(SMALL_SDXL))
    with pytest.raises(ValueError, match="positive whole number"):
        unet_config_from_shapes(shapes, {"weft.unet.head_channels": "many"})
    without_attention = {key: shape for key, shape in shapes.items() if "attn2" not in key}
    with pytest.raises(ValueError, match="cross-attention"):
        unet_config_from_shapes(without_attention)


def random_unet(config: UNetConfig) -> UNet:
    """Weights that make every layer matter: random norms and biases too."""
    torch.manual_seed(0)
    network = UNet(config).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return network


def diffusers_twin(config: UNetConfig, state: dict[str, Tensor]):
    """The same network as diffusers builds it, its weights renamed by diffusers' own converter."""
    diffusers = pytest.importorskip("diffusers")
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint

    levels = len(config.channel_mult)
    attends = [depth > 0 for depth in config.transformer_depth]
    widths = [config.model_channels * mult for mult in config.channel_mult]
    label = config.adm_channels > 0
    twin = diffusers.UNet2DConditionModel(
        block_out_channels=widths,
        layers_per_block=config.num_res_blocks,
        down_block_types=["CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attends],
        up_block_types=["CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attends)],
        transformer_layers_per_block=[max(1, depth) for depth in config.transformer_depth[:-1]]
        + [config.transformer_depth[-1] or config.middle_depth],
        attention_head_dim=[config.heads(width) for width in widths],  # diffusers' name for the number of heads
        cross_attention_dim=config.context_dim,
        norm_num_groups=config.norm_groups,
        use_linear_projection=config.linear_projection,
        class_embed_type="projection" if label else None,
        projection_class_embeddings_input_dim=config.adm_channels if label else None,
    )
    assert levels == len(twin.down_blocks)
    renamed = convert_ldm_unet_checkpoint({PREFIX + key: tensor for key, tensor in state.items()}, dict(twin.config))
    twin.load_state_dict(renamed)
    return twin.eval()


@pytest.mark.parametrize("size", [(8, 8), (11, 13)])
@pytest.mark.parametrize("kind", list(SMALL))
@torch.inference_mode()
def test_equals_diffusers(kind, size):
    config = SMALL[kind]
    network = random_unet(config)
    twin = diffusers_twin(config, network.state_dict())
    x, timesteps = torch.randn(2, 4, *size), torch.tensor([3.0, 981.0])
    context = torch.randn(2, 7, config.context_dim)
    y = torch.randn(2, config.adm_channels) if config.adm_channels else None
    expected = twin(x, timesteps, context, class_labels=y).sample
    assert ((network(x, timesteps, context, y) - expected).norm() / expected.norm()).item() <= 1e-4


def test_the_label_vector_is_neither_forgotten_nor_ignored():
    x, timesteps, context = torch.zeros(1, 4, 8, 8), torch.zeros(1), torch.zeros(1, 1, 48)
    with pytest.raises(ValueError, match="needs a vector"):
        UNet(SMALL_SDXL)(x, timesteps, context)
    with pytest.raises(ValueError, match="does not take"):
        UNet(SMALL_SD15)(x, timesteps, torch.zeros(1, 1, 768), torch.zeros(1, 40))


def test_attention_is_the_textbook_formula_also_in_slices():
    torch.manual_seed(0)
    q, k, v = torch.randn(2, 130, 32), torch.randn(2, 9, 32), torch.randn(2, 9, 32)
    heads = [tensor.unflatten(-1, (4, 8)).transpose(1, 2) for tensor in (q, k, v)]
    weights = (heads[0] @ heads[1].transpose(-1, -2) / 8**0.5).softmax(-1)
    expected = (weights @ heads[2]).transpose(1, 2).flatten(2)
    assert torch.allclose(attention(q, k, v, heads=4), expected, atol=1e-5)
    sliced = sliced_attention(*heads, slice_size=65)
    assert torch.allclose(sliced.transpose(1, 2).flatten(2), expected, atol=1e-5)


def test_attention_falls_back_to_slices_until_they_fit(monkeypatch):
    """A device that has no room for more than 70 queries at once."""
    whole = torch.nn.functional.scaled_dot_product_attention
    sizes: list[int] = []

    def small_device(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        sizes.append(q.shape[2])
        if q.shape[2] > 70:
            raise torch.OutOfMemoryError("no room")
        return whole(q, k, v)

    q, k = torch.randn(1, 260, 8), torch.randn(1, 5, 8)
    expected = attention(q, k, k, heads=2)
    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", small_device)
    assert torch.allclose(attention(q, k, k, heads=2), expected, atol=1e-6)
    assert sizes[:3] == [260, 130, 65]
    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", no_room)
    with pytest.raises(torch.OutOfMemoryError):
        attention(q, k, k, heads=2)


def no_room(*_tensors: Tensor) -> Tensor:
    raise torch.OutOfMemoryError("no room at all")
