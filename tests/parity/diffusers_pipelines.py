"""diffusers' SDXL pipelines, base and refiner, on small random weights that Weft loads as well; and Weft's nodes."""

from __future__ import annotations

import gzip
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from execution.context import CancelToken, Context, Services
from folders.workspace import Workspace
from models.checkpoint import Checkpoint, load_checkpoint
from models.memory import DeviceMemory
from models.sampling.noise_schedule import NoiseSchedule
from models.sdxl.tokenizer import ClipTokenizer
from nodes.custom_sampling.denoising_range import ksampler_denoising_range
from nodes.loaders import with_embeddings
from nodes.sampling import ksampler, ksampler_advanced
from nodes.text import clip_text_encode_sdxl, clip_text_encode_sdxl_refiner
from tests.models.small_models import G_WIDTH, L_WIDTH, PROJECTION, text_model
from tests.parity.test_loading import SDXL_UNET, diffusers_unet, write_pipeline

MERGES = Path(__file__).parents[2] / "models/sdxl/data/clip_bpe.txt.gz"
REFINER_UNET = SDXL_UNET | {
    "cross_attention_dim": G_WIDTH,
    "projection_class_embeddings_input_dim": PROJECTION + 5 * 256,
}
LATENT_SCALE = 0.13025
TRAIN = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


class Pair(NamedTuple):
    """One checkpoint twice: the parts of a diffusers pipeline, and what Weft loads from its folder."""

    parts: dict[str, Any]
    ours: Checkpoint


def tokenizer(pad: str) -> Any:
    """transformers' own tokenizer of CLIP, padding as SDXL's pipelines do."""
    from transformers import CLIPTokenizer

    vocabulary = ClipTokenizer()._tokenizer.get_vocab(with_added_tokens=False)
    merges = [tuple(line.split(" ")) for line in gzip.decompress(MERGES.read_bytes()).decode().splitlines()]
    return CLIPTokenizer(vocab=vocabulary, merges=merges, pad_token=pad, model_max_length=77)


def base_pair(folder: Path, **unet: Any) -> Pair:
    """SDXL's base; `unet` changes the network's settings."""
    texts = {
        "text_encoder": text_model(L_WIDTH, 3, "quick_gelu", L_WIDTH, 3),
        "text_encoder_2": text_model(G_WIDTH, 4, "gelu", PROJECTION, 4),
    }
    tokenizers = {"tokenizer": tokenizer("<|endoftext|>"), "tokenizer_2": tokenizer("!")}
    return _pair(folder, diffusers_unet(**SDXL_UNET | unet), texts, tokenizers)


def refiner_pair(folder: Path) -> Pair:
    """SDXL's refiner, which has the second text encoder alone and takes an aesthetic score."""
    texts = {"text_encoder_2": text_model(G_WIDTH, 4, "gelu", PROJECTION, 4)}
    return _pair(folder, diffusers_unet(**REFINER_UNET), texts, {"tokenizer_2": tokenizer("!")})


def _pair(folder: Path, unet: Any, texts: dict[str, Any], tokenizers: dict[str, Any]) -> Pair:
    from transformers import CLIPTextModel

    vae = write_pipeline(folder, unet, texts)
    vae.register_to_config(scaling_factor=LATENT_SCALE)
    parts = {"text_encoder": None, "tokenizer": None, "vae": vae, "unet": unet, **texts, **tokenizers}
    if "text_encoder" in texts:  # pipelines know by its class, which has no projection, whose pooled output counts
        parts["text_encoder"] = CLIPTextModel.from_pretrained(folder / "text_encoder").requires_grad_(False).eval()
    return Pair(parts, load_checkpoint(folder, memory()))


def memory() -> DeviceMemory:
    return DeviceMemory.choose("cpu")


def pipeline(kind: str, pair: Pair, scheduler: Any, **options: Any) -> Any:
    """A pipeline of diffusers: "" (text to image), "Img2Img", "Inpaint"."""
    import diffusers

    settings = {"add_watermarker": False, "force_zeros_for_empty_prompt": False} | options
    made = getattr(diffusers, f"StableDiffusionXL{kind}Pipeline")(**pair.parts, scheduler=scheduler, **settings)
    made.set_progress_bar_config(disable=True)
    return made


