"""The bundled image encoder: what it sees, and what the base makes of it in place of a prompt."""

from __future__ import annotations

import random

import torch

from models.memory import DeviceMemory
from models.sampling.noise import seeded_noise
from models.sampling.sample import final_latent, sample
from models.training.captions import plain_prompt
from models.training.drawing import draw
from models.training.judge import look
from models.training.scenes import Framing, Scene, random_scene
from models.training.vision import FILE
from models.training.vision_stage import CaptionTable
from models.vae_codec import decode_latent
from models.vision.clip_vision import load_clip_vision
from nodes.vision.clip_vision import unclip_conditioning
from tests.bundled.painting import FOLDER, load_pair


def seen(scenes):
    """What the encoder says of pictures of scenes."""
    pixels = (draw(scenes, [Framing()] * len(scenes)) + 1) / 2
    return load_clip_vision(FOLDER / FILE, DeviceMemory.choose("cpu")).encode(pixels.movedim(1, -1))


def test_a_picture_is_nearest_to_its_own_caption():
    base, _ = load_pair()
    table = CaptionTable(base)
    rng = random.Random(77)
    scenes = [random_scene(rng) for _ in range(64)]
    every = table.pooled.flatten(0, 2) / table.deviation
    nearest = torch.cdist(seen(scenes).image_embeds / table.deviation, every).argmin(dim=1)
    right = (every[nearest] == table.of(scenes) / table.deviation).all(dim=1)
    assert right.sum() >= 52, int(right.sum())  # of 384 captions


def test_the_base_takes_the_ground_from_a_picture():
    base, _ = load_pair()
    noise = seeded_noise((1, 4, 16, 16), 7)

    def ground(conditioning):
        empty = base.clip.encode_text("")
        run = sample(
            base.model,
            noise=noise,
            latent=torch.zeros_like(noise),
            positive=conditioning,
            negative=[[empty.cond, {"pooled_output": empty.pooled}]],
            cfg=4.5,
            sampler="euler",
            scheduler="normal",
            steps=10,
            seed=7,
        )
        picture = decode_latent(base.vae, final_latent(run, noise))[0]
        return look(picture.movedim(-1, 0)).background

    for colour in ("white", "yellow", "black"):
        words = base.clip.encode_text(plain_prompt("red", "circle", "blue"))
        prompt = [[torch.zeros_like(words.cond), {"pooled_output": words.pooled}]]
        picture = unclip_conditioning(
            conditioning=prompt, clip_vision_output=seen([Scene("circle", "red", colour)]), strength=1.0
        )
        assert ground(prompt) != colour
        assert ground(picture) == colour


def test_the_file_is_small():
    assert (FOLDER / FILE).stat().st_size < 400_000
