"""Long work asks whether to go on, often enough, and stops where it is told to."""

from contextlib import contextmanager

import pytest
import torch

from execution.context import CancelToken
from execution.errors import Cancelled
from models.checkpoint import load_checkpoint
from models.interruption import Interruption
from models.memory import DeviceMemory
from models.sampling.sample import sample
from models.sdxl.config import VAEConfig
from models.sdxl.vae import PIECE, AttnBlock
from models.vae_codec import decode_latent, decode_latent_tiled, encode_image
from tests.models.small_models import make


class Enough(Exception):
    """What the tests stop work with."""


class Asked:
    """Counts questions; answers the one with the number `last` by stopping."""

    def __init__(self, last=None):
        self.count = 0
        self.last = last

    def __call__(self):
        self.count += 1
        if self.count == self.last:
            raise Enough


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("interruption") / "base.safetensors"
    make("sdxl").save(path)
    return path


@pytest.fixture(scope="module")
def checkpoint(file):
    return load_checkpoint(file, DeviceMemory.choose("cpu"))


def steps(checkpoint):
    positive = checkpoint.clip.encode_text("a fox")
    conditioning = [[positive.cond, {"pooled_output": positive.pooled}]]
    latent = torch.zeros(1, 4, 8, 8)
    return sample(
        checkpoint.model, noise=torch.ones_like(latent), latent=latent, positive=conditioning, negative=conditioning,
        cfg=2.0, sampler="euler", scheduler="normal", steps=2, seed=1,
    )  # fmt: skip


WORK = {
    "decoding": lambda c: decode_latent(c.vae, torch.zeros(1, 4, 8, 8)),
    "decoding in tiles": lambda c: decode_latent_tiled(c.vae, torch.zeros(1, 4, 24, 24), 64, 16),
    "encoding": lambda c: encode_image(c.vae, torch.zeros(1, 64, 64, 3)),
    "reading a prompt": lambda c: c.clip.encode_text("a fox"),
    "one call of the network": lambda c: next(iter(steps(c))),
    "loading": lambda c: load_checkpoint(c.path, c.model.memory),
}
LEAST = {"reading a prompt": 4, "loading": 300}  # questions: a layer each, a tensor each


@pytest.mark.parametrize("name", WORK)
def test_work_asks_between_its_parts_and_stops_at_any_of_them(checkpoint, file, name):
    given = WithPath(*checkpoint, file)
    interruption = checkpoint.model.memory.interruption
    whole = Asked()
    with interruption.asking(whole):
        WORK[name](given)
    assert whole.count >= LEAST.get(name, 20)
    for last in {1, 2, whole.count // 2, whole.count}:
        stopped = Asked(last)
        with interruption.asking(stopped), pytest.raises(Enough):
            WORK[name](given)
        assert stopped.count == last
    WORK[name](given)  # nothing is left in a bad state


class WithPath:
    def __init__(self, model, clip, vae, path):
        self.model, self.clip, self.vae, self.path = model, clip, vae, path


def test_a_vaes_attention_to_a_large_picture_can_stop_between_its_pieces():
    block = AttnBlock(32, VAEConfig())
    interruption = Interruption()
    interruption.watch(block)
    few, many = (torch.randn(1, 32, 1, length) for length in (PIECE, 3 * PIECE + 1))
    counts = []
    for x in (few, many):
        asked = Asked()
        with interruption.asking(asked), torch.no_grad():
            block(x)
        counts.append(asked.count)
    assert counts[1] == counts[0] + 3
    with torch.no_grad():
        q, k, v = (layer(block.norm(many)).flatten(2).transpose(1, 2) for layer in (block.q, block.k, block.v))
        at_once = many + block.proj_out(block.attend(q, k, v).transpose(1, 2).unflatten(2, many.shape[-2:]))
        assert torch.allclose(block(many), at_once, atol=1e-5)


def test_asking_changes_no_number(file):
    watched, plain = (load_checkpoint(file, DeviceMemory.choose("cpu")) for _ in range(2))

    @contextmanager
    def unwatched(module):
        yield module

    plain.vae.memory.resident = unwatched
    latent = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(decode_latent(watched.vae, latent), decode_latent(plain.vae, latent))


def test_a_network_is_watched_once_however_often_it_is_used(checkpoint):
    latent = torch.zeros(1, 4, 8, 8)
    counts = []
    for _ in range(3):
        asked = Asked()
        with checkpoint.vae.memory.interruption.asking(asked):
            decode_latent(checkpoint.vae, latent)
        counts.append(asked.count)
    assert len(set(counts)) == 1


def test_a_cancelled_run_is_the_reason_it_stops_with(checkpoint):
    token = CancelToken()
    token.cancel()
    with checkpoint.vae.memory.interruption.asking(token.check), pytest.raises(Cancelled):
        decode_latent(checkpoint.vae, torch.zeros(1, 4, 8, 8))


def test_outside_the_block_nobody_is_asked():
    interruption = Interruption()
    asked = Asked()
    with interruption.asking(asked):
        interruption()
    interruption()
    assert asked.count == 1
