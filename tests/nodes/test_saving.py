"""Names of saved files, and that nothing written before is lost."""

import errno
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from execution.node import NodeInputError
from nodes import numbering
from nodes.numbering import FileNumbers, highest_number
from nodes.saving import NumberedFiles


def write(workspace, prefix, content=b"new", suffix=".png", **more):
    saved = NumberedFiles(workspace, "output", prefix, **more).write(content, suffix)
    return "/".join(filter(None, (saved.subfolder, saved.filename)))


def test_numbers_follow_one_another(workspace):
    files = NumberedFiles(workspace, "output", "x")
    assert [files.write(b"", ".png").filename for _ in range(3)] == ["x_00001_.png", "x_00002_.png", "x_00003_.png"]
    assert write(workspace, "x") == "x_00004_.png"
    assert write(workspace, "y") == "y_00001_.png"


@pytest.mark.parametrize(
    "present, number",
    [
        ([], 1),
        (["x_00007_.png"], 8),
        (["x_00007_.latent"], 8),
        (["x_00007_.png", "x_00003_.png"], 8),
        (["x_00012_comment.txt"], 13),
        (["xy_00007_.png", "ax_00007_.png", "x00007_.png", "x_.png", "x__00005_.png", "x_a5_.png"], 1),
        (["x_100000_.png"], 100001),
    ],
)
def test_the_next_number_counts_all_suffixes_of_that_prefix_alone(tmp_path, present, number):
    for name in present:
        (tmp_path / name).touch()
    assert highest_number(tmp_path, "x") + 1 == number
    assert FileNumbers().next(tmp_path, "x") == number


def test_brackets_and_dots_in_a_prefix_are_letters(workspace):
    assert write(workspace, "execution[test_lazy[_server0]]") == "execution[test_lazy[_server0]]_00001_.png"
    assert write(workspace, "execution[test_lazy[_server0]]") == "execution[test_lazy[_server0]]_00002_.png"
    assert write(workspace, "a.b") == "a.b_00001_.png"


@pytest.mark.parametrize(
    "prefix, expected",
    [
        ("sub/deep/x", "sub/deep/x_00001_.png"),
        ("sub\\x", "sub/x_00001_.png"),
        ("./x", "x_00001_.png"),
        ("a//b", "a/b_00001_.png"),
        ("sub/", "sub_00001_.png"),
        ("", "_00001_.png"),
        ("%width%x%height%/p", "640x480/p_00001_.png"),
        ("n%batch_num%", "n0_00001_.png"),
    ],
)
def test_where_a_prefix_leads(workspace, prefix, expected):
    assert write(workspace, prefix, width=640, height=480) == expected
    assert (workspace.root / "output" / expected).read_bytes() == b"new"


def test_dates_in_a_prefix(workspace):
    name = write(workspace, "%year%-%month%-%day% %hour%.%minute%.%second%")
    assert re.fullmatch(r"2\d{3}-\d\d-\d\d \d\d\.\d\d\.\d\d_00001_\.png", name)


def test_the_number_in_the_batch_is_filled_in_for_each_file(workspace):
    files = NumberedFiles(workspace, "output", "b%batch_num%")
    assert [files.write(b"", ".png", n).filename for n in (0, 1)] == ["b0_00001_.png", "b1_00002_.png"]
    again = NumberedFiles(workspace, "output", "b%batch_num%")
    assert [again.write(b"", ".png", n).filename for n in (0, 1)] == ["b0_00002_.png", "b1_00003_.png"]


def test_a_prefix_that_is_too_long_is_refused(workspace):
    with pytest.raises(NodeInputError, match="too long"):
        write(workspace, "x" * 300)


def test_a_taken_name_is_never_overwritten(workspace, monkeypatch):
    monkeypatch.setattr(FileNumbers, "next", lambda *_: 1)  # as if another program wrote in between
    first = workspace.root / "output" / "x_00001_.png"
    first.write_bytes(b"old")
    assert write(workspace, "x") == "x_00002_.png"
    assert first.read_bytes() == b"old"


def test_many_writers_at_once_lose_nothing(workspace):
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda n: write(workspace, "x", str(n).encode()), range(40)))
    assert len(set(names)) == 40
    contents = {(workspace.root / "output" / name).read_text() for name in names}
    assert contents == {str(n) for n in range(40)}


def test_disks_without_hard_links(workspace, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    (workspace.root / "output").mkdir(exist_ok=True)
    assert [write(workspace, "x", b"1"), write(workspace, "x", b"2")] == ["x_00001_.png", "x_00002_.png"]
    assert (workspace.root / "output" / "x_00001_.png").read_bytes() == b"1"


def test_a_full_disk_leaves_nothing_behind(workspace, monkeypatch):
    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        write(workspace, "x")
    assert list((workspace.root / "output").iterdir()) == []


def test_content_is_on_the_disk_before_it_has_its_name(workspace, monkeypatch):
    order = []
    real_sync, real_link = os.fsync, os.link
    monkeypatch.setattr(os, "fsync", lambda handle: (order.append("sync"), real_sync(handle)))
    monkeypatch.setattr(os, "link", lambda a, b: (order.append("link"), real_link(a, b)))
    write(workspace, "x")
    assert order[:2] == ["sync", "link"]


@pytest.fixture
def looks(monkeypatch):
    seen = []
    real = numbering.highest_number
    monkeypatch.setattr(numbering, "highest_number", lambda folder, name: seen.append(name) or real(folder, name))
    return seen


def test_a_folder_is_looked_through_once_while_nobody_else_changes_it(workspace, looks):
    numbers = FileNumbers()
    names = [write(workspace, prefix, numbers=numbers) for prefix in ("x", "x", "y", "x", "y", "x")]
    assert names == [f"{name}_.png" for name in ("x_00001", "x_00002", "y_00001", "x_00003", "y_00002", "x_00004")]
    assert looks == ["x", "y"]


def test_files_that_others_add_and_take_count_as_they_are(workspace, looks):
    numbers = FileNumbers()
    output = workspace.root / "output"
    write(workspace, "x", numbers=numbers)
    (output / "x_00041_.latent").touch()
    assert write(workspace, "x", numbers=numbers) == "x_00042_.png"
    (output / "x_00041_.latent").unlink()
    (output / "x_00042_.png").unlink()
    assert write(workspace, "x", numbers=numbers) == "x_00002_.png"
    assert len(looks) == 3


def test_previews_of_a_process_share_one_prefix(workspace, looks):
    numbers = FileNumbers()
    assert numbers.temporary_prefix == numbers.temporary_prefix
    assert re.fullmatch(r"ComfyUI_temp_[a-z]{5}", numbers.temporary_prefix)
    assert FileNumbers().temporary_prefix != FileNumbers().temporary_prefix


def test_a_folder_with_many_names_is_not_remembered_without_end(workspace, monkeypatch):
    monkeypatch.setattr(numbering, "MOST_NAMES", 3)
    numbers = FileNumbers()
    for number in range(10):
        write(workspace, f"p{number}", numbers=numbers)
    (folder,) = numbers._folders.values()
    assert len(folder.highest) <= 4
