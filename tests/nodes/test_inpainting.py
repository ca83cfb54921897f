"""Inpainting's nodes: what they prepare, what they refuse and what a drawn picture looks like in the end."""

from pathlib import Path

import pytest
import torch

from execution.events import Warned
from execution.node import Context, NodeInputError
from models.checkpoint import load_checkpoint
from models.memory import DeviceMemory
from models.vae_codec import encode_image
from nodes.image_edit import image_composite_masked, image_pad_for_outpaint
from nodes.inpainting.crop_and_stitch import crop_around_mask, stitch_crop
from nodes.inpainting.differential import differential_diffusion
from nodes.inpainting.mask_shapes import blur_mask, fill_mask_holes, mask_bounds
from nodes.inpainting.model_conditioning import inpaint_model_conditioning, instruct_pix_to_pix_conditioning
from nodes.latent import set_latent_noise_mask
from nodes.loaders import checkpoint_loader
from nodes.mask import feather_mask, grow_mask
from nodes.sampling import ksampler
from nodes.text import clip_text_encode
from nodes.vae import vae_decode, vae_encode, vae_encode_for_inpaint

BUNDLED = Path(__file__).parents[2] / "models" / "bundled" / "weft_base.safetensors"
SIDE = 128


@pytest.fixture(scope="module")
def drawer():
    """The bundled model with two prompts."""
    loaded = load_checkpoint(BUNDLED, DeviceMemory.choose("cpu"))
    prompts = [clip_text_encode(text=text, clip=loaded.clip, ctx=Context()) for text in ("a red star", "")]
    return {"model": loaded.model, "vae": loaded.vae, "positive": prompts[0], "negative": prompts[1]}


@pytest.fixture(scope="module")
def picture():
    """A yellow disc on blue."""
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    disc = ((y - 64) ** 2 + (x - 64) ** 2 < 40**2)[..., None]
    return torch.where(disc, torch.tensor([0.9, 0.8, 0.1]), torch.tensor([0.1, 0.2, 0.8]))[None]


def square(low=40, high=88):
    mask = torch.zeros(1, SIDE, SIDE)
    mask[:, low:high, low:high] = 1
    return mask


def draw(drawer, latent, *, model=None, positive=None, negative=None, steps=6, denoise=1.0, seed=3):
    drawn = ksampler(
        model=model or drawer["model"],
        seed=seed,
        steps=steps,
        cfg=4.5,
        sampler_name="euler",
        scheduler="normal",
        positive=positive or drawer["positive"],
        negative=negative or drawer["negative"],
        latent_image=latent,
        denoise=denoise,
        ctx=Context(),
    )
    return vae_decode(samples=drawn, vae=drawer["vae"])


def warnings(bench):
    return [event.sentence for event in bench.told(Warned)]


# InpaintModelConditioning, InstructPixToPixConditioning


def conditioned(drawer, picture, mask, bench, **more):
    given = {name: drawer[name] for name in ("positive", "negative", "vae")}
    return inpaint_model_conditioning(**given, pixels=picture, mask=mask, ctx=bench.ctx, **more)


def test_both_sides_know_the_picture_without_its_masked_part(drawer, picture, bench):
    ready = conditioned(drawer, picture, square(), bench)
    hidden = picture.clone()
    hidden[:, 40:88, 40:88] = 0.5
    for side in (ready.positive, ready.negative):
        (entry,) = side
        assert torch.allclose(entry[1]["concat_latent_image"], encode_image(drawer["vae"], hidden), atol=1e-5)
        assert torch.equal(entry[1]["concat_mask"], square()[:, None])
        assert "pooled_output" in entry[1]
    assert torch.equal(ready.latent["samples"], vae_encode(pixels=picture, vae=drawer["vae"])["samples"])
    assert torch.equal(ready.latent["noise_mask"], square()[:, None])
    assert "concat_mask" not in drawer["positive"][0][1]
    assert "noise_mask" not in conditioned(drawer, picture, square(), bench, noise_mask=False).latent
    assert warnings(bench) == []


