"""Small seeded random files of everything that steers by pictures, in the layouts that real files have.

`config` is that of the model's UNet that they shall fit; the defaults fit `tests.models.small_models`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from models.adapters.control_network import ControlNetwork
from models.sdxl.config import UNetConfig
from models.sdxl.unet import UNet
from tests.models.small_models import BASE, L_WIDTH, PROJECTION, SD15, SD21, Reference, make, prefixed, randomise

Shape = tuple[int, ...]
Shapes = dict[str, Shape]

VISION_WIDTH, VISION_LAYERS, VISION_HEADS = 64, 3, 2
PATCH, SIDE = 56, 224
STYLE_TOKENS = 4
RANK = 4  # of a Control-LoRA

# as many levels as SDXL has, for adapters that halve their features where the third begins
THREE_LEVELS = replace(BASE, channel_mult=(1, 2, 4), transformer_depth=(0, 1, 1))


def random_tensors(shapes: Shapes, seed: int = 1) -> dict[str, Tensor]:
    """Seeded values that keep a network's numbers about 1; norms' weights lie around 1."""
    generator = torch.Generator().manual_seed(seed)
    made: dict[str, Tensor] = {}
    for name, shape in shapes.items():
        value = torch.randn(shape, generator=generator)
        fan = 1
        for side in shape[1:]:
            fan *= side
        scale = 0.1 if len(shape) < 2 else fan**-0.5
        layer = name.split(".")[-2] if "." in name else name
        norm = name.endswith(".weight") and len(shape) == 1 and ("norm" in layer or "ln_" in layer or "lay" in layer)
        made[name] = 1 + 0.1 * value if norm else value * scale
    return made


def _linear(name: str, takes: int, gives: int, bias: bool = True) -> Shapes:
    return {f"{name}.weight": (gives, takes)} | ({f"{name}.bias": (gives,)} if bias else {})


def _conv(name: str, takes: int, gives: int, kernel: int, bias: bool = True) -> Shapes:
    return {f"{name}.weight": (gives, takes, kernel, kernel)} | ({f"{name}.bias": (gives,)} if bias else {})


def _norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _block(name: str, width: int, fused: str = "attn") -> Shapes:
    """A transformer block as OpenAI's CLIP names it."""
    return {
        f"{name}.{fused}.in_proj_weight": (3 * width, width),
        f"{name}.{fused}.in_proj_bias": (3 * width,),
        **_linear(f"{name}.{fused}.out_proj", width, width),
        **_norm(f"{name}.ln_1", width),
        **_norm(f"{name}.ln_2", width),
        **_linear(f"{name}.mlp.c_fc", width, 4 * width),
        **_linear(f"{name}.mlp.c_proj", 4 * width, width),
    }


def unet_facts(config: UNetConfig) -> dict[str, str]:
    """What a small network's shapes do not tell."""
    heads = config.head_channels or config.model_channels // config.heads(config.model_channels)
    return {"weft.unet.head_channels": str(heads), "weft.unet.norm_groups": str(config.norm_groups)}


