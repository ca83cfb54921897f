"""What is said and shown of values on wires."""

import io
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from execution.node import Blocked
from execution.workers.flows import NotThereError
from models.latent_colours import Colours
from models.sdxl.tokenizer import ClipTokenizer
from nodes.conditioning import conditioning_average, conditioning_concat, conditioning_set_area, conditioning_zero_out
from nodes.inspection import statistics
from nodes.inspection.inspector import ValueInspector
from nodes.inspection.kinds import items_of
from nodes.inspection.prompts import TokenReader
from nodes.inspection.rendering import short
from nodes.loaders import checkpoint_loader
from nodes.preview_colours import PreviewColours
from nodes.prompt_notes import MOST_ROWS, joined
from nodes.text import clip_text_encode

CPU = torch.device("cpu")


@pytest.fixture
def inspector():
    return ValueInspector(CPU, PreviewColours())


def one(inspector, value, type="*"):
    (item,) = inspector.describe([value], type)["items"]
    return item


def shown(picture):
    return np.asarray(Pillow.open(io.BytesIO(picture[1])))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_statistics_are_those_of_the_numbers(dtype):
    values = torch.randn(3, 7, 11, generator=torch.Generator().manual_seed(1)).to(dtype)
    told = statistics.statistics(values)
    exact = values.double()
    assert told["min"] == exact.min() and told["max"] == exact.max()
    assert told["mean"] == pytest.approx(float(exact.mean()))
    assert told["std"] == pytest.approx(float(exact.std(correction=0)))
    counts, edges = np.histogram(exact.numpy(), 64)
    assert told["histogram"]["from"] == edges[0] and told["histogram"]["to"] == edges[-1]
    assert sum(told["histogram"]["counts"]) == values.numel()
    assert np.abs(np.cumsum(told["histogram"]["counts"]) - np.cumsum(counts)).max() <= 3, "but for edges of bins"


def test_what_is_no_number_is_counted_and_left_out():
    told = statistics.statistics(torch.tensor([1.0, math.nan, 3.0, math.inf, -math.inf, math.nan]))
    assert (told["nan"], told["inf"], told["min"], told["max"], told["mean"]) == (2, 2, 1.0, 3.0, 2.0)
    assert sum(told["histogram"]["counts"]) == 2
    told = statistics.statistics(torch.full((4,), math.nan))
    assert told["nan"] == 4 and told["min"] is told["histogram"] is None
    assert statistics.statistics(torch.zeros(0))["mean"] is None


def test_all_alike_and_far_apart():
    told = statistics.statistics(torch.full((5,), 2.0))
    assert told["std"] == 0 and told["histogram"]["counts"][32] == 5
    told = statistics.statistics(torch.tensor([-3.4e38, 3.4e38]))
    assert told["histogram"]["counts"][0] == told["histogram"]["counts"][63] == 1
    assert statistics.statistics(torch.tensor([0.5]), (0.0, 1.0))["histogram"]["to"] == 1.0


def test_a_large_tensor_is_looked_at_in_pieces_and_thinned(monkeypatch):
    values = torch.arange(1_000.0)
    known = statistics.statistics(values)
    monkeypatch.setattr(statistics, "PIECE", 64)
    assert statistics.statistics(values) == known
    monkeypatch.setattr(statistics, "MOST", 100)
    assert sum(statistics.statistics(values)["histogram"]["counts"]) == 100


@pytest.mark.parametrize("values", [torch.tensor([1, 5, 9]), torch.tensor([True, False]), torch.tensor([2**40])])
def test_whole_numbers(values):
    told = statistics.statistics(values)
    assert told["min"] == float(values.min()) and sum(told["histogram"]["counts"]) == len(values)


