"""The nodes that look at pictures: what their answers do to a picture, and what is said of those that do not fit."""

from __future__ import annotations

import math

import pytest
import torch
from safetensors.torch import save_file

from execution.events import Warned
from execution.node import NodeInputError
from models.sdxl.conditioning import label_vector
from models.sdxl.image_prompt import OPTION, cosine_alphas_cumprod
from models.sdxl.unet import timestep_embedding
from nodes import loaders, sampling, text
from nodes.vision import clip_vision, gligen, photomakers, style_models
from tests.models.small_adapters import (
    STYLE_TOKENS,
    unet_facts,
    write_clip_vision,
    write_gligen,
    write_photomaker,
    write_style_model,
    write_unclip_checkpoint,
)
from tests.models.small_models import BASE, L_WIDTH, PROJECTION, SD15, make, relative

START = {"samples": torch.zeros(1, 4, 8, 8)}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A models folder with what steers by pictures."""
    root = tmp_path_factory.mktemp("vision")
    (root / "checkpoints").mkdir()
    sd15 = {name: tensor.contiguous() for name, tensor in make("sd15").state.items()}
    save_file(sd15, root / "checkpoints" / "sd15.safetensors", unet_facts(SD15))
    make("sdxl").save(root / "checkpoints" / "base.safetensors")
    make("sdxl_refiner").save(root / "checkpoints" / "refiner.safetensors")
    write_unclip_checkpoint(root / "checkpoints" / "unclip.safetensors")
    write_clip_vision(root / "clip_vision" / "g.safetensors")
    write_clip_vision(root / "clip_vision" / "other.safetensors", projection=40)
    save_file({"lora_unet_x.lora_up.weight": torch.zeros(1)}, root / "clip_vision" / "lora.safetensors")
    write_style_model(root / "style_models" / "style.safetensors")
    write_style_model(root / "style_models" / "wide.safetensors", width=128)
    save_file({"redux_up.weight": torch.zeros(1)}, root / "style_models" / "redux.safetensors")
    write_gligen(root / "gligen" / "boxes.safetensors")
    write_photomaker(root / "photomaker" / "photomaker-v1.bin")
    return root


@pytest.fixture
def bench(tmp_path, files):
    from folders.workspace import Workspace
    from tests.nodes.conftest import Bench

    return Bench(Workspace(tmp_path / "w", model_dirs=(files,)))


def picture(seed=1, batch=1):
    """A few soft colours."""
    small = torch.rand(batch, 3, 3, 3, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(small, size=(90, 120), mode="bicubic").clamp(0, 1).movedim(1, -1)


def checkpoint(bench, name):
    return loaders.checkpoint_loader(ckpt_name=name, ctx=bench.ctx)


def prompt(bench, clip, words="a fox"):
    return text.clip_text_encode(text=words, clip=clip, ctx=bench.ctx)


def look(bench, image, name="g.safetensors", crop="center"):
    encoder = clip_vision.clip_vision_loader(clip_name=name, ctx=bench.ctx)
    return clip_vision.clip_vision_encode(clip_vision=encoder, image=image, crop=crop)


def follow(conditioning, seen, strength=1.0, noise=0.0):
    return clip_vision.unclip_conditioning(
        conditioning=conditioning, clip_vision_output=seen, strength=strength, noise_augmentation=noise
    )


def draw(bench, model, positive, negative, seed=1):
    settings = {"sampler_name": "euler", "scheduler": "normal", "steps": 2, "cfg": 3.0, "seed": seed, "ctx": bench.ctx}
    made = sampling.ksampler(model=model, positive=positive, negative=negative, latent_image=START, **settings)
    return made["samples"]


def test_an_encoder_sees_what_a_picture_shows(bench):
    seen = look(bench, torch.cat([picture(1), picture(2)]))
    assert seen.image_embeds.shape == (2, PROJECTION)
    assert seen.last_hidden_state.shape == seen.penultimate_hidden_states.shape == (2, 17, 64)
    assert seen["image_embeds"] is seen.image_embeds
    alone = look(bench, picture(2))
    assert relative(seen.image_embeds[1:], alone.image_embeds) < 1e-5
    assert relative(seen.image_embeds[:1], alone.image_embeds) > 0.01


def test_the_crop_decides_what_is_seen(bench):
    image = picture()
    changed = image.clone()
    changed[:, :, :10] = 1 - changed[:, :, :10]  # left of the middle square of 90 x 90
    assert torch.equal(look(bench, image).image_embeds, look(bench, changed).image_embeds)
    whole, other = (look(bench, one, crop="none").image_embeds for one in (image, changed))
    assert relative(whole, other) > 1e-3


def test_files_that_are_no_image_encoders_blame_the_input(bench):
    for name, says in (
        ("lora.safetensors", "is a LoRA, but a CLIP image encoder"),
        ("none.safetensors", "There is no"),
    ):
        with pytest.raises(NodeInputError, match=says) as error:
            clip_vision.clip_vision_loader(clip_name=name, ctx=bench.ctx)
        assert error.value.input_name == "clip_name"
    with pytest.raises(NodeInputError, match="needed here") as error:
        clip_vision.unclip_checkpoint_loader(ckpt_name="base.safetensors", ctx=bench.ctx)
    assert error.value.input_name == "ckpt_name"


def test_revision_puts_the_picture_in_place_of_the_pooled_prompt(bench):
    base = checkpoint(bench, "base.safetensors")
    positive, negative = prompt(bench, base.CLIP), prompt(bench, base.CLIP, "blurry")
    seen = look(bench, picture())
    with_picture = follow(positive, seen)
    assert OPTION not in positive[0][1]
    label = label_vector(base.MODEL, with_picture[0][1], latent_size=(8, 8), negative=False, seed=5)
    first = cosine_alphas_cumprod()[0].item()
    noise = torch.randn(1, PROJECTION, generator=torch.Generator().manual_seed(5 - 10))
    wanted = math.sqrt(first) * seen.image_embeds + math.sqrt(1 - first) * noise
    assert relative(label[:, :PROJECTION], wanted) < 1e-6
    plain = label_vector(base.MODEL, positive[0][1], latent_size=(8, 8), negative=False)
    assert torch.equal(label[:, PROJECTION:], plain[:, PROJECTION:])
    bare, made = (draw(bench, base.MODEL, one, negative) for one in (positive, with_picture))
    other = draw(bench, base.MODEL, follow(positive, look(bench, picture(2))), negative)
    assert relative(made, bare) > 1e-4
    assert relative(made, other) > 1e-4
    assert torch.equal(made, draw(bench, base.MODEL, follow(positive, seen), negative))
    refiner = checkpoint(bench, "refiner.safetensors")
    with pytest.raises(NodeInputError, match=r"embedding in unCLIPConditioning has 96 values, this model takes 128"):
        draw(bench, refiner.MODEL, follow(prompt(bench, refiner.CLIP), seen), prompt(bench, refiner.CLIP))


def test_several_pictures_are_mixed_by_their_strengths(bench):
    base = checkpoint(bench, "base.safetensors")
    one, two = look(bench, picture(1)), look(bench, picture(2))
    mixed = follow(follow(prompt(bench, base.CLIP), one, 0.75), two, 0.25, noise=0.4)
    label = label_vector(base.MODEL, mixed[0][1], latent_size=(8, 8), negative=False, seed=3)[:, :PROJECTION]
    kept = cosine_alphas_cumprod()
    generator = torch.Generator().manual_seed(3 - 10)
    noise, later = (torch.randn(1, PROJECTION, generator=generator) for _ in range(2))

    def noised(embeds, level, noise):
        return kept[level].sqrt() * embeds + (1 - kept[level]).sqrt() * noise

    total = 0.75 * noised(one.image_embeds, 0, noise) + 0.25 * noised(two.image_embeds, round(0.4 * 999), noise)
    assert relative(label, noised(total, 0, later)) < 1e-6
    batch = follow(prompt(bench, base.CLIP), look(bench, torch.cat([picture(1), picture(2)])), 0.5)
    apart = follow(follow(prompt(bench, base.CLIP), one, 0.5), two, 0.5)
    labels = [label_vector(base.MODEL, c[0][1], latent_size=(8, 8), negative=False) for c in (batch, apart)]
    assert relative(*labels) < 1e-6


def test_no_strength_changes_nothing_and_noise_hides_the_picture(bench):
    base = checkpoint(bench, "base.safetensors")
    words = prompt(bench, base.CLIP)
    assert follow(words, look(bench, picture()), 0.0) is words
    labels = [
        label_vector(base.MODEL, follow(words, look(bench, picture(seed)), 1.0, noise)[0][1], latent_size=(8, 8),
                     negative=False)[:, :PROJECTION]
        for noise in (0.0, 1.0) for seed in (1, 2)
    ]  # fmt: skip
    assert relative(labels[0], labels[1]) > 0.05
    assert relative(labels[2], labels[3]) < 1e-3


def test_an_unclip_checkpoint_follows_pictures(bench):
    found = clip_vision.unclip_checkpoint_loader(ckpt_name="unclip.safetensors", ctx=bench.ctx)
    assert found.MODEL.family == "sd21"
    seen = clip_vision.clip_vision_encode(clip_vision=found.CLIP_VISION, image=picture(), crop="center")
    words = prompt(bench, found.CLIP)
    assert not label_vector(found.MODEL, words[0][1], latent_size=(8, 8), negative=True).any()
    label = label_vector(found.MODEL, follow(words, seen, 1.0, 0.5)[0][1], latent_size=(8, 8), negative=False)
    level = timestep_embedding(torch.tensor([float(round(0.5 * 999))]), PROJECTION)
    assert torch.equal(label[:, PROJECTION:], level)
    bare, made = (draw(bench, found.MODEL, one, words) for one in (words, follow(words, seen)))
    assert relative(made, bare) > 1e-4
    wrong = look(bench, picture(), "other.safetensors")
    with pytest.raises(NodeInputError, match=r"has 40 values, this model takes 96\. Choose in CLIPVisionLoader"):
        draw(bench, found.MODEL, follow(words, wrong), words)


def test_a_style_model_appends_tokens(bench):
    sd15 = checkpoint(bench, "sd15.safetensors")
    words = prompt(bench, sd15.CLIP)
    style = style_models.style_model_loader(style_model_name="style.safetensors", ctx=bench.ctx)

    def styled(seen, strength=1.0, kind="multiply"):
        return style_models.style_model_apply(
            conditioning=words, style_model=style, clip_vision_output=seen, strength=strength, strength_type=kind,
            ctx=bench.ctx,
        )  # fmt: skip

    one, two = (styled(look(bench, picture(seed))) for seed in (1, 2))
    assert one[0][0].shape == (1, 77 + STYLE_TOKENS, L_WIDTH)
    assert torch.equal(one[0][0][:, :77], words[0][0])
    assert relative(one[0][0][:, 77:], two[0][0][:, 77:]) > 1e-3
    assert torch.equal(styled(look(bench, picture(1)), 0.5)[0][0][:, 77:], 0.5 * one[0][0][:, 77:])
    several = styled(look(bench, torch.cat([picture(1), picture(2)])))
    assert several[0][0].shape[1] == 77 + 2 * STYLE_TOKENS
    assert relative(draw(bench, sd15.MODEL, one, words), draw(bench, sd15.MODEL, words, words)) > 1e-4
    assert torch.equal(styled(look(bench, picture(1)), 0.5, "attn_bias")[0][0], one[0][0])
    assert any("attn_bias is for Flux" in event.sentence for event in bench.told(Warned))


def test_style_models_that_do_not_fit(bench):
    sd15, base = checkpoint(bench, "sd15.safetensors"), checkpoint(bench, "base.safetensors")
    given = {"strength": 1.0, "strength_type": "multiply", "ctx": bench.ctx}
    style = style_models.style_model_loader(style_model_name="style.safetensors", ctx=bench.ctx)
    wide = style_models.style_model_loader(style_model_name="wide.safetensors", ctx=bench.ctx)
    seen = look(bench, picture())
    with pytest.raises(NodeInputError, match=r"tokens 64 values wide, those of the prompt are 192"):
        style_models.style_model_apply(
            conditioning=prompt(bench, base.CLIP), style_model=style, clip_vision_output=seen, **given
        )
    with pytest.raises(NodeInputError, match=r"reads an image encoder that is 128 values wide, this one is 64"):
        style_models.style_model_apply(
            conditioning=prompt(bench, sd15.CLIP), style_model=wide, clip_vision_output=seen, **given
        )
    with pytest.raises(NodeInputError, match="Redux model for Flux"):
        style_models.style_model_loader(style_model_name="redux.safetensors", ctx=bench.ctx)


def boxed(bench, clip, conditioning, words="a cat", **box):
    model = gligen.gligen_loader(gligen_name="boxes.safetensors", ctx=bench.ctx)
    given = {"width": 32, "height": 32, "x": 0, "y": 16} | box
    return gligen.gligen_text_box_apply(
        conditioning_to=conditioning, clip=clip, gligen_textbox_model=model, text=words, ctx=bench.ctx, **given
    )


def test_boxes_change_the_picture_by_what_and_where(bench):
    sd15 = checkpoint(bench, "sd15.safetensors")
    words = prompt(bench, sd15.CLIP)
    bare = draw(bench, sd15.MODEL, words, words)
    first = draw(bench, sd15.MODEL, boxed(bench, sd15.CLIP, words), words)
    moved = draw(bench, sd15.MODEL, boxed(bench, sd15.CLIP, words, x=32), words)
    other = draw(bench, sd15.MODEL, boxed(bench, sd15.CLIP, words, "a red bus"), words)
    two = draw(bench, sd15.MODEL, boxed(bench, sd15.CLIP, boxed(bench, sd15.CLIP, words), "a dog", x=32), words)
    assert all(relative(one, bare) > 1e-4 for one in (first, moved, other, two))
    assert all(relative(one, first) > 1e-5 for one in (moved, other, two))
    assert torch.equal(draw(bench, sd15.MODEL, words, words), bare)


def test_boxes_hold_for_the_negative_prompt_as_well(bench):
    sd15 = checkpoint(bench, "sd15.safetensors")
    words = prompt(bench, sd15.CLIP)
    once = boxed(bench, sd15.CLIP, words)
    assert relative(draw(bench, sd15.MODEL, once, words), draw(bench, sd15.MODEL, once, once)) < 1e-5


def test_more_than_thirty_boxes_are_told(bench):
    sd15 = checkpoint(bench, "sd15.safetensors")
    many = prompt(bench, sd15.CLIP)
    for _ in range(31):
        many = boxed(bench, sd15.CLIP, many)
    assert [event.sentence for event in bench.told(Warned)] == ["GLIGEN knows 30 boxes; further ones do not count."]
    assert torch.isfinite(draw(bench, sd15.MODEL, many, many)).all()


def test_boxes_for_another_model_say_so(bench):
    sd15, base = checkpoint(bench, "sd15.safetensors"), checkpoint(bench, "base.safetensors")
    with pytest.raises(NodeInputError, match=r"reads texts 64 values wide, this text encoder makes 128"):
        boxed(bench, base.CLIP, prompt(bench, base.CLIP))
    boxes = {"gligen": boxed(bench, sd15.CLIP, prompt(bench, sd15.CLIP))[0][1]["gligen"]}
    stray = [[torch.zeros(1, 77, BASE.context_dim), boxes]]
    with pytest.raises(NodeInputError, match=r"4 of its 7 gated attentions fit one of this model's 4 transformer"):
        draw(bench, base.MODEL, stray, stray)


def test_a_person_takes_the_place_of_a_word(bench):
    base = checkpoint(bench, "base.safetensors")
    maker = photomakers.photo_maker_loader(photomaker_model_name="photomaker-v1.bin", ctx=bench.ctx)

    def told(words, image):
        return photomakers.photo_maker_encode(photomaker=maker, image=image, clip=base.CLIP, text=words, ctx=bench.ctx)

    plain = prompt(bench, base.CLIP, "photo of man")
    one, two = (told("photo of man photomaker", picture(seed)) for seed in (1, 2))
    changed = (one[0][0] != plain[0][0]).any(dim=-1)[0]
    assert changed.nonzero().flatten().tolist() == [3]  # start, photo, of, man
    assert torch.equal(one[0][1]["pooled_output"], plain[0][1]["pooled_output"])
    assert relative(one[0][0][:, 3], two[0][0][:, 3]) > 1e-4
    assert torch.equal(told("photo of man", picture())[0][0], plain[0][0])
    assert any('no word "photomaker"' in event.sentence for event in bench.told(Warned))
    assert relative(draw(bench, base.MODEL, one, plain), draw(bench, base.MODEL, plain, plain)) > 1e-5


def test_photomaker_for_another_model_says_so(bench):
    sd15 = checkpoint(bench, "sd15.safetensors")
    maker = photomakers.photo_maker_loader(photomaker_model_name="photomaker-v1.bin", ctx=bench.ctx)
    with pytest.raises(NodeInputError, match=r"prompts 192 values wide, this one is 64") as error:
        photomakers.photo_maker_encode(
            photomaker=maker, image=picture(), clip=sd15.CLIP, text="man photomaker", ctx=bench.ctx
        )
    assert error.value.input_name == "clip"


@pytest.mark.parametrize(
    ("text", "without", "place"),
    [
        ("photograph of photomaker", "photograph of", 2),
        ("a man photomaker, at sea", "a man photomaker, at sea", None),
        ("a man photomaker at sea", "a man at sea", 2),
        ("photomaker", "", 0),
    ],
)
def test_the_word_is_found(text, without, place):
    assert photomakers.placed(text) == (without, place)
