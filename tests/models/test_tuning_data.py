"""Pictures and captions of every layout that people have, their sizes, and the order in which they are seen."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image

from models.tuning.errors import TuningError
from models.tuning.framing import Buckets, Size
from models.tuning.order import Order
from models.tuning.pictures import find_examples, framed
from tests.models.tuning_jobs import picture

BUCKETS = Buckets.of(64, 16)


def found(folder, **options):
    return {one.name: one for one in find_examples(folder, BUCKETS, 2.0, **options)}


def test_captions_stand_beside_pictures(tmp_path):
    picture(64, 64).save(tmp_path / "a.png")
    picture(64, 64).save(tmp_path / "b.JPG")
    (tmp_path / "a.txt").write_text("\ufeffa fox,\n  red ", encoding="utf-8")
    (tmp_path / "b.caption").write_text("a hen")
    assert {name: one.caption for name, one in found(tmp_path).items()} == {"a.png": "a fox, red", "b.JPG": "a hen"}


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_table_captions_hugging_face_folders(tmp_path, kind):
    (tmp_path / "train").mkdir()
    picture(64, 64).save(tmp_path / "train" / "a.png")
    (tmp_path / "train" / "a.txt").write_text("not this")
    table = json.dumps({"file_name": "train/a.png", "text": 'a "big", fox'})
    if kind == "csv":
        table = 'file_name,text\ntrain/a.png,"a ""big"", fox"\n'
    (tmp_path / f"metadata.{kind}").write_text(table)
    assert found(tmp_path)["train/a.png"].caption == 'a "big", fox'


def test_kohyas_folders_count_and_caption(tmp_path):
    for name in ("10_red fox", "1_hen"):
        (tmp_path / name).mkdir()
        picture(64, 64).save(tmp_path / name / "a.png")
    (tmp_path / "1_hen" / "a.txt").write_text("a white hen")
    examples = found(tmp_path)
    assert [(one.repeats, one.caption) for one in examples.values()] == [(10, "red fox"), (1, "a white hen")]


def test_pictures_are_turned_as_their_notes_say_and_stand_on_white(tmp_path):
    image = picture(96, 64)
    exif = image.getexif()
    exif[0x0112] = 6  # lies on its side
    image.save(tmp_path / "turned.jpg", exif=exif)
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    examples = found(tmp_path, caption="anything")
    assert examples["turned.jpg"].framing.original == Size(64, 96)
    one = examples["clear.png"]
    assert torch.equal(framed(one.path, one.name, one.framing), torch.ones(1, 64, 64, 3))


def test_the_part_that_is_learned_from_is_the_one_that_is_told(tmp_path):
    ramp = Image.linear_gradient("L").resize((192, 96)).rotate(90, expand=True).resize((192, 96))
    ramp.convert("RGB").save(tmp_path / "ramp.png")
    one = find_examples(tmp_path, Buckets.of(64, 64, "random", 3), 2.0, "a ramp")[0]
    framing = one.framing
    cut = framed(one.path, one.name, framing)
    whole = torch.from_numpy(np.array(ramp.convert("RGB").resize(framing.resized, 1))).float() / 255
    left, top = framing.left, framing.top
    part = whole[top : top + framing.bucket.height, left : left + framing.bucket.width]
    assert cut.shape == (1, framing.bucket.height, framing.bucket.width, 3)
    assert (cut[0] - part).abs().max() < 0.02
    assert framing == Buckets.of(64, 64, "random", 3).framing(framing.original, "ramp.png")


@pytest.mark.parametrize("size", [(1000, 1000), (1920, 1080), (700, 2400), (4000, 1001), (1024, 1023)])
def test_buckets_keep_shape_and_area(size):
    framing = Buckets.of(1024, 0).framing(Size(*size), "a")
    bucket = framing.bucket
    assert bucket.width % 64 == bucket.height % 64 == 0
    assert 0.85 < bucket.width * bucket.height / 1024**2 < 1.15
    assert 0.85 < (bucket.width / bucket.height) / (size[0] / size[1]) < 1.15
    assert framing.resized.width >= bucket.width and framing.resized.height >= bucket.height
    assert framing.resized.width == bucket.width or framing.resized.height == bucket.height
    assert framing.left == (framing.resized.width - bucket.width) // 2


def test_everything_wrong_is_told_at_once(tmp_path):
    (tmp_path / "empty.png").write_bytes(b"")
    picture(64, 64).save(tmp_path / "whole.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "whole.png").read_bytes()[:60])
    picture(8, 8).save(tmp_path / "tiny.png")
    picture(400, 64).save(tmp_path / "wide.png")
    with pytest.raises(TuningError) as raised:
        find_examples(tmp_path, BUCKETS, 2.0)
    told = "\n".join(raised.value.problems)
    for words in (
        "empty.png is empty",
        "broken.png cannot be read",
        "tiny.png has 8x8 pixels and would be enlarged 8.0",
        "wide.png has 400x64 pixels: one side",
        "whole.png has no caption. Write one into whole.txt",
    ):
        assert words in told
    assert len(raised.value.problems) == 5


@pytest.mark.parametrize("row", ['{"file_name": "no.png", "text": "x"}', '{"text": "x"}', "{", '["a"]'])
def test_a_wrong_row_of_a_table_is_told(tmp_path, row):
    picture(64, 64).save(tmp_path / "a.png")
    (tmp_path / "metadata.jsonl").write_text(row)
    with pytest.raises(TuningError, match=r"metadata.jsonl, line 1"):
        find_examples(tmp_path, BUCKETS, 2.0, "all")


@pytest.mark.parametrize("there", [True, False])
def test_no_pictures_is_told(tmp_path, there):
    folder = tmp_path if there else tmp_path / "none"
    with pytest.raises(TuningError, match="There are no pictures" if there else "There is no folder"):
        find_examples(folder, BUCKETS, 2.0)


def test_batches_hold_one_group_and_every_picture_as_often_as_it_counts():
    groups, repeats = ["a", "b", "a", "a", "b"], [1, 2, 1, 3, 1]
    order = Order(groups, repeats, batch=2, seed=1, dropout=0.0)
    assert (order.pictures, order.batches) == (8, 5)  # five of a: 3 batches; three of b: 2
    seen = Counter[int]()
    for number in range(5):
        batch = order.batch(number)
        assert len({groups[slot.example] for slot in batch}) == 1
        seen.update(slot.example for slot in batch)
    assert all(seen[example] >= count for example, count in enumerate(repeats))
    assert sum(seen.values()) == 10


def test_the_order_is_that_of_the_seed_and_changes_from_epoch_to_epoch():
    def batches(seed, start):
        order = Order(["a"] * 12, [1] * 12, batch=3, seed=seed, dropout=0.5)
        return [order.batch(start + number) for number in range(4)]

    assert batches(1, 0) == batches(1, 0)
    assert batches(1, 0) != batches(1, 4)
    assert batches(1, 0) != batches(2, 0)
    alone = Order(["a"] * 12, [1] * 12, batch=3, seed=1, dropout=0.5)
    assert alone.batch(6) == batches(1, 4)[2]  # whatever was asked for before


def test_captions_are_dropped_as_often_as_is_said():
    order = Order(["a"] * 500, [1] * 500, batch=5, seed=3, dropout=0.2)
    dropped = [slot.dropped for number in range(order.batches) for slot in order.batch(number)]
    assert 0.14 < sum(dropped) / len(dropped) < 0.26
