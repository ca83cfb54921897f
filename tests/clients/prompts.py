"""The prompts that clients queue, and what must come of them."""

import io
import json
from collections.abc import Iterable

from PIL import Image

CHECKPOINT = "weft_base.safetensors"
SIZE = 128


def text_to_image(seed: int = 1, steps: int = 2, prefix: str = "client", text: str = "a red circle") -> dict:
    """The plain graph of the field, on the bundled checkpoint; titles as the editor gives them."""
    return _titled(
        {
            "3": (
                "KSampler",
                {
                    "model": ["4", 0],
                    "positive": ["6", 0],
                    "negative": ["7", 0],
                    "latent_image": ["5", 0],
                    "seed": seed,
                    "steps": steps,
                    "cfg": 4.0,
                    "sampler_name": "euler",
                    "scheduler": "normal",
                    "denoise": 1.0,
                },
            ),
            "4": ("CheckpointLoaderSimple", {"ckpt_name": CHECKPOINT}),
            "5": ("EmptyLatentImage", {"width": SIZE, "height": SIZE, "batch_size": 1}),
            "6": ("CLIPTextEncode", {"text": text, "clip": ["4", 1]}),
            "7": ("CLIPTextEncode", {"text": "blurry", "clip": ["4", 1]}),
            "8": ("VAEDecode", {"samples": ["3", 0], "vae": ["4", 2]}),
            "9": ("SaveImage", {"images": ["8", 0], "filename_prefix": prefix}),
        }
    )


def inverted(name: str, prefix: str = "inverted") -> dict:
    """An uploaded picture, inverted and saved: shows that the upload arrived, without a model."""
    return _titled(
        {
            "1": ("LoadImage", {"image": name}),
            "2": ("ImageInvert", {"image": ["1", 0]}),
            "3": ("SaveImage", {"images": ["2", 0], "filename_prefix": prefix}),
        }
    )


def refused() -> dict:
    """A prompt that validation refuses: the saver's picture is missing."""
    return _titled({"9": ("SaveImage", {"filename_prefix": "never"})})


def failing(salt: int) -> dict:
    """A prompt that passes validation and whose node `2` (of the pack in `pack/`) fails after a second's work.

    Clients that connect their websocket only after queueing are connected by then.
    """
    return _titled(
        {
            "1": ("EmptyImage", {"width": SIZE, "height": SIZE, "batch_size": 1, "color": 0}),
            "4": ("TestWaits", {"image": ["1", 0], "steps": 20, "step_seconds": 0.05, "salt": salt}),
            "2": ("TestFails", {"image": ["4", 0], "message": "on purpose"}),
            "3": ("SaveImage", {"images": ["2", 0], "filename_prefix": "never"}),
        }
    )


def _titled(nodes: dict) -> dict:
    return {
        node_id: {"class_type": name, "inputs": inputs, "_meta": {"title": name}}
        for node_id, (name, inputs) in nodes.items()
    }


def upload_bytes() -> bytes:
    """A picture to upload: 128 x 128, one colour that its inverse tells from any other."""
    with io.BytesIO() as file:
        Image.new("RGB", (SIZE, SIZE), (10, 200, 70)).save(file, "PNG")
        return file.getvalue()


def check_picture(data: bytes, nodes: Iterable[str] = ("KSampler", "SaveImage")) -> Image.Image:
    """A whole 128 x 128 PNG that carries the prompt which made it; returns it."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert picture.size == (SIZE, SIZE)
        prompt = json.loads(picture.info["prompt"])
        assert set(nodes) <= {node["class_type"] for node in prompt.values()}
        return picture.convert("RGB")


def check_drawn(data: bytes) -> None:
    """A sampled picture: whole, with its prompt, and not of one colour."""
    low, high = check_picture(data).convert("L").getextrema()
    assert high - low > 10, "the picture is flat"


def check_inverted(data: bytes) -> None:
    """What `inverted` makes of `upload_bytes`; SaveImage cuts fractions off, so a value may be one less."""
    colour = check_picture(data, ("LoadImage", "ImageInvert")).getpixel((64, 64))
    assert all(exact - 1 <= value <= exact for value, exact in zip(colour, (245, 55, 185), strict=True)), colour
