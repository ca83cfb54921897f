"""What networks with further channels are shown, and soft masks as maps of change."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from models.inpainting.change_map import change_map, left_to_do
from models.memory import DeviceMemory
from models.sampling.continuous_schedule import EdmSchedule
from models.sampling.further_channels import GREY
from models.sampling.noise import seeded_noise
from models.sampling.noise_schedule import NoiseSchedule
from models.sampling.sample import final_latent, sample
from models.sampling.tweaks import MaskedRun
from models.sdxl.config import SDXL_BASE, UNetConfig, unet_config_from_shapes
from models.types import Model

SCALE = 0.2


class Recorder(nn.Module):
    """Takes half of what it sees for noise and keeps what it was shown beside the latent."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x, timesteps, context, y=None):
        self.seen.append(x[:, 4:].clone())
        return 0.5 * x[:, :4]


@pytest.fixture
def make():
    def made(channels):
        return Model(
            network=Recorder(),
            config=UNetConfig(in_channels=channels, context_dim=8, adm_channels=0),
            family="sd15",
            schedule=NoiseSchedule.scaled_linear(),
            latent_scale=SCALE,
            memory=DeviceMemory.choose("cpu"),
            dtype=torch.float32,
            digest="",
        )

    return made


def run(model, latent, positive, negative=None, **options):
    plain = [[torch.zeros(1, 77, 8), {}]]
    settings = {"sampler": "euler", "scheduler": "normal", "steps": 1, "cfg": 3.0, "seed": 1} | options
    noise = seeded_noise(latent.shape, 1)
    steps = sample(model, noise=noise, latent=latent, positive=positive, negative=negative or plain, **settings)
    return final_latent(steps, latent)


def prompt(**options):
    return [[torch.zeros(1, 77, 8), options]]


def latents(batch=1, side=8, seed=4):
    return torch.randn(batch, 4, side, side, generator=torch.Generator().manual_seed(seed))


def shown(model):
    """What the first call saw beside the latents, for the positive and for the negative side."""
    return model.network.seen[0].chunk(2)


def test_an_inpainting_network_is_shown_the_mask_and_what_it_leaves(make):
    model, picture = make(9), latents(seed=5)
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 16:40, 24:] = 1
    given = prompt(concat_latent_image=picture, concat_mask=mask)
    run(model, latents(), given, given)
    for side in shown(model):
        assert side.shape == (1, 5, 8, 8)
        assert torch.equal(side[:, :1], mask[..., ::8, ::8])
        assert torch.allclose(side[:, 1:], picture * SCALE)


def test_without_mask_and_picture_everything_is_to_be_drawn_on_grey(make):
    model = make(9)
    run(model, latents(2), prompt(concat_latent_image=latents(seed=5)))
    for side in shown(model):
        assert side[:, 0].eq(1).all()
        assert torch.allclose(side[:, 1:], torch.tensor(GREY)[:, None, None].expand(2, 4, 8, 8))


def test_a_noise_mask_alone_shows_the_latents_that_the_run_begins_with(make):
    model, latent = make(9), latents()
    mask = torch.full((1, 64, 64), 0.4)
    mask[..., 32:] = 0.8
    run(model, latent, prompt(), noise_mask=mask)
    for side in shown(model):
        assert side[:, 0, :, :3].eq(0).all() and side[:, 0, :, 5:].eq(1).all()  # rounded
        assert torch.allclose(side[:, 1:], latent * SCALE)


def test_batches_are_dealt_out_evenly_and_in_order(make):
    model, pictures = make(9), latents(2, seed=5)
    masks = torch.stack([torch.zeros(8, 8), torch.ones(8, 8)])
    run(model, latents(4), prompt(concat_latent_image=pictures, concat_mask=masks))
    wanted = shown(model)[0]
    assert wanted[:, 0].mean(dim=(-2, -1)).tolist() == [0, 0, 1, 1]
    assert torch.allclose(wanted[:, 1:], pictures[[0, 0, 1, 1]] * SCALE)
    few = make(9)
    run(few, latents(1), prompt(concat_latent_image=pictures, concat_mask=masks))
    assert torch.allclose(shown(few)[0][:, 1:], pictures[:1] * SCALE)
    some = make(9)
    run(some, latents(3), prompt(concat_latent_image=latents(5, seed=6), concat_mask=masks))
    assert torch.allclose(shown(some)[0][:, 1:], latents(5, seed=6)[[0, 2, 4]] * SCALE)


def test_a_picture_of_another_size_is_cut_to_shape_and_resized(make):
    model = make(9)
    picture = latents(1, 16)[:, :, :, :12].contiguous()
    run(model, latents(), prompt(concat_latent_image=picture, concat_mask=torch.ones(1, 1, 96, 128)))
    middle = picture[:, :, 2:14]
    known = torch.nn.functional.interpolate(middle * SCALE, size=(8, 8), mode="bilinear")
    assert torch.allclose(shown(model)[0][:, 1:], known)


