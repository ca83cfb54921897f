"""Files that commands write: whole or not at all, and never over another."""

import os

import pytest

from commands.files import move_to_free_name, write_whole


def test_a_file_is_replaced_in_one_stroke_and_nothing_is_left_beside_it(tmp_path):
    target = tmp_path / "deep" / "out.json"
    write_whole(target, b"old")
    write_whole(target, b"new")
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]
    (tmp_path / "plain").touch()
    assert target.stat().st_mode == (tmp_path / "plain").stat().st_mode  # readable for whom other files are


def test_a_write_that_fails_keeps_the_old_file(tmp_path):
    target = tmp_path / "out.json"
    target.mkdir()  # a file cannot replace a folder
    (target / "kept").touch()
    with pytest.raises(OSError):
        write_whole(target, b"new")
    assert list(tmp_path.iterdir()) == [target] and (target / "kept").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_or_a_device_is_written_into_and_stays(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, b"new")
    assert os.read(reading, 10) == b"new" and pipe.is_fifo()
    os.close(reading)


def test_a_taken_name_gets_the_next_number(tmp_path):
    wanted = tmp_path / "picture.png"
    for content in (b"1", b"2", b"3"):
        (tmp_path / "made").write_bytes(content)
        move_to_free_name(tmp_path / "made", wanted)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        "picture.png": b"1",
        "picture_2.png": b"2",
        "picture_3.png": b"3",
    }