def test_odd_sides_are_cut_evenly_and_other_sizes_of_masks_stretched(drawer, bench):
    image = torch.rand(2, 70, 101, 4, generator=torch.Generator().manual_seed(1))
    mask = torch.zeros(35, 50)
    mask[:, 25:] = 1
    ready = conditioned(drawer, image, mask, bench)
    assert ready.latent["samples"].shape == (2, 4, 8, 12)
    assert ready.latent["noise_mask"].shape == (1, 1, 64, 96)
    middle = image[:, 3:67, 2:98]
    assert torch.allclose(ready.latent["samples"], encode_image(drawer["vae"], middle), atol=1e-5)
    kept = ready.positive[0][1]["concat_latent_image"]
    hidden = (kept - ready.latent["samples"]).abs().mean(dim=(0, 1, 2))
    assert hidden[:4].max() < 0.2 * hidden[8:].min()  # the right half is grey
    assert warnings(bench) == []  # a mask of half the size is of the same shape


def test_a_plain_model_draws_the_masked_part_alone(drawer, picture, bench):
    ready = conditioned(drawer, picture, square(), bench)
    aware = draw(drawer, ready.latent, positive=ready.positive, negative=ready.negative)
    plain = set_latent_noise_mask(samples=vae_encode(pixels=picture, vae=drawer["vae"]), mask=square(), ctx=bench.ctx)
    assert torch.equal(aware, draw(drawer, plain))
    result = image_composite_masked(destination=picture, source=aware, mask=square())
    outside = square() == 0
    assert torch.equal(result[outside], picture[outside])
    assert (result - picture)[~outside].abs().mean() > 0.1


def test_instructions_get_blank_latents_and_the_picture(drawer, picture):
    given = {name: drawer[name] for name in ("positive", "negative", "vae")}
    ready = instruct_pix_to_pix_conditioning(**given, pixels=picture)
    shown = encode_image(drawer["vae"], picture)
    assert torch.equal(ready.positive[0][1]["concat_latent_image"], shown)
    assert torch.equal(ready.negative[0][1]["concat_latent_image"], shown)
    assert ready.latent["samples"].shape == shown.shape and ready.latent["samples"].eq(0).all()


# Differential diffusion