def clip_vision_tensors(projection: int = PROJECTION, width: int = VISION_WIDTH, seed: int = 21) -> dict[str, Tensor]:
    """An image encoder's tensors as OpenCLIP names them below `visual.`."""
    shapes: Shapes = {
        "class_embedding": (width,),
        "positional_embedding": ((SIDE // PATCH) ** 2 + 1, width),
        "conv1.weight": (width, 3, PATCH, PATCH),
        "proj": (width, projection),
        **_norm("ln_pre", width),
        **_norm("ln_post", width),
    }
    for layer in range(VISION_LAYERS):
        shapes |= _block(f"transformer.resblocks.{layer}", width)
    made = random_tensors(shapes, seed)
    made["class_embedding"] *= 10
    return made


def clip_vision_facts(heads: int = VISION_HEADS) -> dict[str, str]:
    """What shapes do not tell."""
    return {"weft.clip_vision.heads": str(heads)}


def as_transformers(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same image encoder as `transformers` names and splits it."""
    made = {
        "vision_model.embeddings.class_embedding": tensors["class_embedding"],
        "vision_model.embeddings.patch_embedding.weight": tensors["conv1.weight"],
        "vision_model.embeddings.position_embedding.weight": tensors["positional_embedding"],
        "visual_projection.weight": tensors["proj"].T,
    }
    for kind in ("weight", "bias"):
        made[f"vision_model.pre_layrnorm.{kind}"] = tensors[f"ln_pre.{kind}"]
        made[f"vision_model.post_layernorm.{kind}"] = tensors[f"ln_post.{kind}"]
        for layer in range(VISION_LAYERS):
            theirs, ours = f"transformer.resblocks.{layer}", f"vision_model.encoder.layers.{layer}"
            thirds = tensors[f"{theirs}.attn.in_proj_{kind}"].chunk(3)
            for name, third in zip("qkv", thirds, strict=True):
                made[f"{ours}.self_attn.{name}_proj.{kind}"] = third
            for old, new in (
                ("ln_1", "layer_norm1"),
                ("ln_2", "layer_norm2"),
                ("attn.out_proj", "self_attn.out_proj"),
                ("mlp.c_fc", "mlp.fc1"),
                ("mlp.c_proj", "mlp.fc2"),
            ):
                made[f"{ours}.{new}.{kind}"] = tensors[f"{theirs}.{old}.{kind}"]
    return made


def _save(tensors: dict[str, Tensor], path: Path, facts: dict[str, str] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, path, facts)
    return path


def write_clip_vision(path: Path, projection: int = PROJECTION, *, open_clip: bool = False, seed: int = 21) -> Path:
    """An image encoder; for SDXL `projection` is as wide as the model's pooled text."""
    tensors = clip_vision_tensors(projection, seed=seed)
    made = prefixed("visual.", tensors) if open_clip else as_transformers(tensors)
    return _save(made, path, clip_vision_facts())


def write_unclip_checkpoint(path: Path) -> Path:
    """A Stable unCLIP 2.1 checkpoint: SD 2.x with a label vector, an image encoder and the noise's statistics."""
    plain: Reference = make("sd21")
    config = replace(SD21, adm_channels=2 * PROJECTION)
    unet = randomise(UNet(config), 1)
    rest = {name: value for name, value in plain.state.items() if not name.startswith("model.diffusion_model.")}
    generator = torch.Generator().manual_seed(5)
    statistics = {
        "noise_augmentor.data_mean": 0.1 * torch.randn(1, PROJECTION, generator=generator),
        "noise_augmentor.data_std": 0.5 + torch.rand(1, PROJECTION, generator=generator),
    }
    vision = prefixed("embedder.model.visual.", clip_vision_tensors())
    state = rest | prefixed("model.diffusion_model.", unet.state_dict()) | vision | statistics
    return _save(state, path, clip_vision_facts() | {"weft.unet.head_channels": "32"})


def write_style_model(path: Path, context: int = L_WIDTH, width: int = VISION_WIDTH, heads: int = VISION_HEADS) -> Path:
    """A style adapter of T2I-Adapter: `width` is the image encoder's, `context` the model's prompt's."""
    shapes: Shapes = {
        "style_embedding": (1, STYLE_TOKENS, width),
        "proj": (width, context),
        **_norm("ln_pre", width),
        **_norm("ln_post", width),
    }
    for layer in range(3):
        shapes |= _block(f"transformer_layes.{layer}", width)
    return _save(random_tensors(shapes, 31), path, {"weft.style_model.heads": str(heads)})


def attended_stages(config: UNetConfig) -> Iterator[tuple[str, int, int]]:
    """(official name, channels, depth) of every stage with transformers, in the order of the network."""
    number = 1
    levels = list(zip(config.channel_mult, config.transformer_depth, strict=True))
    for mult, depth in levels:
        for _ in range(config.num_res_blocks):
            if depth:
                yield f"input_blocks.{number}.1", mult * config.model_channels, depth
            number += 1
        number += 1
    if config.middle_depth:
        yield "middle_block.1", levels[-1][0] * config.model_channels, config.middle_depth
    number = 0
    for mult, depth in reversed(levels):
        for _ in range(config.num_res_blocks + 1):
            if depth:
                yield f"output_blocks.{number}.1", mult * config.model_channels, depth
            number += 1


def gligen_tensors(config: UNetConfig = SD15, pooled: int = L_WIDTH, seed: int = 41) -> dict[str, Tensor]:
    """The boxes' network and a gated attention for every transformer block."""
    shapes: Shapes = {
        "position_net.null_positive_feature": (pooled,),
        "position_net.null_position_feature": (64,),
        **_linear("position_net.linears.0", pooled + 64, 512),
        **_linear("position_net.linears.2", 512, 512),
        **_linear("position_net.linears.4", 512, config.context_dim),
    }
    for stage, width, depth in attended_stages(config):
        for block in range(depth):
            name = f"{stage}.transformer_blocks.{block}.fuser"
            shapes |= {f"{name}.alpha_attn": (), f"{name}.alpha_dense": ()}
            shapes |= _linear(f"{name}.linear", config.context_dim, width)
            for one in ("to_q", "to_k", "to_v"):
                shapes |= _linear(f"{name}.attn.{one}", width, width, bias=False)
            shapes |= _linear(f"{name}.attn.to_out.0", width, width)
            shapes |= _linear(f"{name}.ff.net.0.proj", width, 8 * width)
            shapes |= _linear(f"{name}.ff.net.2", 4 * width, width)
            shapes |= {**_norm(f"{name}.norm1", width), **_norm(f"{name}.norm2", width)}
    made = random_tensors(shapes, seed)
    return {name: torch.tensor(0.5) if value.ndim == 0 else value for name, value in made.items()}


def write_gligen(path: Path, config: UNetConfig = SD15, pooled: int = L_WIDTH) -> Path:
    """A GLIGEN file for text boxes."""
    return _save(gligen_tensors(config, pooled), path, unet_facts(config))


def write_photomaker(path: Path, context: int = BASE.context_dim) -> Path:
    """PhotoMaker v1 as its authors packed it (a pickle): the identity's encoder and a LoRA."""
    first = context // 3
    vision = as_transformers(clip_vision_tensors(first, seed=51))
    shapes = _linear("visual_projection_2", VISION_WIDTH, context - first, bias=False)
    shapes |= _norm("fuse_module.layer_norm", context)
    for name, takes in (("mlp1", 2 * context), ("mlp2", context)):
        shapes |= _norm(f"fuse_module.{name}.layernorm", takes)
        shapes |= _linear(f"fuse_module.{name}.fc1", takes, context)
        shapes |= _linear(f"fuse_module.{name}.fc2", context, context)
    path.parent.mkdir(parents=True, exist_ok=True)
    encoder = {name: value.contiguous().clone() for name, value in (vision | random_tensors(shapes, 52)).items()}
    torch.save({"id_encoder": encoder, "lora_weights": {"a.lora.down.weight": torch.zeros(1, 1)}}, path)
    return path


def t2i_adapter_shapes(config: UNetConfig = THREE_LEVELS, *, xl: bool = True, channels: int = 3) -> Shapes:
    """An adapter as its authors name it: four levels, of which the first are as wide as the model's."""
    widths = [config.model_channels * mult for mult in config.channel_mult]
    if xl:
        widths = [widths[0], *widths[1:], widths[-1]]
    shapes = _conv("conv_in", channels * (16 if xl else 8) ** 2, widths[0], 3)
    takes = widths[0]
    for level, width in enumerate(widths):
        for block in (0, 1):
            name = f"body.{2 * level + block}"
            if takes != width:
                shapes |= _conv(f"{name}.in_conv", takes, width, 1)
                takes = width
            shapes |= _conv(f"{name}.block1", width, width, 3)
            shapes |= _conv(f"{name}.block2", width, width, 1)
    return shapes


def write_t2i_adapter(path: Path, config: UNetConfig = THREE_LEVELS, *, xl: bool = True, channels: int = 3) -> Path:
    """A T2I-Adapter; `xl`: for SDXL, otherwise for SD 1.x."""
    return _save(random_tensors(t2i_adapter_shapes(config, xl=xl, channels=channels), 61), path)


def write_controlnet_union(path: Path, config: UNetConfig = BASE, types: int = 8) -> Path:
    """A union ControlNet; 8 types as ProMax has them, 6 as the first one had."""
    width, emb = config.model_channels, 4 * config.model_channels
    shapes: Shapes = {"task_embedding": (types, width), **_linear("spatial_ch_projs", width, width)}
    shapes |= _linear("control_add_embedding.linear_1", types * 256, emb) | _linear(
        "control_add_embedding.linear_2", emb, emb
    )
    shapes |= _block("transformer_layes.0", width)
    tensors = random_tensors(shapes, 72)
    return _save(randomise(ControlNetwork(config), 71).state_dict() | tensors, path, unet_facts(config))


def write_control_lora(path: Path, config: UNetConfig = BASE) -> Path:
    """A Control-LoRA: factors for what a ControlNet shares with its model, the rest whole."""
    network = randomise(ControlNetwork(config), 81)
    own = ("input_hint_block.", "zero_convs.", "middle_block_out.")
    generator = torch.Generator().manual_seed(82)
    tensors: dict[str, Tensor] = {"lora_controlnet": torch.zeros(0)}
    for name, value in network.state_dict().items():
        if name.startswith(own) or value.ndim < 2:
            tensors[name] = value
            continue
        layer = name.removesuffix(".weight")
        tensors[f"{layer}.up"] = 0.1 * torch.randn(value.shape[0], RANK, *[1] * (value.ndim - 2), generator=generator)
        tensors[f"{layer}.down"] = 0.1 * torch.randn(RANK, *value.shape[1:], generator=generator)
    return _save(tensors, path)
