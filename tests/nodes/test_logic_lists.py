"""Lists, batches as lists, texts, sizes and contact sheets."""

import pytest
import torch

from execution.engine import Engine
from execution.graph import parse_prompt
from execution.node import Blocked, NodeInputError, declared_node, node
from execution.registry import Registry
from models.sdxl.buckets import BUCKETS, size_for
from nodes import primitives
from nodes.logic import batches, lists, sheet_drawing, sizes, switches, texts
from nodes.logic.contact_sheets import contact_sheet


def run(target, **nodes):
    @node("Odd", category="test")
    def odd(*, a: int) -> int | Blocked:
        return a if a % 2 else Blocked()

    modules = (lists, primitives, switches, texts)
    own = [declared_node(one) for module in modules for one in vars(module).values()]
    prompt = {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()}
    result = Engine(Registry([*filter(None, own), declared_node(odd)])).run_sync(parse_prompt(prompt), [target])
    if result.error is not None:
        raise result.error
    return result.outputs[target]


def test_a_list_is_made_of_values_and_lists_without_what_is_stopped():
    made = run(
        "made",
        one=("PrimitiveInt", {"value": 1}),
        numbers=("WeftNumbersByStep", {"first": 2, "last": 5, "step": 1}),
        odd=("Odd", {"a": ["numbers", 0]}),
        gate=("WeftGate", {"value": ["one", 0], "open": False, "message": ""}),
        made=("WeftMakeList", {"value_1": ["one", 0], "value_3": ["odd", 0], "value_8": ["gate", 0]}),
    )
    assert made == [[1, 3, 5]]


def test_what_follows_a_list_runs_for_each_item():
    made = run(
        "text",
        a=("WeftListFromText", {"text": "red, blue", "divided_at": "commas", "keep_empty": False}),
        b=("WeftListFromText", {"text": "circle\nstar\n\n", "divided_at": "lines", "keep_empty": False}),
        pairs=("WeftPairs", {"a": ["a", 0], "b": ["b", 0], "combine": "every a with every b"}),
        text=("WeftFormatText", {"template": "a {a} {b}", "a": ["pairs", 0], "b": ["pairs", 1]}),
    )
    assert made == [["a red circle", "a red star", "a blue circle", "a blue star"]]


@pytest.mark.parametrize(
    "first, last, step, expected",
    [(1, 4, 1, [1, 2, 3, 4]), (0.1, 0.5, 0.1, [0.1, 0.2, 0.3, 0.4, 0.5]), (3, 1, -1, [3, 2, 1]), (2, 1, 1, [])],
)
def test_numbers_go_by_steps(first, last, step, expected):
    assert expected == lists.numbers_by_step(first=first, last=last, step=step).FLOAT


def test_numbers_are_spaced_evenly():
    assert lists.numbers_evenly(first=0, last=1, count=5).FLOAT == [0, 0.25, 0.5, 0.75, 1]
    assert lists.numbers_evenly(first=20, last=10, count=3).INT == [20, 15, 10]
    assert lists.numbers_evenly(first=7, last=9, count=1).FLOAT == [7]
    with pytest.raises(NodeInputError, match="no end"):
        lists.numbers_by_step(first=0, last=1, step=0)
    with pytest.raises(NodeInputError, match="are the most"):
        lists.numbers_by_step(first=0, last=1e9, step=1)


@pytest.mark.parametrize(
    "at, expected",
    [("lines", ["a, b", "c;d"]), ("commas", ["a", "b\nc;d"]), ("semicolons", ["a, b\nc", "d"]), ("blank lines", None)],
)
def test_texts_are_divided(at, expected):
    assert lists.divided("a, b\nc;d\n", at, keep_empty=False) == (expected or ["a, b\nc;d"])


def test_empty_items_stay_when_told():
    assert lists.divided("a,,b", "commas", keep_empty=True) == ["a", "", "b"]
    assert lists.divided("a\nb\n\n \nc", "blank lines", keep_empty=False) == ["a\nb", "c"]


def test_items_are_taken_by_place():
    assert lists.list_item(items=["a", "b", "c"], index=[-1, 0]) == ["c", "a"]
    assert lists.list_part(items=[0, 1, 2, 3, 4], start=[1], count=[2], step=[2]) == [1, 3]
    assert lists.list_part(items=[0, 1, 2], start=[-2], count=[0], step=[1]) == [1, 2]
    with pytest.raises(NodeInputError, match=r"no item 3\. Choose 0 to 2"):
        lists.list_item(items=["a", "b", "c"], index=[3])
    with pytest.raises(NodeInputError, match="Connect a list with items"):
        lists.list_item(items=[], index=[0])


def test_lists_are_ordered():
    def ordered(items, order, seed=0):
        return lists.list_order(items=items, order=[order], seed=[seed])

    assert ordered([1, 2, 3], "reversed") == [3, 2, 1]
    assert ordered([2, 3, 1], "descending") == [3, 2, 1]
    shuffled = {tuple(ordered([1, 2, 3], "shuffled", seed)) for seed in range(50)}
    assert len(shuffled) == 6
    assert ordered([1, 2, 3], "shuffled", 4) == ordered([1, 2, 3], "shuffled", 4)
    with pytest.raises(NodeInputError, match="have no order"):
        ordered([1, "a"], "ascending")