def call(pipe: Any, **options: Any) -> Tensor:
    """The latents that a pipeline draws, in the network's units."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pipe(output_type="latent", **options).images


@dataclass
class Nodes:
    """Weft's nodes by the names of what they do; latents go in and out in the network's units, as in diffusers."""

    workspace: Workspace

    @property
    def ctx(self) -> Context:
        return Context(services=Services([self.workspace, memory()]), emit=lambda event: None, cancel=CancelToken())

    def prompt(self, pair: Pair, text_l: str, text_g: str | None = None, **sizes: int) -> Any:
        """CLIPTextEncodeSDXL."""
        clip = with_embeddings(self.ctx, pair.ours.clip)
        whole = {"width": 64, "height": 64, "target_width": 64, "target_height": 64} | sizes
        text_g = text_l if text_g is None else text_g
        return clip_text_encode_sdxl(clip=clip, text_l=text_l, text_g=text_g, **whole, ctx=self.ctx)

    def refiner_prompt(self, pair: Pair, text: str, ascore: float, **sizes: int) -> Any:
        """CLIPTextEncodeSDXLRefiner."""
        whole = {"width": 64, "height": 64} | sizes
        return clip_text_encode_sdxl_refiner(ascore=ascore, text=text, clip=pair.ours.clip, **whole, ctx=self.ctx)

    def ksampler(self, pair: Pair, sides: Any, samples: Tensor, mask: Tensor | None = None, **settings: Any) -> Tensor:
        """KSampler."""
        start = self._latent(samples, mask)
        given = {"sampler_name": "euler"} | settings
        made = ksampler(
            model=pair.ours.model, positive=sides[0], negative=sides[1], latent_image=start, ctx=self.ctx, **given
        )
        return made["samples"] * LATENT_SCALE

    def advanced(self, pair: Pair, sides: Any, samples: Tensor, mask: Tensor | None = None, **settings: Any) -> Tensor:
        """KSamplerAdvanced; noise is added and removed to the end unless `settings` say otherwise."""
        given = {"add_noise": "enable", "return_with_leftover_noise": "disable", "sampler_name": "euler"} | settings
        start = self._latent(samples, mask)
        made = ksampler_advanced(
            model=pair.ours.model, positive=sides[0], negative=sides[1], latent_image=start, ctx=self.ctx, **given
        )
        return made["samples"] * LATENT_SCALE

    def range(self, pair: Pair, sides: Any, samples: Tensor, mask: Tensor | None = None, **settings: Any) -> Tensor:
        """KSamplerDenoisingRange."""
        original = settings.pop("original", None)
        given = {"sampler_name": "euler", "seed": 0} | settings
        if original is not None:
            given["original_latent"] = self._latent(original, mask)
        start = self._latent(samples, mask)
        made = ksampler_denoising_range(
            model=pair.ours.model, positive=sides[0], negative=sides[1], latent_image=start, ctx=self.ctx, **given
        )
        return made["samples"] * LATENT_SCALE

    def _latent(self, samples: Tensor, mask: Tensor | None) -> Any:
        latent: dict[str, Any] = {"samples": samples / LATENT_SCALE}
        return latent if mask is None else {**latent, "noise_mask": mask}


def seeded(seed: int) -> torch.Generator:
    """A generator on the CPU, which draws what Weft draws for the seed."""
    return torch.Generator().manual_seed(seed)


class AtTrainedTimesteps:
    """Makes a scheduler of diffusers ask the network at the nearest trained timestep of each noise level.

    That is where ComfyUI and Weft ask. diffusers goes between the timesteps where it is given noise levels (Karras,
    exponential), which the network has never been trained for.
    """

    @staticmethod
    def of(scheduler: Any) -> Any:
        """The same scheduler, changed."""
        if not hasattr(scheduler, "_sigma_to_t"):
            return scheduler

        def nearest(sigma: Any, log_sigmas: Any) -> Any:
            return np.abs(log_sigmas[:, np.newaxis] - np.log(np.atleast_1d(sigma))).argmin(axis=0).squeeze()

        scheduler._sigma_to_t = nearest
        return scheduler


def first_noise(scheduler: Any, steps: int, seed: int, shape: tuple[int, ...], schedule: NoiseSchedule) -> Tensor:
    """Seeded noise for a pipeline's `latents`, as loud in the end as Weft's (and ComfyUI's) first noise.

    Weft begins with sigma times the noise, and with sqrt(sigma^2 + 1) times it at the model's highest level. diffusers
    does the latter with "leading" timesteps and the former with others, wherever they begin.
    """
    scheduler.set_timesteps(steps)
    if hasattr(scheduler, "sigmas"):
        sigma = float(scheduler.sigmas[0])
    else:
        share = float(scheduler.alphas_cumprod[int(scheduler.timesteps[0])])
        sigma = ((1 - share) / share) ** 0.5
    loud = math.hypot(sigma, 1)
    wanted = loud if schedule.starts_from_pure_noise(sigma) else sigma
    given = float(scheduler.init_noise_sigma)
    preserving = given == 1.0  # variance: its latents are 1 / sqrt(sigma^2 + 1) as loud
    return torch.randn(shape, generator=seeded(seed)) * (wanted / loud if preserving else wanted / given)
