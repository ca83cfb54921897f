"""Prompts and checkpoints around inpainting: prompts that ControlNets read, nine channels, sizes for each side."""

import pytest
import torch
from safetensors.torch import save_file

from execution.node import Context, NodeInputError
from models.adapters.control_network import ControlNetwork
from models.sdxl.unet import timestep_embedding
from nodes import controlnet
from nodes.conditioning import clip_text_encode_controlnet
from nodes.inpainting.model_conditioning import inpaint_model_conditioning
from nodes.loaders import checkpoint_loader
from nodes.sampling import ksampler
from nodes.text import clip_text_encode, clip_text_encode_sdxl
from tests.models.small_models import BASE, make, randomise, relative

CONV_IN = "model.diffusion_model.input_blocks.0.0.weight"
PICTURE = torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(1))


def hole():
    mask = torch.zeros(1, 64, 64)
    mask[:, 16:48, 16:48] = 1
    return mask


@pytest.fixture
def bench(models):
    folder = models.workspace.root / "models"
    for kind in ("checkpoints", "controlnet"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    plain = make("sdxl").state[CONV_IN]
    for name, scale in (("blind", 0.0), ("inpaint", 0.3)):
        more = torch.randn(len(plain), 5, 3, 3, generator=torch.Generator().manual_seed(2)) * scale
        make("sdxl").save(folder / "checkpoints" / f"{name}.safetensors", **{CONV_IN: torch.cat([plain, more], dim=1)})
    save_file(randomise(ControlNetwork(BASE), 1).state_dict(), folder / "controlnet" / "net.safetensors")
    return models


@pytest.fixture
def load(bench):
    return lambda name: checkpoint_loader(ckpt_name=f"{name}.safetensors", ctx=bench.ctx)


@pytest.fixture
def prompts(load):
    clip = load("base").CLIP
    return {side: clip_text_encode(text=side, clip=clip, ctx=Context()) for side in ("positive", "negative")}


def draw(model, positive, negative, latent=None):
    return ksampler(
        model=model,
        seed=1,
        steps=2,
        cfg=4.0,
        sampler_name="euler",
        scheduler="normal",
        positive=positive,
        negative=negative,
        latent_image=latent or {"samples": torch.zeros(1, 4, 8, 8)},
        ctx=Context(),
    )["samples"]


def test_a_checkpoint_of_nine_channels_loads_and_looks_at_mask_and_picture(load, prompts):
    model, vae = load("inpaint").MODEL, load("inpaint").VAE
    assert (model.config.in_channels, model.config.out_channels) == (9, 4)

    def drawn(picture, mask):
        ready = inpaint_model_conditioning(
            **prompts, vae=vae, pixels=picture, mask=mask, noise_mask=False, ctx=Context()
        )
        return draw(model, ready.positive, ready.negative)

    known = drawn(PICTURE, hole())
    assert relative(drawn(1 - PICTURE, hole()), known) > 1e-3
    assert relative(drawn(PICTURE, hole().roll(16, -1)), known) > 1e-3
    hidden = PICTURE.clone()
    hidden[:, 16:48, 16:48] = torch.rand(1, 32, 32, 3)
    assert relative(drawn(hidden, hole()), known) < 1e-6  # what is masked is not seen


def test_further_channels_that_weigh_nothing_change_nothing(load, prompts):
    plain, blind = load("base").MODEL, load("blind").MODEL
    assert relative(draw(blind, **prompts), draw(plain, **prompts)) < 1e-5


def test_a_controlnet_steers_a_model_of_nine_channels_as_it_does_a_plain_one(bench, load, prompts):
    net = controlnet.control_net_loader(control_net_name="net.safetensors", ctx=bench.ctx)
    steered = controlnet.control_net_apply_advanced(**prompts, control_net=net, image=PICTURE)
    plain = draw(load("base").MODEL, steered.positive, steered.negative)
    assert relative(draw(load("blind").MODEL, steered.positive, steered.negative), plain) < 1e-5
    assert relative(draw(load("base").MODEL, **prompts), plain) > 1e-3


def test_a_controlnet_reads_a_prompt_of_its_own(bench, load, prompts):
    model, clip = load("base").MODEL, load("base").CLIP
    net = controlnet.control_net_loader(control_net_name="net.safetensors", ctx=bench.ctx)

    def drawn(text, *, steered=True):
        given = prompts["positive"]
        if text is not None:
            given = clip_text_encode_controlnet(clip=clip, conditioning=given, text=text, ctx=Context())
        if steered:
            given = controlnet.control_net_apply(conditioning=given, control_net=net, image=PICTURE, strength=1.0)
        return draw(model, given, prompts["negative"])

    assert torch.equal(drawn("a fox", steered=False), drawn(None, steered=False))  # the model reads its own
    assert relative(drawn("a fox in the snow"), drawn(None)) > 1e-4
    assert relative(drawn("positive"), drawn(None)) < 1e-6  # the same words
    long = "a fox in the snow, " * 30  # of another number of tokens than the prompt itself
    assert torch.isfinite(drawn(long)).all()


def test_the_controlnets_prompt_leaves_the_conditioning_that_came_in_alone(load, prompts):
    clip = load("base").CLIP
    made = clip_text_encode_controlnet(clip=clip, conditioning=prompts["positive"], text="a fox", ctx=Context())
    encoded = clip_text_encode(text="a fox", clip=clip, ctx=Context())
    assert torch.equal(made[0][1]["cross_attn_controlnet"], encoded[0][0])
    assert torch.equal(made[0][1]["pooled_output_controlnet"], encoded[0][1]["pooled_output"])
    assert made[0][0] is prompts["positive"][0][0]
    assert "cross_attn_controlnet" not in prompts["positive"][0][1]


def test_a_controlnets_prompt_of_other_encoders_is_refused(load, prompts):
    positive = [
        [states, {**options, "cross_attn_controlnet": torch.zeros(1, 77, 5)}] for states, options in prompts["positive"]
    ]
    with pytest.raises(NodeInputError, match="5 values wide"):
        draw(load("base").MODEL, positive, prompts["negative"])


def test_both_sides_have_sizes_of_their_own(load):
    """Two CLIPTextEncodeSDXL nodes; the label vector ends with the sinusoids of six numbers."""
    loaded = load("base")
    sizes = (
        {"width": 1024, "height": 768, "crop_w": 16, "crop_h": 8, "target_width": 896, "target_height": 1152},
        {"width": 256, "height": 192, "crop_w": 5, "crop_h": 3, "target_width": 320, "target_height": 384},
    )
    sides = [
        clip_text_encode_sdxl(clip=loaded.CLIP, text_g="a fox", text_l="a fox", **one, ctx=Context()) for one in sizes
    ]
    labels = []
    loaded.MODEL.network.register_forward_pre_hook(lambda module, arguments: labels.append(arguments[3]))
    draw(loaded.MODEL, *sides)
    for label, one in zip(labels[0], sizes, strict=True):
        order = ("height", "width", "crop_h", "crop_w", "target_height", "target_width")
        numbers = torch.tensor([float(one[name]) for name in order])
        assert torch.allclose(label[-6 * 256 :].float(), timestep_embedding(numbers, 256).flatten(), atol=1e-3)
    assert torch.equal(labels[0][0][: -6 * 256], labels[0][1][: -6 * 256])  # the same text
