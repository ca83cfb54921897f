"""A prompt with the kinds of model files that no given workflow names: unCLIP checkpoints, style models, GLIGEN."""

from __future__ import annotations

from typing import Any


def _node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def _sampler(model: str, positive: str, negative: str) -> dict[str, Any]:
    settings = {"seed": 7, "steps": 20, "cfg": 7.0, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0}
    links = {"model": [model, 0], "positive": [positive, 0], "negative": [negative, 0], "latent_image": ["blank", 0]}
    return _node("KSampler", **settings, **links)


RARE_KINDS: dict[str, Any] = {
    "blank": _node("EmptyLatentImage", width=768, height=768, batch_size=1),
    "picture": _node("LoadImage", image="gone.jpg"),
    "unclip": _node("unCLIPCheckpointLoader", ckpt_name="sd21-unclip-h.ckpt"),
    "words": _node("CLIPTextEncode", text="a city", clip=["unclip", 1]),
    "seen": _node("CLIPVisionEncode", clip_vision=["unclip", 3], image=["picture", 0], crop="center"),
    "followed": _node(
        "unCLIPConditioning",
        conditioning=["words", 0],
        clip_vision_output=["seen", 0],
        strength=0.75,
        noise_augmentation=0.35,
    ),
    "drawn": _sampler("unclip", "followed", "words"),
    "shown": _node("VAEDecode", samples=["drawn", 0], vae=["unclip", 2]),
    "saved": _node("SaveImage", images=["shown", 0], filename_prefix="rare"),
    "base": _node("CheckpointLoaderSimple", ckpt_name="v1-5-pruned.ckpt"),
    "prompt": _node("CLIPTextEncode", text="a forest", clip=["base", 1]),
    "eye": _node("CLIPVisionLoader", clip_name="clip_vision_l.safetensors"),
    "looked": _node("CLIPVisionEncode", clip_vision=["eye", 0], image=["picture", 0], crop="none"),
    "style": _node("StyleModelLoader", style_model_name="coadapter-style-sd15v1.pth"),
    "styled": _node(
        "StyleModelApply",
        conditioning=["prompt", 0],
        style_model=["style", 0],
        clip_vision_output=["looked", 0],
        strength=1.0,
        strength_type="multiply",
    ),
    "boxes": _node("GLIGENLoader", gligen_name="gligen_sd14_textbox_pruned.safetensors"),
    "boxed": _node(
        "GLIGENTextBoxApply",
        conditioning_to=["styled", 0],
        clip=["base", 1],
        gligen_textbox_model=["boxes", 0],
        text="a deer",
        width=256,
        height=256,
        x=128,
        y=256,
    ),
    "sampled": _sampler("base", "boxed", "prompt"),
    "decoded": _node("VAEDecode", samples=["sampled", 0], vae=["base", 2]),
    "kept": _node("PreviewImage", images=["decoded", 0]),
}
