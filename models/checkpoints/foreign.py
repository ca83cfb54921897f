"""Recognising files that are something else than asked for, so that the user learns what and where it belongs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from models.checkpoints.errors import CheckpointError


class Kind(NamedTuple):
    """A sort of model file: what gives it away, what to call it, what to do with it."""

    marks: tuple[str, ...]  # one of them is part of one of its tensors' names
    name: str
    remedy: str


ANOTHER_FAMILY = "Weft runs Stable Diffusion XL, 1.x and 2.x: choose such a checkpoint."

# Kinds that have a UNet like ours, and would give nonsense
LOOKALIKES = (Kind(("time_stack.", "motion_modules.", "temporal_transformer."), "a video model", ANOTHER_FAMILY),)

KINDS = (
    Kind(("lora_up.", "lora_down.", ".lora_A.", ".lora_B.", "hada_w1_a", "lokr_w1", ".dora_scale"), "a LoRA",
         "Load it with LoraLoader, after the checkpoint that it was made for."),
    Kind(("control_model.", "controlnet_cond_embedding.", "input_hint_block.", "controlnet_down_blocks."),
         "a ControlNet", "Load it with ControlNetLoader."),
    Kind(("body.0.block1.", "body.0.body.0.block1.", "body.0.resnets.0.block1."), "a T2I-Adapter",
         "Load it with ControlNetLoader."),
    Kind(("style_embedding",), "a style model", "Load it with StyleModelLoader."),
    Kind(("redux_up.",), "a Redux model for Flux", ANOTHER_FAMILY),
    Kind(("position_net.null_",), "a GLIGEN model", "Load it with GLIGENLoader."),
    Kind(("fuse_module.mlp1.",), "a PhotoMaker model", "Load it with PhotoMakerLoader."),
    Kind(("ip_adapter.", "image_proj."), "an IP-Adapter", "It belongs to a node pack for IP-Adapters."),
    Kind(("joint_blocks.",), "a Stable Diffusion 3 model", ANOTHER_FAMILY),
    Kind(("double_blocks.", "single_transformer_blocks."), "a Flux or Hunyuan model", ANOTHER_FAMILY),
    Kind(("double_layers.",), "an AuraFlow model", ANOTHER_FAMILY),
    Kind(("clf.1.weight", "effnet_mapper.", "clip_txt_mapper."), "a Stable Cascade model", ANOTHER_FAMILY),
    Kind(("adaln_single.", "t_block.1."), "a PixArt or similar transformer model", ANOTHER_FAMILY),
    *LOOKALIKES,
    Kind(("first_stage_model.",), "a whole checkpoint", "Load it with CheckpointLoaderSimple."),
    Kind(("vision_model.", "visual.transformer."), "an image encoder (CLIP vision)", "Load it with CLIPVisionLoader."),
    Kind(("diffusion_model.", "input_blocks.", "down_blocks.0.resnets."), "a denoising network without the rest",
         "Load it with UNETLoader."),
    Kind(("decoder.mid.attn_1.", "decoder.mid_block.attentions."), "an image autoencoder (VAE)",
         "Load it with VAELoader."),
    Kind(("encoder.block.0.layer.0.SelfAttention.",), "a T5 text encoder", ANOTHER_FAMILY),
    Kind(("text_model.encoder.layers.", "transformer.resblocks."), "a text encoder",
         "Load it with CLIPLoader or DualCLIPLoader."),
    Kind(("emb_params", "clip_g", "clip_l", "string_to_param"), "a textual inversion embedding",
         "Put it into models/embeddings and write embedding:NAME in a prompt."),
    Kind(("latent_tensor",), "a saved latent", "Load it with LoadLatent."),
    Kind(("RRDB_trunk.", "conv_first.", "model.1.sub.0.RDB1."), "an upscaling model",
         "Load it with UpscaleModelLoader."),
    Kind(("taesd_", "vae_scale", "encoder.layers.0."), "a small preview autoencoder", "Load it with VAELoader."),
)  # fmt: skip


def recognise(names: Collection[str], kinds: Sequence[Kind] = KINDS) -> Kind | None:
    """The first kind one of whose marks is part of one of the tensors' names."""
    for kind in kinds:
        if any(mark in name for name in names for mark in kind.marks):
            return kind
    return None


def refusal(file: str, names: Collection[str], wanted: str, otherwise: str) -> str:
    """A sentence: what the file is, what was wanted, what to do; `otherwise` where nothing is recognised."""
    kind = recognise(names)
    if kind is None:
        sample = ", ".join(sorted(names)[:3])
        known = f"its tensors ({sample[:200]}, ...) are of a kind that Weft does not know"
        return f"{file} is no {wanted}: {known}. {otherwise}"
    return f"{file} is {kind.name}, but a {wanted} is needed here. {kind.remedy}"


def refuse_lookalikes(file: str, names: Collection[str]) -> None:
    """Raise CheckpointError for a model whose UNet resembles ours but does not work as it does."""
    kind = recognise(names, LOOKALIKES)
    if kind is not None:
        raise CheckpointError(f"{file} is {kind.name}, which Weft cannot run. {kind.remedy}")
