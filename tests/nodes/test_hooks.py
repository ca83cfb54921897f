"""Hooks: LoRAs of single prompts and of parts of the denoising, by what they do to latents."""

import pytest
import torch
from safetensors.torch import save_file

from execution.engine import Engine
from execution.graph import parse_prompt
from execution.node import NodeInputError
from models.memory import DeviceMemory
from models.sampling.noise import seeded_noise
from models.sampling.sample import final_latent, sample
from nodes import loaders
from nodes.catalogue import all_nodes
from nodes.conditioning import conditioning_combine, conditioning_set_mask
from nodes.hooks import clip, combine, create, prompts, scheduling
from nodes.loras import lora_loader
from nodes.text import clip_text_encode
from tests.models.small_models import make, relative

SHAPE = (1, 4, 16, 16)
LEFT = torch.zeros(1, 16, 16)
LEFT[..., :8] = 1
STEPS = 4


def lora_tensors(seed):
    """A LoRA for the UNet and both text encoders of the small model."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for stem, out, takes in (
        ("lora_unet_input_blocks_3_1_transformer_blocks_0_attn1_to_q", 64, 64),
        ("lora_unet_middle_block_1_transformer_blocks_0_attn2_to_v", 64, 192),
        ("lora_te1_text_model_encoder_layers_0_mlp_fc1", 128, 64),
        ("lora_te2_text_model_encoder_layers_0_mlp_fc1", 256, 128),
    ):
        tensors[f"{stem}.lora_up.weight"] = torch.randn(out, 4, generator=generator)
        tensors[f"{stem}.lora_down.weight"] = torch.randn(4, takes, generator=generator) * takes**-0.5
    return tensors


@pytest.fixture
def bench(models):
    folder = models.workspace.root / "models" / "loras"
    folder.mkdir(parents=True)
    for number in (1, 2):
        save_file(lora_tensors(number), folder / f"{number}.safetensors")
    wide = {
        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_up.weight": torch.ones(64, 2),
        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight": torch.ones(2, 768),
    }
    save_file(wide, folder / "sd15.safetensors")
    return models


@pytest.fixture
def base(bench):
    return loaders.checkpoint_loader(ckpt_name="base.safetensors", ctx=bench.ctx)


@pytest.fixture
def encode(bench, base):
    return lambda text, worn=None: clip_text_encode(text=text, clip=worn or base.CLIP, ctx=bench.ctx)


def hook(bench, number=1, **inputs):
    return create.create_hook_lora(lora_name=f"{number}.safetensors", ctx=bench.ctx, **inputs)


def drawn(model, positive, negative):
    run = sample(
        model, noise=seeded_noise(SHAPE, 3), latent=torch.zeros(SHAPE), positive=positive, negative=negative,
        cfg=3.0, sampler="euler", scheduler="normal", steps=STEPS, seed=3,
    )  # fmt: skip
    return final_latent(run, torch.zeros(SHAPE))


def with_props(conditioning, hooks=None, mask=None, timesteps=None, strength=1.0):
    return prompts.conditioning_set_properties(
        cond_NEW=conditioning, strength=strength, set_cond_area="default", mask=mask, hooks=hooks, timesteps=timesteps
    )


def test_a_hook_for_the_whole_run_is_the_lora_on_the_model(bench, base, encode):
    plain = drawn(base.MODEL, encode("a fox"), encode("blurry"))
    put = lora_loader(
        model=base.MODEL,
        clip=base.CLIP,
        lora_name="1.safetensors",
        strength_model=0.7,
        strength_clip=0.4,
        ctx=bench.ctx,
    )
    wanted = drawn(put.MODEL, encode("a fox", put.CLIP), encode("blurry", put.CLIP))
    worn = clip.set_clip_hooks(clip=base.CLIP, hooks=hook(bench, strength_model=0.7, strength_clip=0.4))
    found = drawn(base.MODEL, encode("a fox", worn), encode("blurry", worn))
    assert relative(wanted, plain) > 0.01
    assert relative(found, wanted) < 1e-6
    assert torch.equal(drawn(base.MODEL, encode("a fox"), encode("blurry")), plain)  # nothing is left behind


def test_a_hook_on_prompts_changes_the_network_and_not_their_words(bench, base, encode):
    positive, negative = encode("a fox"), encode("blurry")
    put = lora_loader(model=base.MODEL, clip=base.CLIP, lora_name="1.safetensors", strength_clip=0.0, ctx=bench.ctx)
    wanted = drawn(put.MODEL, positive, negative)
    both = prompts.pair_conditioning_set_properties(
        positive_NEW=positive, negative_NEW=negative, set_cond_area="default", hooks=hook(bench)
    )
    assert relative(drawn(base.MODEL, *both), wanted) < 1e-6
    one_sided = drawn(base.MODEL, with_props(positive, hook(bench)), negative)
    assert relative(one_sided, wanted) > 1e-3
    assert relative(one_sided, drawn(base.MODEL, positive, negative)) > 1e-3


def test_hooks_come_after_the_models_own_loras(bench, base, encode):
    positive, negative = encode("a fox"), encode("")
    first = lora_loader(model=base.MODEL, clip=base.CLIP, lora_name="1.safetensors", ctx=bench.ctx)
    both = lora_loader(model=first.MODEL, clip=base.CLIP, lora_name="2.safetensors", ctx=bench.ctx)
    worn = hook(bench, 2)
    found = drawn(first.MODEL, with_props(positive, worn), with_props(negative, worn))
    assert relative(found, drawn(both.MODEL, positive, negative)) < 1e-6


def test_two_prompts_with_two_loras_in_two_masks(bench, base, encode):
    """At each step each half is what its own LoRA draws: asked at one noise level, the halves come from two runs."""
    positive, negative = encode("a fox"), encode("")
    single = {number: drawn_once(base.MODEL, with_props(positive, hook(bench, number)), negative) for number in (1, 2)}
    halves = conditioning_combine(
        conditioning_1=with_props(positive, hook(bench, 1), LEFT),
        conditioning_2=with_props(positive, hook(bench, 2), 1 - LEFT),
    )
    found = drawn_once(base.MODEL, halves, negative)
    assert torch.allclose(found[..., :8], single[1][..., :8], atol=1e-5)
    assert torch.allclose(found[..., 8:], single[2][..., 8:], atol=1e-5)
    assert not torch.allclose(found[..., 8:], single[1][..., 8:], atol=1e-2)


def drawn_once(model, positive, negative):
    """One step from the noise to the clean latent, without guidance."""
    run = sample(
        model, noise=seeded_noise(SHAPE, 3), latent=torch.zeros(SHAPE), positive=positive, negative=negative,
        cfg=1.0, sampler="euler", scheduler="normal", steps=1, seed=3,
    )  # fmt: skip
    return final_latent(run, torch.zeros(SHAPE))


def test_default_prompts_fill_what_masks_leave(base, encode):
    fox, sky, negative = encode("a fox"), encode("the sky"), encode("")
    masked = conditioning_set_mask(conditioning=fox, mask=LEFT * 0.75, strength=1.0, set_cond_area="default")
    filled = prompts.conditioning_set_default_combine(cond=masked, cond_DEFAULT=sky)
    fox_alone, sky_alone = (drawn_once(base.MODEL, one, negative) for one in (fox, sky))
    found = drawn_once(base.MODEL, filled, negative)
    assert torch.allclose(found[..., 8:], sky_alone[..., 8:], atol=1e-5)
    between = 0.75 * fox_alone + 0.25 * sky_alone
    assert torch.allclose(found[..., :8], between[..., :8], atol=1e-4)
    whole = prompts.conditioning_set_default_combine(cond=fox, cond_DEFAULT=sky)
    assert torch.equal(drawn_once(base.MODEL, whole, negative), fox_alone)  # nothing is left to fill


def test_keyframes_turn_a_hook_on_in_the_midst(bench, base, encode):
    positive, negative = encode("a fox"), encode("")
    late = scheduling.create_hook_keyframe(strength_mult=0.0)
    late = scheduling.create_hook_keyframe(strength_mult=1.0, start_percent=0.4, prev_hook_kf=late)
    scheduled = scheduling.set_hook_keyframes(hooks=hook(bench), hook_kf=late)

    def steps(hooks):
        run = sample(
            base.MODEL, noise=seeded_noise(SHAPE, 3), latent=torch.zeros(SHAPE), positive=with_props(positive, hooks),
            negative=negative, cfg=1.0, sampler="euler", scheduler="normal", steps=STEPS, seed=3,
        )  # fmt: skip
        return [step.denoised for step in run]

    found, without, throughout = steps(scheduled), steps(None), steps(hook(bench))
    assert torch.equal(found[0], without[0])
    assert not torch.allclose(found[0], throughout[0], atol=1e-3)
    assert not torch.allclose(found[-1], without[-1], atol=1e-3)


def test_a_range_and_what_is_around_it(bench, base, encode):
    positive, negative = encode("a fox"), encode("")
    ranges = scheduling.conditioning_timesteps_range(start_percent=0.3, end_percent=0.6)
    assert ranges == ((0.3, 0.6), (0.0, 0.3), (0.6, 1.0))
    options = [with_props(positive, timesteps=one)[0][1] for one in ranges]
    assert [(one["start_percent"], one["end_percent"]) for one in options] == [(0.3, 0.6), (0.0, 0.3), (0.6, 1.0)]
    first, last = with_props(positive, timesteps=(0.0, 0.5)), with_props(encode("the sky"), timesteps=(0.5, 1.0))
    changing = drawn(base.MODEL, [*first, *last], negative)
    assert relative(changing, drawn(base.MODEL, positive, negative)) > 1e-4


def test_a_scheduled_clip_reads_once_for_each_span(bench, base, encode):
    frames = scheduling.create_hook_keyframe(strength_mult=1.0)
    frames = scheduling.create_hook_keyframe(strength_mult=0.0, start_percent=0.5, prev_hook_kf=frames)
    hooks = scheduling.set_hook_keyframes(hooks=hook(bench), hook_kf=frames)
    scheduled = clip.set_clip_hooks(clip=base.CLIP, schedule_clip=True, apply_to_conds=False, hooks=hooks)
    first, second = encode("a fox", scheduled)
    assert [(one[1]["clip_start_percent"], one[1]["clip_end_percent"]) for one in (first, second)] == [
        (0, 0.5),
        (0.5, 1),
    ]
    assert "hooks" not in first[1]
    assert torch.equal(second[0], encode("a fox")[0][0])
    unscheduled = clip.set_clip_hooks(clip=base.CLIP, hooks=hooks)
    (once,) = encode("a fox", unscheduled)
    assert torch.equal(once[0], first[0])
    assert once[1]["hooks"] is hooks
    # each span is drawn with its own reading
    both, whole = drawn(base.MODEL, [first, second], encode("")), drawn(base.MODEL, [second], encode(""))
    assert relative(both, whole) > 1e-4


def test_a_checkpoint_as_a_hook_draws_as_that_checkpoint(bench, base, tmp_path):
    other = make("sdxl").state
    changed = {name: (value * 1.1 if "to_q" in name or "mlp" in name else value) for name, value in other.items()}
    folder = bench.workspace.root / "models" / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in changed.items()}, folder / "other.safetensors")
    whole = loaders.checkpoint_loader(ckpt_name="other.safetensors", ctx=bench.ctx)
    wanted_prompts = [clip_text_encode(text=text, clip=whole.CLIP, ctx=bench.ctx) for text in ("a fox", "")]
    wanted = drawn(whole.MODEL, *wanted_prompts)
    hooks = create.create_hook_model_as_lora(ckpt_name="other.safetensors", ctx=bench.ctx)
    worn = clip.set_clip_hooks(clip=base.CLIP, hooks=hooks)
    found = drawn(base.MODEL, *(clip_text_encode(text=text, clip=worn, ctx=bench.ctx) for text in ("a fox", "")))
    assert relative(found, wanted) < 1e-4
    plain = drawn(base.MODEL, *(clip_text_encode(text=text, clip=base.CLIP, ctx=bench.ctx) for text in ("a fox", "")))
    assert relative(plain, wanted) > 1e-3


def test_a_hook_counts_once_however_often_it_is_combined(bench, base, encode):
    one, other = hook(bench, 1), hook(bench, 2)
    assert len(combine.combine_hooks_2(hooks_A=one, hooks_B=one).hooks) == 1
    assert len(combine.combine_hooks_4(hooks_A=one, hooks_C=other, hooks_D=one).hooks) == 2
    assert len(combine.combine_hooks_8(hooks_H=other).hooks) == 1
    assert combine.combine_hooks_2().hooks == ()
    twice = with_props(with_props(encode("a fox"), one), one)
    assert torch.equal(
        drawn(base.MODEL, twice, encode("")), drawn(base.MODEL, with_props(encode("a fox"), one), encode(""))
    )
    assert len(hook(bench, 1, prev_hooks=other).hooks) == 2


def test_a_hook_without_strength_is_none(bench):
    assert hook(bench, strength_model=0.0, strength_clip=0.0).hooks == ()


def test_interpolated_keyframes_and_those_of_a_list(bench):
    made = scheduling.create_hook_keyframes_interpolated(
        strength_start=0.0, strength_end=2.0, interpolation="ease_in", start_percent=0.2, end_percent=0.6,
        keyframes_count=3, print_keyframes=True,
    )  # fmt: skip
    frames = made.value.frames
    assert [(frame.start, frame.strength) for frame in frames] == [(0.2, 0.0), (pytest.approx(0.4), 0.5), (0.6, 2.0)]
    assert "strength 0.500" in made.ui["text"][0]
    listed = scheduling.create_hook_keyframes_from_floats(floats_strength=[1.0, 0.25]).value.frames
    assert [(frame.start, frame.strength) for frame in listed] == [(0.0, 1.0), (1.0, 0.25)]
    with pytest.raises(NodeInputError, match="no numbers"):
        scheduling.create_hook_keyframes_from_floats(floats_strength="fast")


def test_hooks_travel_through_the_engine(bench):
    """The wires of the workflow that people build: LoRA, keyframes, CLIP and prompts."""
    engine = Engine(all_nodes(), services=(bench.workspace, DeviceMemory.choose("cpu")))
    prompt = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "base.safetensors"}},
        "2": {"class_type": "CreateHookLora", "inputs": {
            "lora_name": "1.safetensors", "strength_model": 1, "strength_clip": 1}},
        "3": {"class_type": "WeftFloats", "inputs": {"text": "1, 0.5; 0"}},
        "4": {"class_type": "CreateHookKeyframesFromFloats", "inputs": {
            "floats_strength": ["3", 0], "start_percent": 0, "end_percent": 1, "print_keyframes": False}},
        "5": {"class_type": "CreateHookKeyframe", "inputs": {
            "strength_mult": 0.2, "start_percent": 0.1, "prev_hook_kf": ["4", 0]}},
        "6": {"class_type": "SetHookKeyframes", "inputs": {"hooks": ["2", 0], "hook_kf": ["5", 0]}},
        "7": {"class_type": "SetClipHooks", "inputs": {
            "clip": ["1", 1], "apply_to_conds": True, "schedule_clip": True, "hooks": ["6", 0]}},
        "8": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["7", 0], "text": "a fox"}},
        "9": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "10": {"class_type": "KSampler", "inputs": {
            "model": ["1", 0], "positive": ["8", 0], "negative": ["8", 0], "latent_image": ["9", 0], "seed": 1,
            "steps": 2, "cfg": 2.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}},
    }  # fmt: skip
    result = engine.run_sync(parse_prompt(prompt), ["8", "10"])
    assert result.error is None
    ((conditioning,),) = result.outputs["8"]
    assert [options["clip_start_percent"] for _, options in conditioning] == [0.0, 0.1, 0.5]
    ((latent,),) = result.outputs["10"]
    assert latent["samples"].isfinite().all()


def test_a_hook_for_another_family_is_refused_when_it_draws(bench, base, encode):
    hooks = create.create_hook_lora_model_only(lora_name="sd15.safetensors", ctx=bench.ctx)
    with pytest.raises(
        ValueError, match=r"sd15.safetensors was made for Stable Diffusion 1.x.*: 0 of the file's 2 tensors"
    ):
        drawn(base.MODEL, with_props(encode("a fox"), hooks), encode(""))
    with pytest.raises(NodeInputError, match="There is no"):
        create.create_hook_lora(lora_name="nowhere.safetensors", ctx=bench.ctx)
