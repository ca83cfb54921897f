"""What reaches the network and what is made of its answers, seen through networks whose answers are known."""

import math

import pytest
import torch
from torch import nn

from models.memory import DeviceMemory
from models.sampling.conditions import Area
from models.sampling.noise_schedule import NoiseSchedule
from models.sdxl.conditioning import label_vector
from models.sdxl.config import UNetConfig
from models.sdxl.unet import UNet, timestep_embedding
from models.types import Model
from tests.models.guiding import guidance, prepare

SIGMA = 2.0
POOLED = 16
CONFIG = UNetConfig(
    model_channels=32,
    channel_mult=(1, 2),
    num_res_blocks=1,
    transformer_depth=(0, 1),
    middle_depth=1,
    context_dim=8,
    adm_channels=POOLED + 6 * 256,
    head_channels=16,
)
REFINER = UNetConfig(context_dim=8, adm_channels=POOLED + 5 * 256)


class Echo(nn.Module):
    """Predicts as noise the first value of the prompt's first token, everywhere; remembers what it was asked."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def forward(self, x, timesteps, context, y=None):
        self.calls.append((x, timesteps, context, y))
        return context[:, :1, :1, None].expand_as(x)


class Forgetful(Echo):
    """Has memory for one prompt at a time."""

    def forward(self, x, timesteps, context, y=None):
        if len(x) > 1:
            raise torch.OutOfMemoryError("too many")
        return super().forward(x, timesteps, context, y)


def model(network=None, config=CONFIG, family="sdxl"):
    return Model(
        network=network or Echo(),
        config=config,
        family=family,
        schedule=NoiseSchedule.scaled_linear(),
        latent_scale=0.13025,
        memory=DeviceMemory.choose("cpu"),
        dtype=torch.float32,
        digest="",
    )


def prompt(value, tokens=77, **options):
    context = torch.full((1, tokens, CONFIG.context_dim), float(value))
    return [context, {"pooled_output": torch.full((1, POOLED), float(value)), **options}]


def noise_of(model_, positive, negative, x, *, cfg=1.0, sigma=SIGMA):
    """The noise that the guided prediction takes `x` to hold, in terms of what `Echo` says."""
    conditions = prepare(model_, positive, negative, x.shape[-2:])
    return (x - guidance(model_, conditions, cfg)(x, sigma)) / sigma


def latent(height=16, width=16, batch=1):
    return torch.randn(batch, 4, height, width, generator=torch.Generator().manual_seed(3))


def test_guidance_moves_beyond_the_positive_prompt():
    noise = noise_of(model(), [prompt(3)], [prompt(1)], latent(), cfg=7.0)
    torch.testing.assert_close(noise, torch.full_like(noise, 1 + 7 * (3 - 1)))


def test_the_pair_holds_the_unconditional_prediction_even_at_scale_one():
    made, x = model(), latent()
    guided, uncond = guidance(made, prepare(made, [prompt(3)], [prompt(1)], (16, 16)), 1.0).pair(x, SIGMA)
    torch.testing.assert_close((x - guided) / SIGMA, torch.full_like(x, 3))
    torch.testing.assert_close((x - uncond) / SIGMA, torch.full_like(x, 1))


def test_scale_one_does_not_ask_the_negative_prompt():
    made = model()
    noise_of(made, [prompt(3)], [prompt(1)], latent(), cfg=1.0)
    assert [len(x) for x, *_ in made.network.calls] == [1]


def test_both_sides_share_one_call_and_it_is_given_what_the_network_was_trained_on():
    made, x = model(), latent(batch=2)
    noise_of(made, [prompt(3)], [prompt(1)], x, cfg=7.0)
    ((seen, timesteps, context, y),) = made.network.calls
    torch.testing.assert_close(seen, torch.cat([x, x]) / math.sqrt(1 + SIGMA**2))
    assert timesteps.tolist() == [made.schedule.timestep(SIGMA)] * 4
    assert context[:, 0, 0].tolist() == [3, 3, 1, 1]
    assert y[:, 0].tolist() == [3, 3, 1, 1]


def test_the_network_is_called_in_its_own_format():
    made = model()
    object.__setattr__(made, "dtype", torch.bfloat16)
    x = latent()
    noise = noise_of(made, [prompt(3)], [prompt(1)], x, cfg=7.0)
    ((seen, timesteps, context, y),) = made.network.calls
    assert {seen.dtype, context.dtype, y.dtype} == {torch.bfloat16}
    assert timesteps.dtype == noise.dtype == torch.float32


def test_prompts_run_apart_where_memory_does_not_suffice_for_both():
    made = model(Forgetful())
    noise = noise_of(made, [prompt(3)], [prompt(1)], latent(), cfg=7.0)
    torch.testing.assert_close(noise, torch.full_like(noise, 15))
    assert len(made.network.calls) == 2


def test_prompts_of_different_length_are_batched_without_changing_the_result():
    torch.manual_seed(0)
    network = UNet(CONFIG).eval()
    made, x = model(network), latent()
    generator = torch.Generator().manual_seed(5)
    long, short = ([torch.randn(1, n, CONFIG.context_dim, generator=generator), {}] for n in (154, 77))
    together = noise_of(made, [long], [short], x, cfg=7.0)
    apart = [noise_of(made, [one], [], x) for one in (long, short)]
    assert (apart[0] - apart[1]).norm() > 1e-3 * apart[0].norm()
    torch.testing.assert_close(together, apart[1] + 7 * (apart[0] - apart[1]), rtol=1e-3, atol=1e-4)


def test_prompts_of_very_different_length_run_apart():
    made = model()
    noise_of(made, [prompt(3, tokens=77 * 5)], [prompt(1)], latent(), cfg=7.0)
    assert sorted(context.shape[1] for _, _, context, _ in made.network.calls) == [77, 77 * 5]


def test_several_prompts_are_averaged_by_strength():
    noise = noise_of(model(), [prompt(4, strength=3.0), prompt(8, strength=1.0)], [], latent())
    torch.testing.assert_close(noise, torch.full_like(noise, 5))


def test_an_area_is_asked_about_alone_and_counts_there():
    made = model()
    noise = noise_of(made, [prompt(2), prompt(6, area=(8, 4, 3, 12), strength=0.5)], [], latent())
    assert [x.shape[-2:] for x, *_ in made.network.calls] == [(16, 16), (8, 4)]
    outside = torch.ones(16, 16, dtype=torch.bool)
    outside[3:11, 12:16] = False
    torch.testing.assert_close(noise[..., outside], torch.full_like(noise[..., outside], 2))
    # 8 high: two rows fade in at either edge (a quarter of it). 4 wide: one column, at the left edge only.
    down = torch.tensor([1 / 2, 1, 1, 1, 1, 1, 1, 1 / 2])[:, None]
    weight = 0.5 * down * torch.tensor([1.0, 1, 1, 1])
    expected = (2 + 6 * weight) / (1 + weight)
    torch.testing.assert_close(noise[0, 0, 3:11, 12:16], expected)


def test_a_large_area_fades_over_eight_values():
    noise = noise_of(model(), [prompt(0), prompt(1, area=(64, 64, 0, 64))], [], latent(64, 128))
    weight = torch.ones(64)
    weight[:8] = torch.arange(1, 9) / 8
    torch.testing.assert_close(noise[0, 0, 30, 64:], weight / (1 + weight))


def test_an_area_in_fractions_is_rounded_to_the_latent():
    made = model()
    wanted, _ = prepare(made, [prompt(1, area=("percentage", 0.5, 0.24, 0.26, 0.0))], [], (16, 16))
    assert wanted[0].area == Area(height=8, width=4, y=4, x=0)


def test_an_area_is_cut_at_the_picture():
    wanted, _ = prepare(model(), [prompt(1, area=(16, 16, 10, 4))], [], (16, 16))
    assert wanted[0].area == Area(height=6, width=12, y=10, x=4)


def test_an_area_outside_of_the_picture_is_refused():
    with pytest.raises(ValueError, match="x = 128, y = 0, outside of the picture of 128 x 128 pixels"):
        prepare(model(), [prompt(1, area=(8, 8, 0, 16))], [], (16, 16))


def test_the_other_side_answers_for_the_same_area():
    area = (8, 8, 4, 4)
    wanted, unwanted = prepare(model(), [prompt(2), prompt(6, area=area, strength=0.5)], [prompt(1)], (16, 16))
    assert [condition.area for condition in wanted] == [None, area]
    assert [condition.area for condition in unwanted] == [None, area]
    assert unwanted[1].context is unwanted[0].context
    assert unwanted[1].strength == 0.5


def test_the_most_local_of_the_others_answers():
    negative = [prompt(0), prompt(1, area=(12, 12, 0, 0)), prompt(2, area=(10, 10, 0, 0)), prompt(3, area=(4, 4, 0, 0))]
    _, unwanted = prepare(model(), [prompt(9, area=(8, 8, 1, 1))], negative, (16, 16))
    assert unwanted[4].area == (8, 8, 1, 1)
    assert unwanted[4].context is unwanted[2].context
    same, _ = prepare(model(), [prompt(9, area=(8, 8, 1, 1))], [prompt(1, area=(8, 8, 1, 1))], (16, 16))
    assert len(same) == 1


def test_masks_weigh_each_point():
    mask = torch.zeros(1, 16, 16)
    mask[:, :, 8:] = 0.5
    noise = noise_of(model(), [prompt(2), prompt(6, mask=mask, mask_strength=0.5, strength=2.0)], [], latent())
    torch.testing.assert_close(noise[..., :8], torch.full_like(noise[..., :8], 2))
    torch.testing.assert_close(noise[..., 8:], torch.full_like(noise[..., 8:], (2 + 6 * 0.5) / 1.5))


def test_masks_are_brought_to_the_size_of_the_latent():
    mask = torch.zeros(128, 128)
    mask[:64] = 1
    wanted, _ = prepare(model(), [prompt(1, mask=mask)], [], (16, 16))
    assert wanted[0].mask.shape == (1, 16, 16)
    assert wanted[0].mask[0, :8].min() == 1
    assert wanted[0].mask[0, 8:].max() == 0


def test_a_mask_may_set_the_area():
    mask = torch.zeros(1, 16, 16)
    mask[:, 2:14, 5:7] = 1
    made = model()
    noise_of(made, [prompt(1, mask=mask, set_area_to_bounds=True)], [], latent())
    assert made.network.calls[0][0].shape[-2:] == (12, 8)
    empty, _ = prepare(made, [prompt(1, mask=torch.zeros(1, 16, 16), set_area_to_bounds=True)], [], (16, 16))
    assert empty[0].area == (8, 8, 0, 0)


def test_prompts_count_within_their_range_of_noise_levels():
    made = model()
    positive = [prompt(2, start_percent=0.0, end_percent=0.5), prompt(6, start_percent=0.5, end_percent=1.0)]
    middle = made.schedule.percent_to_sigma(0.5)
    for sigma, expected in ((14.6, 2), (middle * 1.01, 2), (middle * 0.99, 6), (0.05, 6), (middle, 4)):
        noise = noise_of(made, positive, [], latent(), sigma=sigma)
        torch.testing.assert_close(noise, torch.full_like(noise, expected), rtol=1e-4, atol=1e-4)


def test_where_no_prompt_counts_the_prediction_is_empty():
    x = latent()
    made = model()
    conditions = prepare(made, [prompt(2, area=(8, 8, 0, 0))], [], (16, 16))
    denoised = guidance(made, conditions, 1.0)(x, SIGMA)
    assert denoised[..., 8:, :].abs().max() == 0
    assert denoised[..., :8, :8].abs().min() > 0


def test_a_prompt_for_another_model_is_refused():
    with pytest.raises(ValueError, match=r"tokens are 9 values wide, this model takes 8"):
        prepare(model(), [[torch.zeros(1, 77, 9), {}]], [], (16, 16))
    with pytest.raises(ValueError, match=r"pooled text embedding has 3 values, this model takes 16"):
        prepare(model(), [[torch.zeros(1, 77, 8), {"pooled_output": torch.zeros(1, 3)}]], [], (16, 16))


def embedded(*numbers):
    return timestep_embedding(torch.tensor(numbers, dtype=torch.float32), 256).flatten()


def test_label_of_the_base_model():
    pooled = torch.arange(POOLED, dtype=torch.float32)[None]
    given = {"width": 1, "height": 2, "crop_w": 3, "crop_h": 4, "target_width": 5, "target_height": 6}
    label = label_vector(model(), {"pooled_output": pooled, **given}, latent_size=(32, 16), negative=False)
    torch.testing.assert_close(label[0], torch.cat([pooled[0], embedded(2, 1, 4, 3, 6, 5)]))
    label = label_vector(model(), {}, latent_size=(32, 16), negative=True)
    torch.testing.assert_close(label[0], torch.cat([torch.zeros(POOLED), embedded(256, 128, 0, 0, 256, 128)]))


@pytest.mark.parametrize(("negative", "score"), [(False, 6.0), (True, 2.5)])
def test_label_of_the_refiner(negative, score):
    refiner = model(config=REFINER, family="sdxl_refiner")
    label = label_vector(refiner, {}, latent_size=(32, 16), negative=negative)
    torch.testing.assert_close(label[0, POOLED:], embedded(256, 128, 0, 0, score))
    given = {"width": 1, "height": 2, "crop_w": 3, "crop_h": 4, "aesthetic_score": 5.0}
    label = label_vector(refiner, given, latent_size=(32, 16), negative=negative)
    torch.testing.assert_close(label[0, POOLED:], embedded(2, 1, 4, 3, 5))


def test_models_without_a_label_vector_get_none():
    assert label_vector(model(config=UNetConfig(adm_channels=0)), {}, latent_size=(8, 8), negative=False) is None
