"""Prompts by rules, by what they do to conditioning and to latents."""

import pytest
import torch

from execution.node import NodeInputError
from models.sampling.noise import seeded_noise
from models.sampling.sample import sample
from models.sampling.schedules import sigmas as sigmas_of
from nodes import loaders
from nodes.conditioning import conditioning_concat
from nodes.prompt_files import PromptFiles
from nodes.prompting.encoding import encode_base_refiner, encode_sdxl, prompt_weighting
from nodes.prompting.schedules import prompt_schedule
from nodes.prompting.styles import prompt_style
from nodes.prompting.wildcards import wildcards
from nodes.text import clip_text_encode, clip_text_encode_sdxl, clip_text_encode_sdxl_refiner
from tests.models.small_models import relative

SHAPE = (1, 4, 8, 8)


@pytest.fixture
def base(models):
    return loaders.checkpoint_loader(ckpt_name="base.safetensors", ctx=models.ctx)


@pytest.fixture
def encode(models, base):
    return lambda text, clip=None: clip_text_encode(text=text, clip=clip or base.CLIP, ctx=models.ctx)


@pytest.fixture
def scheduled(models, base):
    def run(text, steps=6, clip=None, **inputs):
        return prompt_schedule(clip=clip or base.CLIP, text=text, steps=steps, ctx=models.ctx, **inputs).value

    return run


def guesses(model, positive, negative, scheduler="normal", steps=6):
    """The clean latent that is guessed at each step."""
    run = sample(
        model, noise=seeded_noise(SHAPE, 3), latent=torch.zeros(SHAPE), positive=positive, negative=negative,
        cfg=1.0, sampler="euler", scheduler=scheduler, steps=steps, seed=3,
    )  # fmt: skip
    return [step.denoised for step in run]


@pytest.mark.parametrize("scheduler", ["normal", "simple", "sgm_uniform"])
def test_a_schedule_is_asked_step_by_step(base, encode, scheduled, scheduler):
    """With words for single steps the run is what runs of those words do: the first steps, then one step at a time."""
    fox, hen, empty = encode("a fox"), encode("a hen"), encode("")
    found = guesses(base.MODEL, scheduled("a [fox:hen:2]"), empty, scheduler)
    first, second = (guesses(base.MODEL, one, empty, scheduler) for one in (fox, hen))
    assert torch.equal(found[0], first[0])
    assert torch.equal(found[1], first[1])
    assert not torch.equal(found[2], first[2])
    assert not torch.equal(found[2], second[2])  # the way there was another
    assert torch.equal(guesses(base.MODEL, scheduled("a [fox:hen:0]"), empty, scheduler)[0], second[0])


@pytest.mark.parametrize("scheduler", ["normal", "karras", "exponential", "beta"])
def test_noise_levels_make_it_exact_for_every_scheduler(base, encode, scheduled, scheduler):
    levels = sigmas_of(base.MODEL.schedule, scheduler, 6)
    fox = guesses(base.MODEL, encode("a fox"), encode(""), scheduler)
    for step in (1, 4):
        found = guesses(base.MODEL, scheduled(f"a [fox:hen:{step}]", sigmas=levels), encode(""), scheduler)
        same = [torch.equal(one, other) for one, other in zip(found, fox, strict=True)]
        assert same == [number < step for number in range(6)]


def test_alternation_encodes_each_text_once(scheduled):
    made = scheduled("a [fox|hen]")
    assert len(made) == 6
    assert len({states.data_ptr() for states, _ in made}) == 2
    edges = [(options["start_percent"], options["end_percent"]) for _, options in made]
    assert edges[0][0] == 0 and edges[-1][1] == 1
    assert [end for _, end in edges[:-1]] == [start for start, _ in edges[1:]]


def test_a_prompt_without_rules_is_the_usual_one(encode, scheduled):
    ((states, options),) = scheduled("a (red:1.2) fox")
    ((wanted, usual),) = encode("a (red:1.2) fox")
    assert torch.equal(states, wanted)
    assert options.keys() == usual.keys()


def test_break_begins_another_chunk(models, encode, scheduled):
    ((states, options),) = scheduled("a fox BREAK the sea")
    ((wanted, usual),) = conditioning_concat(
        conditioning_to=encode("a fox"), conditioning_from=encode("the sea"), ctx=models.ctx
    )
    assert states.shape[1] == 154
    assert torch.allclose(states, wanted, atol=1e-6)
    assert torch.allclose(options["pooled_output"], usual["pooled_output"], atol=1e-6)


def test_and_follows_two_prompts_by_weight(base, encode, scheduled):
    empty = encode("")
    both = guesses(base.MODEL, scheduled("a fox AND the sea :3"), empty)[0]
    fox, sea = (guesses(base.MODEL, encode(text), empty)[0] for text in ("a fox", "the sea"))
    assert torch.allclose(both, fox / 4 + sea * 3 / 4, atol=1e-5)