@pytest.mark.parametrize(
    ("value", "type", "kind", "pictures"),
    [
        (torch.zeros(2, 8, 8, 3), "IMAGE", "image", 2),
        (torch.zeros(8, 8, 3), "IMAGE", "image", 1),
        (torch.zeros(2, 8, 8, 4), "*", "image", 2),
        (torch.zeros(2, 8, 8, 5), "IMAGE", "tensor", 0),
        (torch.zeros(2, 8, 8), "MASK", "mask", 2),
        (torch.zeros(8, 8), "MASK", "mask", 1),
        (torch.zeros(0, 8, 8), "MASK", "mask", 0),
        ({"samples": torch.zeros(3, 4, 8, 8)}, "LATENT", "latent", 3),
        ({"samples": torch.zeros(3, 4, 2, 8, 8)}, "LATENT", "tensor", 0),
        ({"other": 1}, "LATENT", "other", 0),
        (torch.zeros(15), "SIGMAS", "tensor", 0),
        (3, "INT", "number", 0),
        (True, "BOOLEAN", "boolean", 0),
        ("x", "STRING", "text", 0),
        (object(), "MODEL", "model", 0),
        ([], "CONDITIONING", "other", 0),
        (None, "*", "other", 0),
    ],
)
def test_kinds(inspector, value, type, kind, pictures):
    told = one(inspector, value, type)
    assert (told["kind"], told["pictures"]) == (kind, pictures)


def test_an_image(inspector):
    image = torch.rand(2, 8, 6, 3)
    told = one(inspector, image, "IMAGE")
    assert (told["shape"], told["dtype"], told["device"], told["bytes"]) == (
        [2, 8, 6, 3],
        "float32",
        "cpu",
        2 * 144 * 4,
    )
    assert [channel["name"] for channel in told["channels"]] == ["red", "green", "blue"]
    assert told["channels"][1]["max"] == pytest.approx(float(image[..., 1].max()))
    assert (told["histogram"]["from"], told["histogram"]["to"]) == (0.0, 1.0)


def test_a_latent(inspector):
    latent = {"samples": torch.randn(1, 4, 4, 4), "noise_mask": torch.zeros(1, 1, 4, 4), "batch_index": [0]}
    told = one(inspector, latent, "LATENT")
    assert told["options"] == {"noise_mask": "float32 [1, 1, 4, 4]", "batch_index": "[0]"}
    assert [channel["name"] for channel in told["channels"]] == ["0", "1", "2", "3"]


def test_numbers_texts_and_others(inspector):
    assert one(inspector, 2.5)["text"] == "2.5" and one(inspector, 2.5)["mean"] == 2.5
    assert one(inspector, math.nan)["text"] == "nan" and one(inspector, math.nan)["mean"] is None
    assert "bits" in one(inspector, 10**6000)["text"]
    assert one(inspector, "a" * 30_000)["text"].startswith("aaa") and len(one(inspector, "a" * 30_000)["text"]) < 21_000
    assert one(inspector, Blocked("not now"))["text"] == "nothing: held back (not now)"
    assert short({"a": [1, 2, {"b": torch.zeros(2)}]}) == "{a: [1, 2, {b: float32 [2]}]}"
    assert len(short(["x" * 100] * 50)) <= 203


@pytest.mark.parametrize(
    "value",
    [
        torch.zeros(3, 3, dtype=torch.complex64),
        torch.zeros(3, 3).to_sparse(),
        torch.zeros(3, 3, device="meta"),
        torch.zeros(4).to(torch.float8_e4m3fn),
        torch.zeros((), dtype=torch.float32),
    ],
)
def test_odd_tensors(inspector, value):
    told = one(inspector, value, "IMAGE")
    assert told["kind"] == "tensor" and told["shape"] == list(value.shape)
    inspector.difference([value], [value], "IMAGE")


def test_many_items_are_cut(inspector):
    told = inspector.describe(list(range(70)), "INT")
    assert len(told["items"]) == 64 and told["items_left_out"] == 6