def test_lists_are_combined_side_by_side():
    assert lists.pairs(a=[1, 2, 3], b=["x", "y"], combine=["side by side"]) == ([1, 2], ["x", "y"])
    assert lists.join_texts(texts=["a", 2, 0.5], separator=["\\n"]) == "a\n2\n0.5"
    assert lists.repeat(value=3, count=2) == [3, 3]


def test_batches_of_pictures_become_lists_and_lists_batches():
    batch = torch.rand(3, 8, 6, 3)
    parts = batches.images_to_list(image=batch)
    assert [tuple(part.shape) for part in parts] == [(1, 8, 6, 3)] * 3
    assert torch.equal(batches.list_to_images(images=parts), batch)
    joined = batches.list_to_images(images=[batch, torch.rand(1, 16, 16, 4)])
    assert tuple(joined.shape) == (4, 8, 6, 4)
    assert torch.equal(joined[:3, ..., :3], batch) and bool((joined[:3, ..., 3] == 1).all())
    masks = torch.rand(2, 4, 4)
    assert torch.equal(batches.list_to_masks(masks=batches.masks_to_list(mask=masks)), masks)
    assert tuple(batches.list_to_masks(masks=[masks, torch.rand(8, 8)]).shape) == (3, 4, 4)
    with pytest.raises(NodeInputError, match="empty"):
        batches.list_to_images(images=[])


def test_latents_keep_their_noise_as_lists():
    latent = {"samples": torch.rand(3, 4, 2, 2), "batch_index": [4, 5, 6], "noise_mask": torch.rand(3, 1, 16, 16)}
    parts = batches.latents_to_list(latent=latent)
    assert [part["batch_index"] for part in parts] == [[4], [5], [6]]
    joined = batches.list_to_latents(latents=parts)
    assert joined["batch_index"] == [4, 5, 6]
    assert torch.equal(joined["samples"], latent["samples"])
    assert torch.equal(joined["noise_mask"], latent["noise_mask"])
    plain = {"samples": torch.rand(1, 4, 2, 2)}
    assert "batch_index" not in batches.list_to_latents(latents=[plain, plain]), "each gets noise of its own"
    with pytest.raises(NodeInputError, match="4x2x2, 4x3x3"):
        batches.list_to_latents(latents=[plain, {"samples": torch.rand(1, 4, 3, 3)}])


@pytest.mark.parametrize(
    "template, expected",
    [
        ("{a} of {b:03d}", "7 of 012"),
        ("{c:.2f} {{a}} {d}", "0.33 {a} fox"),
        ("{d:>5}|{d:<5}|", "  fox|fox  |"),
        ("{e:d}", "4"),
        ("{f}", '["x"]'),
        ("", ""),
    ],
)
def test_values_are_put_into_a_text(template, expected):
    assert texts.format_text(template=template, a=7, b=12, c=1 / 3, d="fox", e=4.0, f=["x"]) == expected


@pytest.mark.parametrize(
    "template, sentence",
    [
        ("{a.__class__}", "names {a.__class__}"),
        ("{a[0]}", "names"),
        ("{}", "names {}"),
        ("{x}", "There are a, b"),
        ("{a!r}", "names {a!r}"),
        ("{a:{b}}", "no format"),
        ("{a:999999999d}", "no format"),
        ("{a:.99999f}", "no format"),
        ("{d:d}", "does not fit d, which is a text"),
        ("{a", "cannot be read"),
    ],
)
def test_what_no_text_can_be_made_of_is_told(template, sentence):
    with pytest.raises(NodeInputError, match=sentence.replace("{", r"\{").replace("[", r"\[")):
        texts.format_text(template=template, a=7, b=12, d="fox")


def test_values_are_converted():
    assert [texts.to_int(value=2.5, rounding=how) for how in ("nearest", "down", "up", "towards 0")] == [2, 2, 3, 2]
    assert [texts.to_int(value="-2.5", rounding=how) for how in ("down", "up", "towards 0")] == [-3, -2, -2]
    assert texts.to_int(value="12345678901234567890") == 12345678901234567890
    assert texts.to_float(value=" 1e3 ") == 1000
    assert texts.to_text(value={"a": [1]}) == '{"a": [1]}'
    assert [texts.to_boolean(value=one) for one in ("Yes", "off", "0", 2, 0.0, "3")] == [
        True, False, False, True, False, True,
    ]  # fmt: skip
    for bad in ("fox", "nan", float("inf"), None):
        with pytest.raises(NodeInputError, match="number"):
            texts.to_int(value=bad)


