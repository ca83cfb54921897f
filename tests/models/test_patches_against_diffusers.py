"""The changes of guidance and of the network that diffusers has as well, on the same small weights."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from models.checkpoint import load_checkpoint
from models.memory import DeviceMemory
from models.patches.freeu import FreeU, Scales
from models.patches.perturbed_attention import PerturbedAttentionGuidance
from models.patches.projected import ProjectedGuidance
from models.patches.rescale import RescaledGuidance
from models.patches.self_attention_guidance import SelfAttentionGuidance
from models.patches.tangential import damp_tangential
from models.patches.zero_star import fitted_guidance
from models.sampling.guiders import CfgGuider
from models.sampling.sample import sample_guided
from models.sampling.samplers import SAMPLERS
from models.sdxl.network_patches import NetworkCall, Spot
from tests.models.small_models import L_WIDTH, relative, text_model
from tests.models.test_patches_guidance import CFG, NEGATIVE, POSITIVE, guided, latent, patched, predicted
from tests.parity.diffusers_sdxl import Twins, twins
from tests.parity.test_loading import SD_UNET, diffusers_unet, write_pipeline

pytest.importorskip("diffusers")
SAME = 1e-3  # relative, after a whole run
pytestmark = pytest.mark.filterwarnings("ignore")  # diffusers and transformers warn of their own changes


@pytest.fixture
def both(tmp_path) -> Twins:
    return twins(tmp_path)


def sharpened(pair: Twins) -> Twins:
    """The same, with queries and values so large that attention matters: random weights attend almost evenly."""
    ours, theirs = pair.ours.model.network, pair.pipe.unet
    for network in (ours, theirs):
        for name, parameter in network.named_parameters():
            if name.endswith(("to_q.weight", "to_v.weight")):
                parameter.data = parameter.data * 4
    return pair


def test_perturbed_attention_guidance(both):
    from diffusers import StableDiffusionXLPAGPipeline

    sharpened(both)
    parts = {
        name: part for name, part in both.pipe.components.items() if name not in ("image_encoder", "feature_extractor")
    }
    pag = StableDiffusionXLPAGPipeline(
        **parts, pag_applied_layers=["mid"], force_zeros_for_empty_prompt=False, add_watermarker=False
    )
    pag.set_progress_bar_config(disable=True)
    wanted = replace(both, pipe=pag).theirs(pag_scale=3.0)
    ours = both.ours.model.with_tweak("PAG", after_guidance=(PerturbedAttentionGuidance(3.0),))
    assert relative(both.weft(ours), wanted) < SAME
    assert relative(both.weft(), wanted) > 1e-2


def test_rescaled_guidance_of_a_model_that_predicts_v(both):
    both.pipe.scheduler.register_to_config(prediction_type="v_prediction")
    wanted = both.theirs(guidance_rescale=0.7)
    model = both.ours.model.with_schedule(replace(both.ours.model.schedule, prediction="v_prediction"))
    assert relative(both.weft(model.with_tweak("RescaleCFG", guidance=RescaledGuidance(0.7))), wanted) < SAME
    assert relative(both.weft(model), wanted) > 1e-2


def test_freeu_at_the_deepest_level(both):
    """diffusers goes by the number of the block, the paper's own code by the width of the features.

    That is the same for all stages of the deepest level; here the patch is held back from the one that follows.
    """

    class Deepest(FreeU):
        def before_output(self, x, skip, spot):
            return super().before_output(x, skip, spot) if spot.number < 3 else (x, skip)

    both.pipe.enable_freeu(s1=0.4, s2=1.0, b1=1.5, b2=1.0)
    wanted = both.theirs()
    width = both.ours.model.config.model_channels
    change = Deepest({2 * width: Scales(1.5, 0.4)}, False)
    assert relative(both.weft(both.ours.model.with_tweak("FreeU", network=(change,))), wanted) < SAME
    both.pipe.disable_freeu()
    assert relative(both.theirs(), wanted) > 1e-2


def test_freeu_filters_as_diffusers_does():
    from diffusers.utils.torch_utils import apply_freeu

    x, skip = torch.randn(2, 2, 64, 7, 12, generator=torch.Generator().manual_seed(1)).unbind()
    wanted = apply_freeu(0, x.clone(), skip.clone(), b1=1.2, s1=0.3, b2=1.0, s2=1.0)
    spot = Spot(NetworkCall((), 1.0, (7, 12), (0,)), "output", 0, (7, 12))
    found = FreeU({64: Scales(1.2, 0.3)}, False).before_output(x, skip, spot)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_self_attention_guidance(tmp_path):
    from diffusers import DDIMScheduler
    from diffusers.pipelines.deprecated.stable_diffusion_sag.pipeline_stable_diffusion_sag import (
        StableDiffusionSAGPipeline,
    )

    unet = diffusers_unet(**SD_UNET, attention_head_dim=2, cross_attention_dim=L_WIDTH)
    for name, parameter in unet.named_parameters():
        if name.endswith("to_q.weight"):
            parameter.data = parameter.data * 8
    text = text_model(L_WIDTH, 3, "quick_gelu", L_WIDTH, 3)
    vae = write_pipeline(tmp_path, unet, {"text_encoder": text})
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, steps_offset=1
    )
    pipe = StableDiffusionSAGPipeline(vae, text, None, unet, scheduler, None, None, requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)
    ours = load_checkpoint(tmp_path, DeviceMemory.choose("cpu"))
    start = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(5))
    sides = [ours.clip.encode_text(text).cond for text in ("a red fox", "blurry")]

    def theirs(scale):
        made = pipe(
            prompt_embeds=sides[0].repeat(2, 1, 1),
            negative_prompt_embeds=sides[1].repeat(2, 1, 1),
            latents=start.clone(),
            num_inference_steps=4,
            guidance_scale=5.0,
            sag_scale=scale,
            height=128,
            width=128,
            output_type="latent",
        )
        return made.images

    wanted, without = theirs(0.75), theirs(0.0)
    levels = torch.cat([ours.model.schedule.sigma(scheduler.timesteps), torch.zeros(1)])
    change = SelfAttentionGuidance(0.75, 1.0)
    model = ours.model.with_tweak("SAG", network=(change,), after_guidance=(change,), needs_uncond=True)
    first = levels[0]
    *_, last = sample_guided(
        CfgGuider(model, [[sides[0], {}]], [[sides[1], {}]], 5.0),
        noise=start * (1 + first**2).sqrt() / first,  # DDIM keeps latents at variance one
        latent=torch.zeros_like(start),
        sampler=SAMPLERS["euler"],
        sigmas=levels,
        seed=0,
    )
    found = last.x * model.latent_scale
    assert relative(found, wanted) < SAME
    assert relative(without, wanted) > 1e-2


def noises(x):
    """What both sides take to be noise, as far as it matters to formulas that compare directions."""
    return [x - torch.from_numpy(predicted(x, number)).float() for number in (POSITIVE, NEGATIVE)]


def test_tangential_damping():
    from diffusers.guiders import TangentialClassifierFreeGuidance

    x = latent(batch=2)
    wanted = x - TangentialClassifierFreeGuidance(guidance_scale=CFG).forward(*noises(x)).pred
    torch.testing.assert_close(guided(patched(before_guidance=(damp_tangential,)), x), wanted, rtol=1e-3, atol=1e-3)


def test_adaptive_projected_guidance():
    """diffusers gives cond + (scale - 1) * difference, as the paper; what ComfyUI's users know is one scale more."""
    from diffusers.guiders import AdaptiveProjectedGuidance

    x = latent(batch=2)
    cond, uncond = (torch.from_numpy(predicted(x, number)).float() for number in (POSITIVE, NEGATIVE))
    settings = {"adaptive_projected_guidance_rescale": 5.0, "eta": 0.25}
    guider = AdaptiveProjectedGuidance(guidance_scale=CFG, **settings, use_original_formulation=True)
    wanted = guider.forward(cond, uncond).pred
    found = guided(patched(before_guidance=(ProjectedGuidance(0.25, 5.0, 0.0),)), x)
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-3)


def test_the_fit_of_zero_star():
    from diffusers.guiders.classifier_free_zero_star_guidance import cfg_zero_star_scale

    x = latent(batch=2)
    positive, negative = noises(x)
    fit = cfg_zero_star_scale(positive.flatten(1), negative.flatten(1))[:, :, None, None]
    cond, uncond = x - positive, x - negative
    found = guided(patched(after_guidance=(fitted_guidance,)), x)
    torch.testing.assert_close(found, fit * uncond + CFG * (cond - fit * uncond), rtol=1e-3, atol=1e-3)