def soft(*values):
    """Stripes of grey from left to right."""
    return torch.tensor(values).repeat_interleave(SIDE // len(values))[None, None].expand(1, SIDE, SIDE).contiguous()


def test_more_changes_where_the_mask_is_lighter(drawer, bench):
    values = (0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0)
    image = torch.full((1, SIDE, SIDE, 3), 0.9)
    latent = set_latent_noise_mask(
        samples=vae_encode(pixels=image, vae=drawer["vae"]), mask=soft(*values), ctx=bench.ctx
    )
    drawn = drawer["model"]
    hard = differential_diffusion(model=drawn)
    before = vae_decode(samples=latent, vae=drawer["vae"])
    black = clip_text_encode(text="a large black square", clip=load_clip(), ctx=Context())
    changes = (draw(drawer, latent, model=hard, positive=black, steps=12) - before).abs().mean(dim=(0, 1, 3))
    stripes = changes.reshape(len(values), -1)[:, 4:-4].mean(dim=1)
    assert stripes[0] < 0.05
    assert stripes[1] <= stripes[2] + 0.01 and stripes[2] <= stripes[3] + 0.01 and stripes[3] <= stripes[4] + 0.01
    assert stripes[4] > stripes[0] + 0.2
    assert drawn.tweaks.mask_at is None and hard.network is drawn.network


def load_clip():
    return load_checkpoint(BUNDLED, DeviceMemory.choose("cpu")).clip


def test_no_strength_is_the_mask_as_it_is(drawer, picture, bench):
    latent = set_latent_noise_mask(
        samples=vae_encode(pixels=picture, vae=drawer["vae"]), mask=soft(0.2, 0.6, 0.9, 1.0), ctx=bench.ctx
    )
    plain = draw(drawer, latent, steps=3)
    off = draw(drawer, latent, model=differential_diffusion(model=drawer["model"], strength=0.0), steps=3)
    assert torch.equal(plain, off)
    full = draw(drawer, latent, model=differential_diffusion(model=drawer["model"]), steps=3)
    assert not torch.allclose(plain, full, atol=0.05)


def test_a_mask_of_black_and_white_is_the_same_until_the_last_step(drawer, picture, bench):
    """A point of strength 0 joins at the model's least noise level, as in ComfyUI; nearly nothing is left there."""
    latent = set_latent_noise_mask(samples=vae_encode(pixels=picture, vae=drawer["vae"]), mask=square(), ctx=bench.ctx)
    plain = draw(drawer, latent)
    hard = draw(drawer, latent, model=differential_diffusion(model=drawer["model"]))
    assert 0 < (plain - hard).abs().mean() < 0.04


def test_a_strength_out_of_range_by_a_link_is_refused(drawer):
    with pytest.raises(NodeInputError, match="from 0 to 1") as error:
        differential_diffusion(model=drawer["model"], strength=1.5)
    assert error.value.input_name == "strength"


# Crop and stitch


def test_a_small_part_is_drawn_large_and_put_back(drawer, bench):
    canvas = torch.full((1, 300, 420, 3), 0.6)
    canvas += torch.rand(canvas.shape, generator=torch.Generator().manual_seed(2)) * 0.1
    mask = torch.zeros(1, 300, 420)
    mask[:, 200:240, 330:370] = 1
    part = crop_around_mask(
        image=canvas, mask=mask, width=SIDE, height=SIDE, context_factor=1.5, context_pixels=8, ctx=bench.ctx
    )
    assert part.image.shape == (1, SIDE, SIDE, 3) and part.mask.shape == (1, SIDE, SIDE)
    assert part.mask.mean().item() == pytest.approx((40 / 60) ** 2, rel=0.05)
    latent = vae_encode(pixels=part.image, vae=drawer["vae"])
    drawn = draw(drawer, set_latent_noise_mask(samples=latent, mask=part.mask, ctx=bench.ctx))
    result = stitch_crop(crop=part.crop, image=drawn, feather=6)
    kept = mask == 0
    assert torch.equal(result[kept], canvas[kept])
    assert (result - canvas)[:, 205:235, 335:365].abs().mean() > 0.1
    red = result[0, 205:235, 335:365].mean(dim=(0, 1))
    assert red[0] > red[1] and red[0] > red[2]
    assert warnings(bench) == []


def test_the_mask_grows_before_it_is_cut_out(bench):
    image = torch.rand(1, 100, 100, 3)
    mask = torch.zeros(1, 100, 100)
    mask[:, 50, 50] = 1
    part = crop_around_mask(
        image=image, mask=mask, width=0, height=0, context_factor=1, context_pixels=0, grow_mask=8, ctx=bench.ctx
    )
    assert part.crop.masks.sum() == 17 * 17
    assert part.image.shape == (1, 24, 24, 3)


def test_an_empty_mask_gives_the_pictures_back_and_says_so(bench):
    image = torch.rand(1, 72, 96, 3)
    part = crop_around_mask(image=image, mask=torch.zeros(1, 64, 64), ctx=bench.ctx)
    assert "mask is empty" in warnings(bench)[0]
    assert part.mask.eq(0).all()
    assert torch.equal(stitch_crop(crop=part.crop, image=torch.rand(1, 64, 64, 3)), image)


def test_pictures_of_a_batch_are_cut_alike(bench):
    images, masks = torch.rand(3, 100, 100, 3), torch.zeros(2, 100, 100)
    masks[0, 10:20, 10:20], masks[1, 60:70, 60:70] = 1, 1
    part = crop_around_mask(image=images, mask=masks, width=64, height=64, context_pixels=0, ctx=bench.ctx)
    assert part.image.shape == (3, 64, 64, 3) and part.mask.shape == (3, 64, 64)
    assert torch.equal(part.mask[0], part.mask[2])
    result = stitch_crop(crop=part.crop, image=torch.rand(3, 64, 64, 3), feather=0)
    changed = (result != images).any(dim=-1)
    assert torch.equal(changed, masks[[0, 1, 0]].bool())


def test_what_is_no_picture_is_refused(bench):
    part = crop_around_mask(image=torch.rand(1, 64, 64, 3), mask=torch.ones(1, 64, 64), ctx=bench.ctx)
    with pytest.raises(NodeInputError, match=r"not \[64, 64, 3\]") as error:
        stitch_crop(crop=part.crop, image=torch.rand(64, 64, 3))
    assert error.value.input_name == "image"
    with pytest.raises(NodeInputError, match="Connect an IMAGE") as error:
        crop_around_mask(image=torch.rand(64, 64, 3), mask=torch.ones(1, 64, 64), ctx=bench.ctx)
    assert error.value.input_name == "image"


# Masks


def test_masks_of_another_shape_or_number_are_told(drawer, picture, bench):
    latent = {"samples": torch.zeros(1, 4, 16, 16)}
    set_latent_noise_mask(samples=latent, mask=torch.ones(1, 64, 128), ctx=bench.ctx)
    assert "128 x 64 pixels" in warnings(bench)[0] and "128 x 128: it is stretched" in warnings(bench)[0]
    vae_encode_for_inpaint(pixels=picture, vae=drawer["vae"], mask=torch.ones(3, 64, 64), ctx=bench.ctx)
    assert "holds 3 masks for 1 pictures" in warnings(bench)[1]
    conditioned(drawer, picture, torch.zeros(1, 64, 64), bench)
    assert "mask is empty" in warnings(bench)[2]
    assert len(warnings(bench)) == 3


def test_small_pictures_are_refused_by_the_input(drawer, bench):
    with pytest.raises(NodeInputError, match="20x5 pixels is too small") as error:
        conditioned(drawer, torch.rand(1, 5, 20, 3), torch.ones(1, 5, 20), bench)
    assert error.value.input_name == "pixels"
    with pytest.raises(NodeInputError, match="20x5 pixels is too small") as error:
        vae_encode_for_inpaint(
            pixels=torch.rand(1, 5, 20, 3), vae=drawer["vae"], mask=torch.ones(1, 5, 20), ctx=bench.ctx
        )
    assert error.value.input_name == "pixels"


def test_the_shapes_of_masks(bench):
    ring = torch.zeros(40, 40)
    ring[10:30, 10:30] = 1
    ring[15:25, 15:25] = 0
    filled = fill_mask_holes(mask=ring)
    assert filled.shape == (1, 40, 40) and filled.sum() == 400
    assert mask_bounds(mask=ring, margin=2, ctx=bench.ctx) == (8, 8, 24, 24)
    assert mask_bounds(mask=ring, margin=20, ctx=bench.ctx) == (0, 0, 40, 40)
    assert warnings(bench) == []
    assert mask_bounds(mask=ring * 0, ctx=bench.ctx) == (0, 0, 40, 40)
    assert "mask is empty" in warnings(bench)[0]
    soft_ring = blur_mask(mask=ring, radius=2.0)
    assert 0 < soft_ring[0, 8, 20] < 0.5 < soft_ring[0, 12, 20] < 1


def test_a_ring_of_masks_grown_shrunk_and_feathered_keeps_its_outside(drawer, picture, bench):
    """Every way of shaping a mask, and a composite through it: where the shaped mask is 0 not a bit changes."""
    shaped = [
        grow_mask(mask=square(), expand=9),
        grow_mask(mask=square(), expand=-9, tapered_corners=False),
        feather_mask(mask=square(0, SIDE), left=20, top=20, right=20, bottom=20),
        blur_mask(mask=square(), radius=3.0),
    ]
    drawn = draw(
        drawer,
        set_latent_noise_mask(samples=vae_encode(pixels=picture, vae=drawer["vae"]), mask=square(), ctx=bench.ctx),
        steps=2,
    )
    for mask in shaped:
        result = image_composite_masked(destination=picture, source=drawn, mask=mask)
        assert torch.equal(result[mask == 0], picture[mask == 0])
        assert not torch.equal(result[mask > 0.5], picture[mask > 0.5])


# Outpainting


@pytest.mark.parametrize("feathering", [0, 24])
def test_outpainting_keeps_the_picture_to_the_last_bit(drawer, picture, bench, feathering):
    small = picture[:, 16:112, 16:112]
    padded, mask = image_pad_for_outpaint(image=small, left=32, top=0, right=0, bottom=32, feathering=feathering)
    assert padded.shape == (1, 128, 128, 3)
    latent = vae_encode(pixels=padded, vae=drawer["vae"])
    drawn = draw(drawer, set_latent_noise_mask(samples=latent, mask=mask, ctx=bench.ctx))
    result = image_composite_masked(destination=padded, source=drawn, mask=mask)
    kept = mask.reshape(1, 128, 128) == 0
    assert kept.sum() >= (96 - feathering) ** 2
    assert torch.equal(result[kept], padded[kept])
    assert torch.equal(result[:, : 96 - feathering, 32 + feathering :], small[:, : 96 - feathering, feathering:])
    assert (result[:, 100:] - 0.5).abs().mean() > 0.02  # the grey border has been drawn over


def test_what_the_autoencoder_does_not_take_is_blamed_on_the_picture(models):
    loaded = checkpoint_loader(ckpt_name="base.safetensors", ctx=models.ctx)
    refused = {"positive": [], "negative": [], "vae": loaded.VAE, "pixels": torch.rand(1, 16, 16, 2)}
    with pytest.raises(NodeInputError, match="16, 16, 2") as error:
        instruct_pix_to_pix_conditioning(**refused)
    assert error.value.input_name == "pixels"