def test_areas_are_shown_their_part_of_the_picture(make):
    model, picture = make(9), latents(seed=5)
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 3:] = 1
    both = {"concat_latent_image": picture, "concat_mask": mask}
    run(model, latents(), prompt(**both, area=(4, 4, 2, 3)), prompt(**both))
    parts = [part for seen in model.network.seen for part in seen if part.shape[-1] == 4]
    assert len(parts) == 2  # the negative side answers for the same part
    for part in parts:
        assert torch.allclose(part[1:], picture[0, :, 2:6, 3:7] * SCALE)
        assert torch.equal(part[0], mask[0, 0, 2:6, 3:7])


def test_an_editing_network_is_shown_the_picture_as_the_autoencoder_gave_it(make):
    model, picture = make(8), latents(seed=5)
    run(model, latents(), prompt(concat_latent_image=picture))
    wanted, unwanted = shown(model)
    assert torch.equal(wanted, picture)
    assert unwanted.eq(0).all()  # a side without a picture


def test_cosxl_is_shown_the_picture_in_its_own_units(make):
    picture, plain = latents(seed=5), make(8)
    model = plain.with_schedule(EdmSchedule.between(0.002, 120.0, "v_prediction"))
    run(model, latents(), prompt(concat_latent_image=picture))
    assert torch.allclose(shown(model)[0], picture * SCALE)


def test_a_plain_network_is_shown_nothing_more(make):
    model = make(4)
    run(model, latents(), prompt(concat_latent_image=latents(seed=5), concat_mask=torch.ones(1, 1, 8, 8)))
    assert model.network.seen[0].shape[1] == 0


def test_channels_of_an_unknown_kind_are_refused(make):
    with pytest.raises(ValueError, match=r"3 channels beside the latent.*Choose another checkpoint"):
        run(make(7), latents(), prompt())


def test_a_picture_of_another_autoencoder_is_refused(make):
    with pytest.raises(ValueError, match=r"\[1, 16, 8, 8\].*VAE that belongs to the model"):
        run(make(9), latents(), prompt(concat_latent_image=torch.zeros(1, 16, 8, 8), concat_mask=torch.ones(1, 8, 8)))


@pytest.mark.parametrize("channels", [8, 9])
def test_the_number_of_channels_is_read_off_a_file(channels):
    from models.sdxl.unet import UNet

    with torch.device("meta"):
        network = UNet(replace(SDXL_BASE, in_channels=channels))
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert unet_config_from_shapes(shapes) == replace(SDXL_BASE, in_channels=channels)


SCHEDULE = NoiseSchedule.scaled_linear()


def masked_run(*values, last=0.0):
    sigmas = torch.cat([SCHEDULE.sigma(torch.linspace(999, 99, 10)), torch.tensor([last])])
    return MaskedRun(torch.tensor(values).reshape(1, 1, 1, -1), sigmas, SCHEDULE)


def test_a_point_changes_from_the_level_on_that_its_strength_stands_for():
    run_ = masked_run(1.0, 0.75, 0.5, 0.25, 0.0)
    open_at = [change_map(run_, sigma.item()).flatten().tolist() for sigma in run_.sigmas[:-1]]
    steps_open = [sum(step[place] for step in open_at) for place in range(5)]
    assert steps_open == [10, 7, 5, 2, 0]  # of ten steps at 999, 899 ... 99
    assert all(set(step) <= {0.0, 1.0} for step in open_at)


def test_what_is_left_runs_from_1_to_0():
    run_ = masked_run(1.0)
    assert left_to_do(run_, run_.sigmas[0].item()) == 1
    assert left_to_do(run_, SCHEDULE.sigma_min) == 0
    early = masked_run(1.0, last=SCHEDULE.sigma(99).item())
    assert left_to_do(early, early.sigmas[-1].item()) == 0
    assert left_to_do(early, SCHEDULE.sigma(549).item()) == 0.5
    only = MaskedRun(run_.mask, torch.tensor([SCHEDULE.sigma_min, 0.0]), SCHEDULE)
    assert left_to_do(only, SCHEDULE.sigma_min) == 1


def test_the_strength_mixes_hard_and_soft_masks():
    run_, sigma = masked_run(1.0, 0.6, 0.3, 0.0), SCHEDULE.sigma(499).item()
    assert change_map(run_, sigma, 1.0).flatten().tolist() == [1, 1, 0, 0]
    assert torch.equal(change_map(run_, sigma, 0.0), run_.mask)
    assert change_map(run_, sigma, 0.5).flatten().tolist() == pytest.approx([1, 0.8, 0.15, 0])