def test_weights_as_a1111_reads_them(base, encode, scheduled):
    plain = encode("a red fox")[0][0]
    loud = prompt_weighting(clip=base.CLIP, weighting="A1111 no norm")
    kept = prompt_weighting(clip=base.CLIP, weighting="A1111")
    weights = torch.ones(77)
    weights[2] = 1.5
    scaled = plain * weights[:, None]
    assert torch.allclose(encode("a (red:1.5) fox", loud)[0][0], scaled, atol=1e-6)
    with_mean = encode("a (red:1.5) fox", kept)[0][0]
    for part in (slice(0, 64), slice(64, None)):  # each encoder by itself
        ratio = plain[..., part].mean() / scaled[..., part].mean()
        assert torch.allclose(with_mean[..., part], scaled[..., part] * ratio, rtol=1e-4, atol=1e-5)
    assert torch.equal(encode("a red fox", kept)[0][0], plain)
    nested = encode("a ((red:1.5):2) fox", loud)[0][0]
    weights[2] = 3
    assert torch.allclose(nested, plain * weights[:, None], atol=1e-6)
    ((weak, _),) = scheduled("a [red] fox", clip=loud)
    weights[2] = 0.909
    assert torch.allclose(weak, plain * weights[:, None], atol=1e-6)
    assert torch.equal(
        encode("a (red:1.5) fox", prompt_weighting(clip=kept, weighting="comfy"))[0][0], encode("a (red:1.5) fox")[0][0]
    )


def test_wildcards_of_the_workspace(models):
    folder = models.workspace.root / "wildcards"
    folder.mkdir(parents=True)
    (folder / "colour.txt").write_text("red\ngreen\nblue\n", "utf-8")
    made = [wildcards(text="a __colour__ {fox|hen}", seed=seed, ctx=models.ctx) for seed in range(30)]
    assert {one.value for one in made} == {f"a {c} {a}" for c in ("red", "green", "blue") for a in ("fox", "hen")}
    assert made[0].ui == {"text": [made[0].value]}
    with pytest.raises(NodeInputError, match=r"no wildcard __color__"):
        wildcards(text="__color__", seed=0, ctx=models.ctx)
    files = PromptFiles(models.workspace)
    before = files.mentioned("wildcards", "__colour__")
    (folder / "colour.txt").write_text("white\n", "utf-8")
    assert files.mentioned("wildcards", "__colour__") != before
    assert files.mentioned("wildcards", "no wildcards") == ""


def test_styles_of_weft_and_of_the_workspace(models):
    made = prompt_style(positive="a fox", negative="blur", style="Ink drawing", ctx=models.ctx).value
    assert made.positive.startswith("ink drawing of a fox, ")
    assert made.negative.startswith("blur, photograph")
    assert prompt_style(positive="a fox", style="", ctx=models.ctx).value == ("a fox", "")
    folder = models.workspace.root / "styles"
    folder.mkdir(parents=True)
    (folder / "mine.csv").write_text("name,prompt,negative_prompt\ncomic,my {prompt},\n", "utf-8")
    two = prompt_style(positive="a fox", style="comic, watercolour", ctx=models.ctx).value
    assert two.positive.startswith("watercolour of my a fox, ")
    files = PromptFiles(models.workspace)
    before = files.mentioned("styles", "comic")
    (folder / "mine.csv").write_text("name,prompt\ncomic,my other {prompt}\n", "utf-8")
    assert files.mentioned("styles", "comic") != before
    with pytest.raises(NodeInputError, match="There is no style"):
        prompt_style(positive="a fox", style="nothing", ctx=models.ctx)


def test_one_text_for_base_and_refiner(models, base):
    refiner = loaders.checkpoint_loader(ckpt_name="refiner.safetensors", ctx=models.ctx)
    latent = {"samples": torch.zeros(1, 4, 96, 160)}
    done = encode_base_refiner(
        base_clip=base.CLIP, refiner_clip=refiner.CLIP, positive="a fox", negative="blurry", latent=latent,
        ctx=models.ctx,
    )  # fmt: skip
    for text, ours, score, theirs in (
        ("a fox", done.base_positive, 6.0, done.refiner_positive),
        ("blurry", done.base_negative, 2.5, done.refiner_negative),
    ):
        wanted = clip_text_encode_sdxl(
            clip=base.CLIP, text_g=text, text_l=text, width=1280, height=768, target_width=1280, target_height=768,
            ctx=models.ctx,
        )  # fmt: skip
        check_same(ours, wanted)
        wanted = clip_text_encode_sdxl_refiner(
            clip=refiner.CLIP, text=text, ascore=score, width=1280, height=768, ctx=models.ctx
        )
        check_same(theirs, wanted)


def test_one_text_for_both_encoders(models, base):
    wanted = clip_text_encode_sdxl(clip=base.CLIP, text_g="a fox", text_l="ink", ctx=models.ctx)
    check_same(encode_sdxl(clip=base.CLIP, text="a fox", text_l="ink", ctx=models.ctx), wanted)
    once = encode_sdxl(clip=base.CLIP, text="a fox", ctx=models.ctx)
    assert relative(once[0][0], clip_text_encode(text="a fox", clip=base.CLIP, ctx=models.ctx)[0][0]) < 1e-6


def check_same(found, wanted):
    ((states, options),), ((wanted_states, wanted_options),) = found, wanted
    assert torch.equal(states, wanted_states)
    assert torch.equal(options.pop("pooled_output"), wanted_options.pop("pooled_output"))
    assert options == wanted_options
