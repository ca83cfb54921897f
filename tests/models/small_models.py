"""Small models of every family with seeded random weights, written in the layouts that real files have."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from models.sdxl.config import UNetConfig, VAEConfig
from models.sdxl.text_encoder import hide_broken_torchvision
from models.sdxl.unet import UNet
from models.sdxl.vae import AutoencoderKL

L_WIDTH, G_WIDTH, PROJECTION = 64, 128, 96

BASE = UNetConfig(
    model_channels=32,
    channel_mult=(1, 2),
    num_res_blocks=1,
    transformer_depth=(0, 1),
    middle_depth=1,
    context_dim=L_WIDTH + G_WIDTH,
    adm_channels=PROJECTION + 6 * 256,
)
REFINER = UNetConfig(
    model_channels=32,
    channel_mult=(1, 2),
    num_res_blocks=1,
    transformer_depth=(0, 1),
    middle_depth=1,
    context_dim=G_WIDTH,
    adm_channels=G_WIDTH + 5 * 256,
)
SD15 = UNetConfig(
    model_channels=32,
    channel_mult=(1, 2),
    num_res_blocks=1,
    transformer_depth=(1, 1),
    middle_depth=1,
    context_dim=L_WIDTH,
    adm_channels=0,
    head_channels=32,
    linear_projection=False,
)
SD21 = UNetConfig(
    model_channels=32,
    channel_mult=(1, 2),
    num_res_blocks=1,
    transformer_depth=(1, 1),
    middle_depth=1,
    context_dim=G_WIDTH,
    adm_channels=0,
    head_channels=32,
)
VAE = VAEConfig(channels=32, channel_mult=(1, 1, 2, 2), num_res_blocks=1)


def randomise(module: nn.Module, seed: int) -> nn.Module:
    """Seeded weights that keep a network's numbers about 1."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in module.named_parameters():
        value = torch.randn(parameter.shape, generator=generator)
        scale = 0.1 if parameter.ndim < 2 else min(0.1, parameter[0].numel() ** -0.5)
        parameter.data = 1 + value * 0.1 if "norm" in name and name.endswith("weight") else value * scale
    return module.requires_grad_(False).eval()


def text_model(width: int, layers: int, activation: str, projection: int, seed: int) -> nn.Module:
    """A `transformers` text encoder with heads of 64 channels."""
    hide_broken_torchvision()
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        hidden_size=width,
        intermediate_size=2 * width,
        projection_dim=projection,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        hidden_act=activation,
    )
    return randomise(CLIPTextModelWithProjection(config), seed)


def transformers_state(model: nn.Module, projected: bool = False) -> dict[str, Tensor]:
    """The tensors as `transformers` has always saved them: `text_model.*`."""
    state = {name: value for name, value in model.state_dict().items() if name.startswith("text_model.")}
    if projected:
        state["text_projection.weight"] = model.text_projection.weight
    return state


def open_clip_state(model: nn.Module) -> dict[str, Tensor]:
    """The tensors of the same network as OpenCLIP names and fuses them."""
    text = model.text_model
    state = {
        "token_embedding.weight": text.embeddings.token_embedding.weight,
        "positional_embedding": text.embeddings.position_embedding.weight,
        "ln_final.weight": text.final_layer_norm.weight,
        "ln_final.bias": text.final_layer_norm.bias,
        "text_projection": model.text_projection.weight.T.contiguous(),
        "logit_scale": torch.tensor(4.6),
    }
    for number, layer in enumerate(text.encoder.layers):
        block = f"transformer.resblocks.{number}"
        attention = layer.self_attn
        three = (attention.q_proj, attention.k_proj, attention.v_proj)
        state[f"{block}.attn.in_proj_weight"] = torch.cat([linear.weight for linear in three])
        state[f"{block}.attn.in_proj_bias"] = torch.cat([linear.bias for linear in three])
        for name, module in (
            ("ln_1", layer.layer_norm1),
            ("ln_2", layer.layer_norm2),
            ("attn.out_proj", attention.out_proj),
            ("mlp.c_fc", layer.mlp.fc1),
            ("mlp.c_proj", layer.mlp.fc2),
        ):
            state[f"{block}.{name}.weight"], state[f"{block}.{name}.bias"] = module.weight, module.bias
    return state


class Reference(NamedTuple):
    """The networks whose weights a small checkpoint holds; made once, so not to be changed."""

    state: dict[str, Tensor]
    unet: nn.Module
    vae: nn.Module
    texts: dict[str, nn.Module]

    def save(self, path: Path, dtype: torch.dtype = torch.float32, **extra: Tensor) -> Path:
        tensors = {name: value.to(dtype).contiguous() for name, value in {**self.state, **extra}.items()}
        save_file(tensors, path)
        return path


def prefixed(prefix: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: value for name, value in state.items()}


@cache
def make(family: str) -> Reference:
    """A small checkpoint of the family in the layout of its official single files."""
    config = {"sdxl": BASE, "sdxl_refiner": REFINER, "sd15": SD15, "sd21": SD21}[family]
    unet, vae = randomise(UNet(config), 1), randomise(AutoencoderKL(VAE), 2)
    state = prefixed("model.diffusion_model.", unet.state_dict()) | prefixed("first_stage_model.", vae.state_dict())
    texts: dict[str, nn.Module] = {}
    if family in ("sdxl", "sd15"):
        texts["l"] = text_model(L_WIDTH, 3, "quick_gelu", L_WIDTH, 3)
        place = "conditioner.embedders.0.transformer." if family == "sdxl" else "cond_stage_model.transformer."
        state |= prefixed(place, transformers_state(texts["l"]))
    if family in ("sdxl", "sdxl_refiner", "sd21"):
        name = "h" if family == "sd21" else "g"
        projection = G_WIDTH if family == "sdxl_refiner" else PROJECTION
        texts[name] = text_model(G_WIDTH, 4, "gelu", projection, 4)
        number = {
            "sdxl": "conditioner.embedders.1",
            "sdxl_refiner": "conditioner.embedders.0",
            "sd21": "cond_stage_model",
        }
        state |= prefixed(f"{number[family]}.model.", open_clip_state(texts[name]))
    return Reference(state, unet, vae, texts)


def relative(found: Tensor, wanted: Tensor) -> float:
    """|found - wanted| / |wanted|."""
    return ((found.double() - wanted.double()).norm() / wanted.double().norm()).item()
