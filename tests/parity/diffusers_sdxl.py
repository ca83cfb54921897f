"""A small SDXL pipeline of diffusers and the same weights loaded by Weft, to draw the same latents with both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.checkpoint import Checkpoint, load_checkpoint
from models.memory import DeviceMemory
from models.sampling.guiders import CfgGuider
from models.sampling.sample import sample_guided
from models.sampling.samplers import SAMPLERS
from models.sampling.schedules import sigmas as levels
from models.sdxl.text import Clip
from models.types import Model
from tests.models.small_models import G_WIDTH, L_WIDTH, PROJECTION, text_model
from tests.parity.test_loading import SDXL_UNET, diffusers_unet, write_pipeline

STEPS, GUIDANCE = 4, 5.0
SIDE = 8  # of the latents
PROMPTS = ("a red fox", "blurry")


@dataclass
class Twins:
    """The same weights twice. `pipe` is diffusers' pipeline, changed by whatever is loaded into it."""

    pipe: Any
    ours: Checkpoint
    noise: Tensor

    def theirs(self, **options: Any) -> Tensor:
        """diffusers' latents, in its own (scaled) units."""
        tokens = [self.ours.clip.tokenize(text) for text in PROMPTS]
        encoded = [self._encode(one) for one in tokens]
        made = self.pipe(
            prompt_embeds=encoded[0][0],
            pooled_prompt_embeds=encoded[0][1],
            negative_prompt_embeds=encoded[1][0],
            negative_pooled_prompt_embeds=encoded[1][1],
            latents=self.noise.clone(),
            num_images_per_prompt=len(self.noise),
            sigmas=self.sigmas.tolist(),
            guidance_scale=GUIDANCE,
            height=8 * self.noise.shape[-2],
            width=8 * self.noise.shape[-1],
            output_type="latent",
            **options,
        )
        return made.images

    def _encode(self, tokens: Any) -> tuple[Tensor, Tensor]:
        states, pooled = [], None
        with torch.no_grad():
            for name, encoder in (("l", self.pipe.text_encoder), ("g", self.pipe.text_encoder_2)):
                ids = torch.tensor([[token for token, _ in tokens[name][0]]])
                output = encoder(ids, output_hidden_states=True)
                states.append(output.hidden_states[-2])
                pooled = output.text_embeds
        assert pooled is not None
        return torch.cat(states, dim=-1), pooled

    @property
    def sigmas(self) -> Tensor:
        return levels(self.ours.model.schedule, "normal", STEPS, 1.0)

    def weft(self, model: Model | None = None, clip: Clip | None = None, change: Any = None) -> Tensor:
        """Weft's latents in the same units; `change` makes of (positive, negative) what the sampler is given."""
        model, clip = model or self.ours.model, clip or self.ours.clip
        sides = [[[encoded.cond, {"pooled_output": encoded.pooled}]] for encoded in map(clip.encode_text, PROMPTS)]
        if change is not None:
            sides = change(*sides)
        *_, last = sample_guided(
            CfgGuider(model, sides[0], sides[1], GUIDANCE),
            noise=self.noise,
            latent=torch.zeros_like(self.noise),
            sampler=SAMPLERS["euler"],
            sigmas=self.sigmas,
            seed=0,
        )
        return last.x * model.latent_scale


def twins(folder: Path, side: int = SIDE, **changes: Any) -> Twins:
    """Random weights, saved by diffusers and loaded by Weft; `changes` to the network's settings."""
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

    unet = diffusers_unet(**SDXL_UNET | changes)
    text_l = text_model(L_WIDTH, 3, "quick_gelu", L_WIDTH, 3)
    text_g = text_model(G_WIDTH, 4, "gelu", PROJECTION, 4)
    vae = write_pipeline(folder, unet, {"text_encoder": text_l, "text_encoder_2": text_g})
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1
    )
    pipe = StableDiffusionXLPipeline(
        vae, text_l, text_g, None, None, unet, scheduler, force_zeros_for_empty_prompt=False, add_watermarker=False
    )
    pipe.set_progress_bar_config(disable=True)
    noise = torch.randn(2, 4, side, side, generator=torch.Generator().manual_seed(5))
    return Twins(pipe, load_checkpoint(folder, DeviceMemory.choose("cpu")), noise)
