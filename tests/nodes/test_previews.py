"""Pictures of work in progress, and pictures sent instead of saved."""

import io
import math
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from execution.context import Context, Services
from execution.engine import Engine
from execution.events import NodeStarted, Preview
from execution.graph import parse_prompt
from execution.node import NodeInputError
from models.checkpoint import load_vae
from models.latent_colours import Colours, fit
from models.memory import DeviceMemory
from models.vae_codec import decode_latent, encode_image
from nodes.image_files import save_image_websocket
from nodes.loaders import checkpoint_loader, vae_loader
from nodes.preview_colours import PreviewColours
from nodes.previews import FullImage, LatentPreview, PreviewEncoder
from nodes.prompt_files import PromptFiles

BUNDLED = Path(__file__).resolve().parents[2] / "models" / "bundled" / "weft_base.safetensors"


@pytest.fixture(scope="module")
def bundled():
    if not BUNDLED.exists():
        pytest.skip("the bundled checkpoints are not there")
    return load_vae(BUNDLED, DeviceMemory.choose("cpu"))


def colours():
    return Colours(torch.eye(4, 3), torch.zeros(3))


class Knowing(PreviewColours):
    """Knows one VAE's colours."""

    def __init__(self):
        super().__init__()
        self._known["model"] = colours()


def latent(width, height, value=1.0):
    samples = torch.zeros(2, 4, height, width)
    samples[0, 0] = value
    return LatentPreview(samples, 1, 4, "model")