def test_differences(inspector):
    old, new = torch.zeros(1, 4, 4, 3), torch.full((1, 4, 4, 3), 0.1)
    told = inspector.difference([new], [old], "IMAGE")
    assert told["max_abs"] == pytest.approx(0.1) and told["mean_abs"] == pytest.approx(0.1)
    assert told["psnr"] == pytest.approx(20, abs=1e-4)
    assert inspector.difference([old], [old], "IMAGE") == {"max_abs": 0.0, "mean_abs": 0.0, "psnr": None}
    assert inspector.difference([new], [old[:, :2]], "IMAGE") is None
    assert inspector.difference([new], [old, old], "IMAGE") is None
    assert inspector.difference(["a"], ["b"], "STRING") is None
    assert inspector.difference([3], [5.5], "INT") == {"max_abs": 2.5, "mean_abs": 2.5, "psnr": None}
    assert inspector.difference([{"samples": new}], [{"samples": old}], "LATENT")["psnr"] is None
    assert inspector.difference([new * math.nan], [old], "IMAGE") is None


def test_pictures_of_images_and_masks(inspector):
    image = torch.zeros(2, 8, 6, 3)
    image[1, ..., 0] = 1
    pixels = shown(inspector.picture([image], "IMAGE", 0, 1, 512))
    assert pixels.shape == (8, 6, 3) and pixels[0, 0].tolist() == [255, 0, 0]
    assert shown(inspector.picture([torch.rand(1, 300, 200, 4)], "IMAGE", 0, 0, 64)).shape == (64, 43, 4)
    assert shown(inspector.picture([torch.rand(1, 4000, 2000, 1)], "IMAGE", 0, 0, 64)).shape == (64, 32)
    headers, _ = found = inspector.picture([torch.ones(1, 8, 8)], "MASK", 0, 0, 512)
    assert headers == {"X-Weft-Picture": "mask"} and shown(found).tolist() == [[255] * 8] * 8
    assert shown(inspector.picture([torch.full((1, 4, 4, 3), math.nan)], "IMAGE", 0, 0, 64)).max() == 0


def test_pictures_of_latents(inspector):
    latent = {"samples": torch.randn(1, 4, 4, 6)}
    headers, _ = found = inspector.picture([latent], "LATENT", 0, 0, 512)
    assert headers["X-Weft-Picture"] == "channels" and shown(found).shape == (32, 48, 3)

    class Known(PreviewColours):
        def of(self, model, channels):
            return Colours(torch.zeros(channels, 3), torch.tensor([1.0, 0.0, 0.0]))

    headers, _ = found = ValueInspector(CPU, Known()).picture([latent], "LATENT", 0, 0, 512)
    assert headers["X-Weft-Picture"] == "latent2rgb" and shown(found)[0, 0].tolist() == [255, 0, 0]
    for odd in (torch.full((1, 4, 4, 4), math.nan), torch.zeros(1, 1, 4, 4), torch.full((1, 16, 4, 4), math.inf)):
        assert shown(inspector.picture([{"samples": odd}], "LATENT", 0, 0, 512)).size


def test_pictures_of_differences(inspector):
    old = torch.zeros(1, 4, 4, 3)
    new = old.clone()
    new[0, 1, 2, 1] = 0.25
    headers, _ = found = inspector.difference_picture([new], [old], "IMAGE", 0, 0, 64)
    assert headers == {"X-Weft-Picture": "difference of pixels", "X-Weft-Gain": "4"}
    assert shown(found)[1, 2].tolist() == [0, 255, 0] and shown(found).sum() == 255
    same = inspector.difference_picture([old], [old], "IMAGE", 0, 0, 64)
    assert same[0]["X-Weft-Gain"] == "1" and not shown(same).any()
    with pytest.raises(NotThereError, match="different sizes"):
        inspector.difference_picture([new], [old[:, :2]], "IMAGE", 0, 0, 64)


@pytest.mark.parametrize(("item", "batch", "value"), [(1, 0, torch.zeros(1, 4, 4, 3)), (0, 1, torch.zeros(1, 4, 4, 3)),
                                                      (0, 0, torch.zeros(0, 4, 4, 3)), (0, 0, "text")])  # fmt: skip
def test_pictures_that_are_not_there(inspector, item, batch, value):
    with pytest.raises(NotThereError) as refused:
        inspector.picture([value], "IMAGE", item, batch, 64)
    assert refused.value.status == 404


@pytest.fixture
def clip(models):
    return checkpoint_loader(ckpt_name="base.safetensors", ctx=models.ctx).CLIP


def words(row):
    return [(token["token"], token["weight"]) for token in row]


