"""Folders that Weft writes are loaded by diffusers as they are, and give the latents that Weft gives."""

from __future__ import annotations

import warnings

import pytest
import torch
from safetensors.torch import save_file

from models.checkpoint import load_checkpoint
from models.export.convert import to_diffusers, to_single
from models.memory import DeviceMemory
from models.sampling.guiders import CfgGuider
from models.sampling.sample import sample_guided
from models.sampling.samplers import SAMPLERS
from models.sampling.schedules import sigmas as levels
from models.sdxl.text_encoder import hide_broken_torchvision
from models.vae_codec import decode_latent
from tests.models.small_models import make, relative

STEPS, GUIDANCE, SIDE = 4, 5.0, 8
PROMPT, NEGATIVE = "a red fox, (oil) painting", "blurry"
NOTES = {"weft.unet.head_channels": "32"}


@pytest.fixture(scope="module", params=["sdxl", "sd15", "sd21", "sd21 v"])
def both(request, tmp_path_factory):
    """A small checkpoint loaded by Weft, and diffusers' pipeline of the folder that Weft makes of it."""
    hide_broken_torchvision()
    folder = tmp_path_factory.mktemp("export")
    family = request.param.split()[0]
    tensors = {name: value.contiguous() for name, value in make(family).state.items()}
    if request.param.endswith(" v"):
        tensors["v_pred"] = torch.zeros(0)
    save_file(tensors, folder / "a.safetensors", NOTES if family != "sdxl" else {})
    to_diffusers(folder / "a.safetensors", folder / "pipeline")
    return load_checkpoint(folder / "a.safetensors", DeviceMemory.choose("cpu")), pipeline(folder / "pipeline"), folder


def pipeline(folder):
    from diffusers import DiffusionPipeline, EulerDiscreteScheduler

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = DiffusionPipeline.from_pretrained(folder, safety_checker=None)
    # of our sampler: the steps are given below, the rest is the folder's
    made.scheduler = EulerDiscreteScheduler.from_config(made.scheduler.config)
    made.set_progress_bar_config(disable=True)
    return made


def weft_latents(checkpoint, noise):
    model = checkpoint.model
    sides = []
    for text in (PROMPT.replace("(oil)", r"\(oil\)"), NEGATIVE):
        found = checkpoint.clip.encode_text(text)
        sides.append([[found.cond, {"pooled_output": found.pooled, "width": 8 * SIDE, "height": 8 * SIDE}]])
    steps = levels(model.schedule, "normal", STEPS, 1.0)
    *_, last = sample_guided(
        CfgGuider(model, sides[0], sides[1], GUIDANCE),
        noise=noise,
        latent=torch.zeros_like(noise),
        sampler=SAMPLERS["euler"],
        sigmas=steps,
        seed=0,
    )
    return last.x * model.latent_scale, steps


def test_diffusers_draws_the_same_from_the_same_words(both):
    """Through its own tokenizers, text encoders, UNet and VAE: all of the folder takes part."""
    checkpoint, pipe, _ = both
    noise = torch.randn(1, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(5))
    ours, steps = weft_latents(checkpoint, noise)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pipe(
            PROMPT,
            negative_prompt=NEGATIVE,
            latents=noise.clone(),
            sigmas=steps.tolist(),
            guidance_scale=GUIDANCE,
            height=8 * SIDE,
            width=8 * SIDE,
            output_type="latent",
        ).images
    assert relative(ours, theirs) < 1e-3
    with torch.no_grad():
        scale = pipe.vae.config.scaling_factor
        picture = ((pipe.vae.decode(theirs / scale).sample + 1) / 2).clamp(0, 1).permute(0, 2, 3, 1)
    assert relative(decode_latent(checkpoint.vae, ours / scale), picture) < 1e-3


def test_the_words_and_the_noise_matter(both):
    """So that the comparison above can fail."""
    checkpoint, _, _ = both
    one, two = (
        weft_latents(checkpoint, torch.randn(1, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(seed)))[0]
        for seed in (5, 6)
    )
    assert relative(one, two) > 1e-2


def test_a_folder_that_diffusers_saved_again_comes_back(both):
    """What diffusers writes after a fine-tuning becomes a single file that draws as the folder does."""
    checkpoint, pipe, folder = both
    saved = folder / "tuned"
    if not saved.exists():
        with torch.no_grad():
            pipe.unet.conv_out.bias += 0.05
            pipe.save_pretrained(saved)
            pipe.unet.conv_out.bias -= 0.05
    target = folder / "tuned.safetensors"
    if not target.exists():
        to_single(saved, target)
    back = load_checkpoint(target, DeviceMemory.choose("cpu"))
    assert back.model.config == checkpoint.model.config or back.model.config.num_heads is not None
    assert back.model.schedule.prediction == checkpoint.model.schedule.prediction
    noise = torch.randn(1, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(5))
    from_folder = load_checkpoint(saved, DeviceMemory.choose("cpu"))
    assert relative(weft_latents(back, noise)[0], weft_latents(from_folder, noise)[0]) < 1e-6
    assert relative(weft_latents(back, noise)[0], weft_latents(checkpoint, noise)[0]) > 1e-4  # the tuning shows


def test_the_refiner_refines_alike(tmp_path):
    """Denoise half-way: image to image of latents, with the aesthetic score of the refiner's conditioning."""
    hide_broken_torchvision()
    save_file(
        {name: value.contiguous() for name, value in make("sdxl_refiner").state.items()}, tmp_path / "a.safetensors"
    )
    to_diffusers(tmp_path / "a.safetensors", tmp_path / "pipeline")
    pipe = pipeline(tmp_path / "pipeline")
    assert type(pipe).__name__ == "StableDiffusionXLImg2ImgPipeline" and pipe.config.requires_aesthetics_score
    ours = load_checkpoint(tmp_path / "a.safetensors", DeviceMemory.choose("cpu"))
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(1, 4, SIDE, SIDE, generator=generator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        states, _, pooled, _ = pipe.encode_prompt(PROMPT, do_classifier_free_guidance=False)
    found = ours.clip.encode_text(PROMPT.replace("(oil)", r"\(oil\)"))
    assert relative(found.cond, states) < 1e-3 and relative(found.pooled, pooled) < 1e-3
    sizes = torch.tensor([[64.0, 64, 0, 0, 6.0]])
    label = torch.cat([pooled, pipe.unet.add_time_proj(sizes.flatten()).reshape(1, -1)], dim=-1)
    with torch.no_grad():
        extra = {"text_embeds": pooled, "time_ids": sizes}
        theirs = pipe.unet(x, torch.tensor([400.0]), states, added_cond_kwargs=extra).sample
        mine = ours.model.network(x, torch.tensor([400.0]), found.cond, label)
    assert relative(mine, theirs) < 1e-3