@pytest.mark.parametrize(
    "width, height, size, wanted",
    [(16, 16, 512, (512, 512)), (32, 16, 512, (512, 256)), (16, 24, 300, (200, 300)), (128, 128, 64, (64, 64))],
)
def test_previews_are_jpegs_of_the_size_asked_for(width, height, size, wanted):
    kind, data = PreviewEncoder("auto", Knowing(), size).encode(latent(width, height))
    assert kind == "image/jpeg"
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size) == ("JPEG", wanted)
        red, green, blue = picture.getpixel((wanted[0] // 2, wanted[1] // 2))
    assert red > 240
    assert max(green, blue) < 16


def test_nobody_who_wants_none_gets_one():
    assert PreviewEncoder("none", Knowing()).encode(latent(8, 8)) is None
    assert PreviewEncoder("auto", PreviewColours()).encode(latent(8, 8)) is None  # no VAE was met: no colours
    assert PreviewEncoder("auto", Knowing()).encode(object()) is None


def test_a_method_that_is_not_there_says_so_and_another_is_used():
    encoder = PreviewEncoder("taesd", Knowing())
    assert "latent2rgb" in encoder.notice
    assert encoder.encode(latent(8, 8)) is not None
    assert PreviewEncoder("auto", Knowing()).notice is None


def test_pictures_of_node_packs_are_shown_too():
    kind, data = PreviewEncoder("latent2rgb", Knowing(), 64).encode(Image.new("RGBA", (10, 5), (0, 255, 0, 255)))
    with Image.open(io.BytesIO(data)) as picture:
        assert (kind, picture.size) == ("image/jpeg", (64, 32))


def test_colours_of_another_vae_serve_where_a_model_came_without(bundled):
    known = Knowing()
    assert known.of("model", 4) is known.of("another", 4)
    assert known.of("model", 16) is None


def test_colours_learned_from_a_vae_show_what_it_shows(bundled):
    """Against the VAE's own picture, shrunk: better by far than its mean colour, which says how hard that is."""
    found = fit(bundled)
    generator = torch.Generator().manual_seed(3)
    unseen = F.interpolate(torch.rand(2, 3, 5, 5, generator=generator), size=(64, 96), mode="bilinear")
    for picture in unseen:
        samples = encode_image(bundled, picture.permute(1, 2, 0)[None])
        wanted = F.avg_pool2d(decode_latent(bundled, samples).permute(0, 3, 1, 2), 8)[0].permute(1, 2, 0)
        shown = found.picture(samples[0])
        assert shown.shape == wanted.shape
        error = (shown - wanted).pow(2).mean()
        plain = (wanted - wanted.mean((0, 1))).pow(2).mean()
        assert error < plain / 3, f"PSNR {-10 * math.log10(error):.1f} dB against {-10 * math.log10(plain):.1f} dB"


def test_colours_are_learned_once_for_each_vae(tmp_path, bundled, monkeypatch):
    fits = []
    monkeypatch.setattr("nodes.preview_colours.fit", lambda vae: fits.append(vae) or fit(vae))
    first = PreviewColours(tmp_path)
    first.learn(bundled)
    first.learn(bundled)
    second = PreviewColours(tmp_path)
    second.learn(bundled)
    assert len(fits) == 1
    one, other = first.of(bundled.digest, 4), second.of(bundled.digest, 4)
    assert torch.allclose(one.weights, other.weights)
    for text in ("", "[]", "[[1, 2], [3]]", '{"a": 1}', "[[1, 2], [3, 4]]"):
        (path,) = tmp_path.iterdir()
        path.write_text(text)
        PreviewColours(tmp_path).learn(bundled)
    assert len(fits) == 6


def test_loaders_learn_where_previews_are_wanted(models):
    known = PreviewColours()
    ctx = Context(services=Services([models.workspace, DeviceMemory.choose("cpu"), known]))
    loaded = checkpoint_loader(ckpt_name="base.safetensors", ctx=ctx)
    assert known.of(loaded.MODEL.digest, 4) is not None
    other = vae_loader(vae_name="vae.safetensors", ctx=ctx)
    assert len(known._known) == 2
    assert next(reversed(known._known)) == other.digest


def test_samplers_say_whose_latents_they_show(models, registry):
    services = (models.workspace, DeviceMemory.choose("cpu"))
    engine = Engine(
        registry, services=services, files=PromptFiles(models.workspace), thread_context=torch.inference_mode
    )
    prompt = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "base.safetensors"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a fox"}},
        "3": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "4": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["1", 0], "positive": ["2", 0], "negative": ["2", 0], "latent_image": ["3", 0], "seed": 1,
                "steps": 2, "cfg": 2.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
            },
        },
        "5": {"class_type": "VAEDecode", "inputs": {"samples": ["4", 0], "vae": ["1", 2]}},
        "6": {"class_type": "SaveImageWebsocket", "inputs": {"images": ["5", 0]}},
    }  # fmt: skip
    events = []
    for _ in range(2):
        events.clear()
        result = engine.run_sync(parse_prompt(prompt), sink=events.append)
        assert result.error is None
        full = [event for event in events if isinstance(event, Preview) and isinstance(event.image, FullImage)]
        assert [event.node.id for event in full] == ["6"]  # also when all else is cached: the client waits for it
        assert result.ui.get("6", {}) == {}
    steps = [event.image for event in events if isinstance(event, Preview)]
    assert [type(image) for image in steps] == [FullImage]
    assert [event.node.id for event in events if isinstance(event, NodeStarted)] == ["6"]
    assert list((models.workspace.folder("output")).glob("*")) == []
    engine.close()


def test_pictures_are_sent_whole(bench):
    images = torch.rand(2, 6, 9, 3, generator=torch.Generator().manual_seed(1))
    bench.call(save_image_websocket, images=images)
    sent = [event.image for event in bench.told(Preview)]
    encoder = PreviewEncoder("none", PreviewColours())
    for pixels, image in zip(images, sent, strict=True):
        assert encoder.is_full(image)
        kind, data = encoder.encode(image)
        assert kind == "image/png"
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.size == (9, 6)
            assert picture.getpixel((0, 0)) == tuple((pixels[0, 0] * 255).int().tolist())
    with pytest.raises(NodeInputError, match="channels"):
        bench.call(save_image_websocket, images=torch.zeros(1, 8, 8, 2))


class Broken:
    """Stands for a VAE whose weights are damaged, or too large for the device."""

    digest = "broken"


def test_a_vae_that_makes_no_numbers_has_grey_previews(monkeypatch):
    monkeypatch.setattr("models.latent_colours.encode_image", lambda *_: torch.full((8, 4, 16, 16), math.nan))
    found = fit(Broken())
    assert found.picture(torch.rand(4, 2, 2)).eq(0.5).all()


def test_a_device_without_room_for_the_vae_shows_none_and_fails_nothing(monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr("models.latent_colours.encode_image", full)
    known = PreviewColours()
    known.learn(Broken())
    assert known.of("broken", 4) is None
