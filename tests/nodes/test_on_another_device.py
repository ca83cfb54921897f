"""Models on a device of their own in half precision, with wires in main memory: see `tests.models.pretend_device`."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from execution.context import Context, Services
from folders.workspace import Workspace
from models.adapters.control_network import ControlNetwork
from models.memory import Dtypes
from models.sampling.samplers import SAMPLERS
from nodes import controlnet, loaders, sampling, text, vae
from nodes.custom_sampling import guiders, noise, samplers
from nodes.custom_sampling.model_sampling import model_sampling_continuous_edm
from nodes.custom_sampling.sampling import sampler_custom_advanced
from nodes.inpainting.differential import differential_diffusion
from nodes.inpainting.model_conditioning import inpaint_model_conditioning
from nodes.merging.merge_models import model_merge_simple
from nodes.upscaling.with_models import image_upscale_with_model, upscale_model_loader
from nodes.vision import clip_vision, control_kinds, gligen, photomakers, style_models
from tests.models.pretend_device import OtherDeviceError, pretend_memory, pretending
from tests.models.small_adapters import (
    unet_facts,
    write_clip_vision,
    write_control_lora,
    write_controlnet_union,
    write_gligen,
    write_photomaker,
    write_style_model,
    write_unclip_checkpoint,
)
from tests.models.small_models import BASE, SD15, make, randomise

SIDE = 8
CONV_IN = "model.diffusion_model.input_blocks.0.0.weight"
LEVELS = torch.tensor([14.6, 3.0, 0.0])
ALL_HALF = Dtypes(torch.float16, torch.float16, torch.float16)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    root = tmp_path_factory.mktemp("device")
    for kind in ("checkpoints", "controlnet", "upscale_models"):
        (root / kind).mkdir()
    make("sdxl").save(root / "checkpoints/base.safetensors")
    plain = make("sdxl").state[CONV_IN]
    more = torch.cat([plain, torch.randn(len(plain), 5, 3, 3) * 0.3], dim=1)
    make("sdxl").save(root / "checkpoints/inpaint.safetensors", **{CONV_IN: more})
    sd15 = {name: tensor.contiguous() for name, tensor in make("sd15").state.items()}
    save_file(sd15, root / "checkpoints/sd15.safetensors", unet_facts(SD15))
    write_unclip_checkpoint(root / "checkpoints/unclip.safetensors")
    save_file(randomise(ControlNetwork(BASE), 1).state_dict(), root / "controlnet/plain.safetensors")
    write_controlnet_union(root / "controlnet/union.safetensors")
    write_control_lora(root / "controlnet/lora.safetensors")
    write_clip_vision(root / "clip_vision/g.safetensors")
    write_style_model(root / "style_models/style.safetensors")
    write_gligen(root / "gligen/boxes.safetensors")
    write_photomaker(root / "photomaker/photomaker-v1.bin")
    layers = nn.ModuleList([nn.Conv2d(3, 4, 3, padding=1), nn.PReLU(4), nn.Conv2d(4, 12, 3, padding=1)])
    state = {f"body.{name}": value for name, value in layers.state_dict().items()}
    save_file(state, root / "upscale_models/twice.safetensors")
    return root


class Studio:
    """A context on the pretended device."""

    def __init__(self, workspace, dtypes=ALL_HALF):
        self.ctx = Context(services=Services([workspace, pretend_memory(dtypes)]))

    def checkpoint(self, name="base"):
        return loaders.checkpoint_loader(ckpt_name=f"{name}.safetensors", ctx=self.ctx)

    def prompt(self, clip, words="a (red:1.2) fox"):
        return text.clip_text_encode(text=words, clip=clip, ctx=self.ctx)

    def control(self, name, conditioning):
        net = controlnet.control_net_loader(control_net_name=f"{name}.safetensors", ctx=self.ctx)
        if name == "union":
            net = control_kinds.set_union_control_net_type(control_net=net, type="depth")
        net = control_kinds.control_net_mask(control_net=net, mask=hole())
        return controlnet.control_net_apply_advanced(
            positive=conditioning, negative=conditioning, control_net=net, image=picture()
        )

    def draw(self, model, positive, negative=None, latent=None, **settings):
        given = {"sampler_name": "euler", "scheduler": "normal", "steps": 2, "cfg": 3.0, "seed": 1} | settings
        made = sampling.ksampler(
            model=model,
            positive=positive,
            negative=negative or positive,
            latent_image=latent or {"samples": torch.zeros(1, 4, SIDE, SIDE)},
            ctx=self.ctx,
            **given,
        )
        return in_main_memory(made["samples"])


def in_main_memory(tensor):
    assert tensor.device.type == "cpu" and tensor.dtype == torch.float32 and tensor.isfinite().all()
    return tensor


def picture():
    return torch.rand(1, 8 * SIDE, 8 * SIDE, 3, generator=torch.Generator().manual_seed(1))


def hole():
    mask = torch.zeros(1, 8 * SIDE, 8 * SIDE)
    mask[:, 16:48, 16:48] = 1
    return mask


@pytest.fixture
def studio(tmp_path, files):
    with pretending():
        yield Studio(Workspace(tmp_path / "w", model_dirs=(files,)))


def test_the_pretence_notices_tensors_of_two_devices(studio):
    here = torch.ones(3)
    there = here.to(studio.checkpoint().MODEL.memory.device)
    assert (here.device.type, there.device.type, (2 * there)[1:].device.type) == ("cpu", "cuda", "cuda")
    assert torch.zeros_like(there).device == torch.zeros(2, device=there.device).device == there.device
    assert (there * torch.tensor(2.0)).cpu().device.type == "cpu"  # a single number may come from main memory
    for wrong in (lambda: there + here, lambda: torch.cat([here, there]), lambda: there.numpy()):
        with pytest.raises(OtherDeviceError):
            wrong()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler(studio, sampler):
    model, clip, _ = studio.checkpoint()
    method = samplers.ksampler_select(sampler_name=sampler)
    sides = studio.prompt(clip), studio.prompt(clip, "blurry")
    guider = guiders.cfg_guider(model=model, positive=sides[0], negative=sides[1], cfg=4.0)
    found = sampler_custom_advanced(
        noise=noise.random_noise(noise_seed=3),
        guider=guider,
        sampler=method,
        sigmas=LEVELS,
        latent_image={"samples": torch.zeros(1, 4, SIDE, SIDE), "noise_mask": hole()},
        ctx=studio.ctx,
    )
    for latent in found:
        in_main_memory(latent["samples"])


@pytest.mark.parametrize("name", ["plain", "union", "lora"])
def test_controlnets(studio, name):
    model, clip, _ = studio.checkpoint()
    positive, negative = studio.control(name, studio.prompt(clip))
    assert not torch.equal(studio.draw(model, positive, negative), studio.draw(model, studio.prompt(clip)))


def test_gligen_and_style_models(studio):
    model, clip, _ = studio.checkpoint("sd15")
    plain = studio.prompt(clip)
    boxes = gligen.gligen_loader(gligen_name="boxes.safetensors", ctx=studio.ctx)
    box = {"text": "a fox", "width": 32, "height": 32, "x": 0, "y": 16}
    placed = gligen.gligen_text_box_apply(
        conditioning_to=plain, clip=clip, gligen_textbox_model=boxes, ctx=studio.ctx, **box
    )
    encoder = clip_vision.clip_vision_loader(clip_name="g.safetensors", ctx=studio.ctx)
    seen = clip_vision.clip_vision_encode(clip_vision=encoder, image=picture(), crop="center")
    style = style_models.style_model_loader(style_model_name="style.safetensors", ctx=studio.ctx)
    given = {"strength": 1.0, "strength_type": "multiply", "ctx": studio.ctx}
    styled = style_models.style_model_apply(conditioning=plain, style_model=style, clip_vision_output=seen, **given)
    bare = studio.draw(model, plain)
    for conditioning in (placed, styled):
        assert not torch.equal(studio.draw(model, conditioning, plain), bare)


def test_photomaker(studio):
    model, clip, _ = studio.checkpoint()
    maker = photomakers.photo_maker_loader(photomaker_model_name="photomaker-v1.bin", ctx=studio.ctx)
    person = photomakers.photo_maker_encode(
        photomaker=maker, image=picture(), clip=clip, text="photo of a man photomaker", ctx=studio.ctx
    )
    studio.draw(model, person)


def test_pictures_as_prompts(studio):
    model, clip, _, encoder = clip_vision.unclip_checkpoint_loader(ckpt_name="unclip.safetensors", ctx=studio.ctx)
    seen = clip_vision.clip_vision_encode(clip_vision=encoder, image=picture(), crop="center")
    for output in (seen.image_embeds, seen.last_hidden_state, seen.penultimate_hidden_states):
        in_main_memory(output)
    follow = clip_vision.unclip_conditioning(
        conditioning=studio.prompt(clip), clip_vision_output=seen, strength=1.0, noise_augmentation=0.1
    )
    studio.draw(model, follow)


def test_inpainting(studio):
    model, clip, coder = studio.checkpoint("inpaint")
    ready = inpaint_model_conditioning(
        positive=studio.prompt(clip),
        negative=studio.prompt(clip),
        vae=coder,
        pixels=picture(),
        mask=hole(),
        noise_mask=True,
        ctx=studio.ctx,
    )
    changed = differential_diffusion(model=model)
    drawn = studio.draw(changed, ready.positive, ready.negative, ready.latent)
    in_main_memory(vae.vae_decode(samples={"samples": drawn}, vae=coder, ctx=studio.ctx))


def test_playgrounds_latents(studio):
    model, clip, _ = studio.checkpoint()
    playground = model_sampling_continuous_edm(
        model=model, sampling="edm_playground_v2.5", sigma_max=80.0, sigma_min=0.002
    )
    studio.draw(playground, studio.prompt(clip))


def test_merges_leave_the_weights_at_home(studio):
    one, two = studio.checkpoint().MODEL, studio.checkpoint("base").MODEL
    prompt = studio.prompt(studio.checkpoint().CLIP)
    before = {name: one.memory.at_home(value).clone() for name, value in one.network.named_parameters()}
    merged = model_merge_simple(model1=one, model2=two, ratio=0.5, ctx=studio.ctx)
    studio.draw(merged, prompt)
    for name, value in one.network.named_parameters():
        home = one.memory.at_home(value)
        assert home.device.type == "cpu" and torch.equal(home, before[name])


def test_upscaling(studio):
    upscaler = upscale_model_loader(model_name="twice.safetensors", ctx=studio.ctx)
    made = image_upscale_with_model(upscale_model=upscaler, image=picture(), ctx=studio.ctx)
    assert in_main_memory(made).shape == (1, 16 * SIDE, 16 * SIDE, 3)
