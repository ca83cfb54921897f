"""What diffusers' folders say of each part in `config.json`: the same facts in diffusers' words.

Documentation: https://huggingface.co/docs/diffusers (UNet2DConditionModel, AutoencoderKL, the pipelines and
schedulers) and https://huggingface.co/docs/transformers (CLIPTextModel).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.export.contents import Contents, TextContent
from models.export.tensors import ExportError
from models.sdxl.config import UNetConfig
from models.sdxl.tokenizer import END_ID, START_ID
from models.types import Family

VERSION = "0.30.0"  # of diffusers: all that is written here was understood by it
TIME_WIDTH = 256  # values that each of SDXL's sizes and coordinates is embedded in
LATENT_SIDES: Mapping[Family, int] = {"sdxl": 128, "sdxl_refiner": 128, "sd15": 64, "sd21": 96}
INPAINTING = 9  # channels that networks for inpainting read

Settings = dict[str, Any]


def unet_settings(contents: Contents) -> Settings:
    """Of `unet/config.json`.

    Raises:
        ExportError: diffusers has no network of that shape.
    """
    config = contents.unet_config
    widths = [mult * config.model_channels for mult in config.channel_mult]
    heads = [config.num_heads or max(1, config.heads(width)) for width in widths]
    down = ["CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in config.transformer_depth]
    up = ["CrossAttnUpBlock2D" if depth else "UpBlock2D" for depth in reversed(config.transformer_depth)]
    settings: Settings = {
        "_class_name": "UNet2DConditionModel",
        "_diffusers_version": VERSION,
        "act_fn": "silu",
        "attention_head_dim": config.num_heads if config.num_heads else heads,  # the number of heads, despite the name
        "block_out_channels": widths,
        "center_input_sample": False,
        "cross_attention_dim": config.context_dim,
        "down_block_types": down,
        "downsample_padding": 1,
        "flip_sin_to_cos": True,
        "freq_shift": 0,
        "in_channels": config.in_channels,
        "layers_per_block": config.num_res_blocks,
        "mid_block_type": "UNetMidBlock2DCrossAttn",
        "norm_eps": 1e-05,
        "norm_num_groups": config.norm_groups,
        "out_channels": config.out_channels,
        "sample_size": LATENT_SIDES[contents.family],
        "up_block_types": up,
        "use_linear_projection": config.linear_projection,
        **_depths(config),
    }
    if config.adm_channels:
        settings |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": TIME_WIDTH,
            "projection_class_embeddings_input_dim": config.adm_channels,
        }
    return settings


def _depths(config: UNetConfig) -> Settings:
    """Transformer blocks of each level; diffusers gives the middle as many as the last entry says.

    Where the last level has another number than the middle, an entry for the middle alone stands at the end of the
    list, and the way up, which diffusers otherwise reads off the same list backwards, is written out.
    """
    *others, last = (max(1, depth) for depth in config.transformer_depth)
    if not config.middle_depth:
        raise ExportError("The network has no transformer in its middle; diffusers knows no such network.")
    if not config.transformer_depth[-1] or last == config.middle_depth:
        return {"transformer_layers_per_block": [*others, config.middle_depth]}
    return {
        "transformer_layers_per_block": [*others, last, config.middle_depth],
        "reverse_transformer_layers_per_block": [last, *reversed(others)],
    }


def vae_settings(contents: Contents, *, force_upcast: bool) -> Settings:
    """Of `vae/config.json`. `force_upcast`: whether it overflows in float16, as SDXL's does."""
    config = contents.vae_config
    levels = len(config.channel_mult)
    units = contents.latent_units
    known: Settings = {"latents_mean": units.statistics.mean, "latents_std": units.statistics.std} if units else {}
    return {
        "_class_name": "AutoencoderKL",
        "_diffusers_version": VERSION,
        "act_fn": "silu",
        "block_out_channels": [mult * config.channels for mult in config.channel_mult],
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "force_upcast": force_upcast,
        "in_channels": config.in_channels,
        **known,
        "latent_channels": config.z_channels,
        "layers_per_block": config.num_res_blocks,
        "norm_num_groups": config.norm_groups,
        "out_channels": config.in_channels,
        "sample_size": LATENT_SIDES[contents.family] * config.downscale,
        "scaling_factor": contents.latent_scale,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
    }


def text_settings(text: TextContent, layers: int) -> Settings:
    """Of an encoder's `config.json`, of which `layers` layers are kept."""
    config = text.config
    projected = text.role.name == "g"
    return {
        "architectures": ["CLIPTextModelWithProjection" if projected else "CLIPTextModel"],
        "attention_dropout": 0.0,
        "bos_token_id": START_ID,
        "dropout": 0.0,
        "eos_token_id": END_ID,
        "hidden_act": config.activation,
        "hidden_size": config.width,
        "initializer_factor": 1.0,
        "initializer_range": 0.02,
        "intermediate_size": config.mlp_width,
        "layer_norm_eps": 1e-05,
        "max_position_embeddings": config.positions,
        "model_type": "clip_text_model",
        "num_attention_heads": config.heads,
        "num_hidden_layers": layers,
        "pad_token_id": 1,
        "projection_dim": config.projection or config.width,
        "torch_dtype": "float32",  # what diffusers loads the other parts in unless it is told another format
        "vocab_size": config.vocabulary,
    }


def model_index(contents: Contents, scheduler: str) -> Settings:
    """Of `model_index.json`: the pipeline, and the class of each of its parts."""
    family, inpainting = contents.family, contents.unet_config.in_channels == INPAINTING
    named: Settings = {
        "_class_name": _pipeline(family, inpainting),
        "_diffusers_version": VERSION,
        "scheduler": ["diffusers", scheduler],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    text, projected, tokenizer, nothing = (
        ["transformers", "CLIPTextModel"],
        ["transformers", "CLIPTextModelWithProjection"],
        ["transformers", "CLIPTokenizer"],
        [None, None],
    )
    if family in ("sd15", "sd21"):
        named |= {"text_encoder": text, "tokenizer": tokenizer, "requires_safety_checker": False}
        return named | {"safety_checker": nothing, "feature_extractor": nothing, "image_encoder": nothing}
    base = family == "sdxl"
    named |= {
        "text_encoder": text if base else nothing,
        "tokenizer": tokenizer if base else nothing,
        "text_encoder_2": projected,
        "tokenizer_2": tokenizer,
        "image_encoder": nothing,
        "feature_extractor": nothing,
        "force_zeros_for_empty_prompt": False,  # an empty prompt is encoded like any other, as Weft does
    }
    return named if base and not inpainting else named | {"requires_aesthetics_score": not base}


def _pipeline(family: Family, inpainting: bool) -> str:
    if family in ("sd15", "sd21"):
        return "StableDiffusionInpaintPipeline" if inpainting else "StableDiffusionPipeline"
    if inpainting:
        return "StableDiffusionXLInpaintPipeline"
    return "StableDiffusionXLPipeline" if family == "sdxl" else "StableDiffusionXLImg2ImgPipeline"