def test_values_are_taken_out_of_json():
    text = '{"items": [{"seed": 7}, "x"]}'
    assert texts.from_json(text=text, path="items.0.seed") == 7
    assert texts.from_json(text=text, path="items.-1") == "x"
    for path, sentence in (("items.2", "2 items"), ("other", "has: items"), ("items.0.seed.x", "no parts")):
        with pytest.raises(NodeInputError, match=sentence):
            texts.from_json(text=text, path=path)
    with pytest.raises(NodeInputError, match="no JSON"):
        texts.from_json(text="{", path="")


def test_sizes_follow_the_shape():
    def size(w, h, **more):
        return tuple(sizes.size_by_shape(width_ratio=w, height_ratio=h, **more))

    assert size(1, 1) == (1024, 1024)
    assert size(16, 9) == (1344, 768)
    assert size(9, 16) == (768, 1344)
    assert size(3, 2) == (1216, 832)
    assert size(1, 100) == (512, 2048)
    assert size(1, 1, image=torch.zeros(1, 90, 160, 3)) == (1344, 768)
    assert size(1, 1, sizes="by pixels", megapixels=0.25) == (512, 512)
    width, height = size(16, 9, sizes="by pixels", megapixels=2, multiple_of=8)
    assert width % 8 == height % 8 == 0
    assert width / height == pytest.approx(16 / 9, rel=0.01)
    assert width * height == pytest.approx(2 * 1024 * 1024, rel=0.02)
    with pytest.raises(NodeInputError, match="no shape"):
        size(1, 0)


def test_every_training_size_has_about_a_million_pixels():
    assert all(side % 64 == 0 for size in BUCKETS for side in size)
    assert all(0.87 < size.width * size.height / 1024**2 < 1.05 for size in BUCKETS)
    assert {(s.height, s.width) for s in BUCKETS} == set(BUCKETS)
    assert tuple(size_for(1, 100, 64)) == (64, 64)


def sheet(images, **options):
    defaults = {"columns": [0], "title": [""], "gap": [8], "text_size": [12]}
    return contact_sheet(images=images, **(defaults | options))


def colours(*values, side=32):
    return [torch.full((1, side, side, 3), value) for value in values]


def test_a_sheet_holds_the_pictures_bit_for_bit_in_rows():
    pictures = [torch.rand(1, 32, 32, 3, generator=torch.Generator().manual_seed(n)) for n in range(5)]
    made = sheet(pictures, columns=[3])
    assert made.shape == (1, 8 + 2 * 40, 8 + 3 * 40, 3)
    for number, picture in enumerate(pictures):
        top, left = 8 + 40 * (number // 3), 8 + 40 * (number % 3)
        assert torch.equal(made[0, top : top + 32, left : left + 32], (picture[0] * 255).floor() / 255)
    assert bool((made[0, 48:80, 88:120] == 1).all()), "nothing stands where there is no picture"
    assert torch.equal(made, sheet([torch.cat(pictures)], columns=[3])), "a batch counts as its pictures"


def test_labels_stand_beside_the_pictures_and_leave_them_alone():
    made = sheet(colours(0, 0, 0, 0), column_labels=[1.0, 4.5], row_labels=["top\nbelow"])
    assert made.shape[1] > 8 + 2 * 40 and made.shape[2] > 8 + 2 * 40
    left = made.shape[2] - 2 * 40
    top = made.shape[1] - 2 * 40
    for row in range(2):
        assert float(made[0, top + 40 * row : top + 40 * row + 32, :left].min()) < 0.5, "a label at the left"
        assert float(made[0, :top, left + 40 * row : left + 40 * row + 32].min()) < 0.5, "a label above"
    assert bool((made[0, :top, :left] == 1).all()), "the corner is empty"
    below = sheet(colours(1, 1), columns=[2], labels=["a", "b"], title=["Title"])
    assert below.shape[1] > sheet(colours(1, 1), columns=[2]).shape[1]


def test_smaller_pictures_stand_in_the_middle_of_their_cells():
    made = sheet([*colours(0), *colours(0, side=16)], columns=[2])
    cell = made[0, 8:40, 48:80, 0]
    assert bool((cell[8:24, 8:24] == 0).all()) and float(cell.sum()) == 32 * 32 - 16 * 16


def test_long_labels_are_wrapped_and_cut():
    font = sheet_drawing.ImageFont.load_default(12)
    lines = sheet_drawing.wrapped("one two three four five six seven eight nine", font, 60)
    assert len(lines) == 3 and lines[-1].endswith("...")
    assert all(font.getlength(line) <= 60 for line in lines)
    assert sheet_drawing.wrapped("x" * 100, font, 60)[0].endswith("...")


@pytest.mark.parametrize(
    "images, options, sentence",
    [
        ([], {}, "empty"),
        (colours(0, 0), {"columns": [1], "column_labels": ["a", "b"]}, "2 labels for 1 columns"),
        (colours(0), {"columns": [1], "row_labels": ["a", "b"]}, "2 labels for 1 rows"),
        ([torch.zeros(1, 10, 9000, 3)] * 2, {"columns": [2]}, "16384 are the most"),
    ],
)
def test_what_fits_on_no_sheet_is_told(images, options, sentence):
    with pytest.raises(NodeInputError, match=sentence):
        sheet(images, **options)