def test_the_tokens_of_a_prompt(models, clip, inspector):
    prompt = clip_text_encode(text="a (red fox:1.5) supercalifragilistic", clip=clip, ctx=models.ctx)
    told = one(inspector, prompt, "CONDITIONING")
    left, right = told["tokens"]
    assert {token["encoder"] for token in left} == {"l"} and {token["encoder"] for token in right} == {"g"}
    assert words(left)[:3] == [("a", 1.0), ("red", 1.5), ("fox", 1.5)] and words(left) == words(right)
    assert left[0]["id"] == 320 and left[3]["token"].endswith("-") and not left[-1]["token"].endswith("-")
    assert "".join(token["token"].rstrip("-") for token in left[3:]) == "supercalifragilistic"
    assert list(told["options"]) == ["pooled_output"]


def test_every_prompt_is_an_item_and_long_ones_have_more_rows(models, clip, inspector):
    empty = clip_text_encode(text="", clip=clip, ctx=models.ctx)
    long = clip_text_encode(text="word " * 100, clip=clip, ctx=models.ctx)
    first, second = inspector.describe([[*empty, *long]], "CONDITIONING")["items"]
    assert first["tokens"] == [[], []]
    assert [len(row) for row in second["tokens"]] == [75, 25, 75, 25]
    assert second["shape"] == [1, 154, 192]


def test_nodes_that_change_conditioning_keep_what_it_is_made_of(models, clip):
    fox, sky = (clip_text_encode(text=text, clip=clip, ctx=models.ctx) for text in ("fox", "sky"))
    rows = [*fox[0][1]["weft_prompts"], *sky[0][1]["weft_prompts"]]
    ((_, both),) = conditioning_concat(conditioning_to=fox, conditioning_from=sky, ctx=models.ctx)
    assert both["weft_prompts"] == rows and len(fox[0][1]["weft_prompts"]) == 2
    ((_, mixed),) = conditioning_average(
        conditioning_to=fox, conditioning_from=sky, conditioning_to_strength=0.5, ctx=models.ctx
    )
    assert mixed["weft_prompts"] == rows
    ((_, none),) = conditioning_zero_out(conditioning=fox)
    assert "weft_prompts" not in none
    ((_, placed),) = conditioning_set_area(conditioning=fox)
    assert placed["weft_prompts"] == fox[0][1]["weft_prompts"]
    bare = [[fox[0][0], {}]]
    ((_, both),) = conditioning_concat(conditioning_to=bare, conditioning_from=bare, ctx=models.ctx)
    assert both == {}


def test_prompts_mixed_over_and_over_do_not_pile_up_notes():
    options: dict[str, object] = {"weft_prompts": [{"encoder": "l", "ids": [1], "weights": [1.0]}]}
    for _ in range(40):  # each doubles them
        options = {**options, **joined(options, options)}
    assert len(options["weft_prompts"]) == MOST_ROWS


@pytest.mark.parametrize(
    "noted", [5, "x", [5], [{}], [{"ids": 5, "weights": []}], [{"ids": ["x"], "weights": [1], "encoder": "l"}],
              [{"ids": [1, 2], "weights": [1], "encoder": "l"}], None])  # fmt: skip
def test_notes_that_are_none_are_left_out(noted):
    assert TokenReader().rows({"weft_prompts": noted}) is None


def test_ids_that_are_none_and_learned_vectors():
    (row,) = TokenReader().rows({"weft_prompts": [{"ids": [-1, 10**6], "weights": [1, 2], "encoder": "h"}]})
    assert [token["token"] for token in row] == ["(learned vector)", ""]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=12))
def test_words_are_the_text_again(text):
    tokenizer = ClipTokenizer()
    read = "".join(tokenizer.word(number).removesuffix("-") for number in tokenizer.ids("fox"))
    assert read == "fox"
    for number in tokenizer.ids(text):
        assert tokenizer.word(number)


def test_items_of_odd_lists():
    assert [item.kind for item in items_of([[1, 2], [[torch.zeros(1), {}], 5]], "CONDITIONING")] == ["other", "other"]
